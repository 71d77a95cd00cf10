import Foundation
import Glibc
import ImflowJSON
import Testing

/// Models behind real servers of the Open Inference Protocol: MLServer and KServe.
@Suite(
    "Model servers: oip", .onThreads, .enabled(if: ModelServers.areThere("mlserver", "kserve"), "\(ModelServers.missing)"),
    .timeLimit(.minutes(10)))
struct ModelServerTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    private func embed() throws {
        try ModelServers.copy("mlserver", to: place, model: "embed", server: "mlserver")
    }

    @Test("MLServer makes vectors of texts, batch by batch on one warm server; what it refuses is told in its words")
    func vectors() throws {
        try embed()
        // Without a schema, so that the server and its ports are what refuses.
        let manifest = place.read("models/embed/model.yaml")
        let plain = manifest.components(separatedBy: "input_schema:")[0]
        let split = try #require(manifest.range(of: "multi_node:")).lowerBound
        try place.write("models/embed/model.yaml", plain + manifest[split...])
        let wrong: [(JSONValue, String)] = [
            (["texts": ["one", ""]], "ValueError: an empty text has no vector"),
            (["text": ["one"]], "has no input `text`: it takes `texts` (BYTES [-1])"),
            (["texts": [["one"], ["two"]]], "has the shape [2, 1], and its port takes BYTES [-1]"),
            (["texts": [1]], "is a number, and BYTES takes strings"),
        ]
        let texts = try #require(try JSONValue.parse(place.read("job.json"))["input"])
        try place.calls("embed", [texts] + wrong.map(\.0), keys: [0: ["multi_node": ["enabled": true]]])
        let run = try place.imflow("run", "own.job.json", "--job-id", "vectors", "--concurrency", "1", "--output", "json")
        for (_, words) in wrong { #expect(run.errors.contains(words), "\(run.errors)") }
        let units = try run.json["output"]?["s0"]?.arrayValue ?? []
        let vectors = units.map { $0["vectors"]?.arrayValue ?? [] }
        #expect(vectors.map(\.count) == [4, 2], "\(run.output)")
        for vector in vectors.joined() {
            let numbers = (vector.arrayValue ?? []).compactMap(\.doubleValue)
            #expect(numbers.count == 16)
            #expect(abs(numbers.reduce(0) { $0 + $1 * $1 } - 1) < 0.0001)
        }
        let logs = try place.imflow("logs", "vectors").output
        let served = Set(logs.split(separator: "\n").filter { $0.contains("served by instance") }.map { $0.suffix(32) })
        #expect(served.count == 1, "\(logs)")
        #expect(place.processes(of: "vectors").isEmpty && place.workFolders.isEmpty)
    }

    @Test("what MLServer says that it takes is what the example's manifest says; of another model it lists its own")
    func described() throws {
        try embed()
        let same = try place.imflow("try", "embed", "--describe")
        #expect(same.code == 0 && same.output.contains("manifest and server say the same"), "\(same.output)\(same.errors)")
        #expect(same.output.contains("texts  BYTES [-1] as array"))
        try place.write("models/embed/model.yaml", place.read("models/embed/model.yaml") + "path: /v2/models/embedding\n")
        let stranger = try place.imflow("try", "embed", "--describe")
        #expect(stranger.code == 1 && stranger.errors.contains("it has embed: say"), "\(stranger.errors)")
    }

    @Test("the project that imflow init writes for MLServer runs")
    func template() throws {
        let written = try place.imflow("init", "models/measure", "--template", "oip")
        #expect(written.code == 0 && written.errors.contains(".venv/bin/pip install -r requirements.txt"))
        try ModelServers.install("mlserver", in: place, for: "measure")
        let run = try place.imflow("run", "models/measure/job.json", "--output", "json")
        #expect(try run.json["output"] == ["lengths": [3, 3, 5, 4]], "\(run.errors)")
    }

    @Test("after kill -9 in mid-call a resume ends the MLServer that still works, and makes just what is missing")
    func killed() throws {
        try embed()
        try place.run(["mkfifo", "gate"])
        let program = place.read("models/embed/embed.py").replacingOccurrences(
            of: "        if \"\" in texts:",
            with: """
                        import asyncio, os
                        place = os.environ["PLACE"]
                        with open(place + "/asked", "a") as asked:
                            asked.write(texts[0] + "\\n")
                        if texts[0].startswith("rain") and not os.path.exists(place + "/killed"):
                            print("waits at the gate", flush=True)
                            await asyncio.to_thread(lambda: open(place + "/gate").read())
                        if "" in texts:
                """)
        try place.write("models/embed/embed.py", program)
        try place.write(
            "models/embed/model.yaml",
            place.read("models/embed/model.yaml").replacingOccurrences(
                of: "timeout: 60s", with: "timeout: 60s\nenv: {PLACE: \"\(place.path)\"}"))
        let left = try place.runAndKill("--concurrency", "1", when: "waits at the gate")
        try place.write("killed", "")
        let resumed = try place.imflow("resume", "killed", "--output", "json")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try resumed.json["output"]?.arrayValue?.map { $0["vectors"]?.arrayValue?.count } == [4, 2])
        #expect(place.read("asked").split(separator: "\n").count { $0.hasPrefix("the library") } == 1)
        #expect(Set(place.processes(of: "killed")).isDisjoint(with: left))
        #expect(place.processes(of: "killed").isEmpty && place.workFolders.isEmpty)
    }

    @Test("KServe takes and gives as bytes what JSON cannot carry")
    func bytes() throws {
        try place.write(
            "models/echo/serve.py",
            """
            import os, uvicorn
            from kserve import Model, ModelServer
            from kserve.protocol.infer_type import InferOutput, InferResponse

            PORTS = [{"name": "half", "datatype": "FP16", "shape": [-1, 2]},
                     {"name": "real", "datatype": "FP64", "shape": [-1]},
                     {"name": "text", "datatype": "BYTES", "shape": [-1]}]

            class Echo(Model):
                async def get_input_types(self):
                    return PORTS

                async def get_output_types(self):
                    return PORTS

                def predict(self, request, headers=None):
                    outputs = []
                    for tensor in request.inputs:
                        output = InferOutput(name=tensor.name, shape=list(tensor.shape), datatype=tensor.datatype)
                        output.set_data_from_numpy(tensor.as_numpy(), binary_data=request.use_binary_outputs)
                        outputs.append(output)
                    return InferResponse(
                        request.id, self.name, outputs, use_binary_outputs=request.use_binary_outputs)

            # It listens on every address unless it is kept from it.
            configure = uvicorn.Config.__init__
            uvicorn.Config.__init__ = lambda *a, **k: configure(*a, **{**k, "host": "127.0.0.1"})
            model = Echo("echo")
            model.ready = True
            ModelServer(http_port=int(os.environ["PORT"]), enable_grpc=False, workers=1).start([model])
            """)
        try place.write("models/echo/model.yaml", "entrypoint: [.venv/bin/python, serve.py]\nprotocol: oip\nname: echo\n")
        try ModelServers.install("kserve", in: place, for: "echo")
        let inputs: [JSONValue] = [
            ["half": [[0.5, -2], [65504, 0]], "real": [1.5, "NaN", "-Infinity"]], ["real": [1, 2.5], "text": ["a", "é"]],
        ]
        try place.calls("echo", inputs)
        let run = try place.imflow("run", "own.job.json", "--concurrency", "1", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        let output = try run.json["output"]
        #expect(output?["s0"] == ["half": [[0.5, -2], [65504, 0]], "real": [1.5, "NaN", "-Infinity"]])
        #expect(output?["s1"] == ["real": [1, 2.5], "text": ["a", "é"]])
        #expect(place.workFolders.isEmpty)
    }
}
