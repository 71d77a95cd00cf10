import Foundation
import ImflowJSON
import Testing

/// Models behind real servers, which `Tools/test-servers` installs from PyPI: MLServer for `oip`, and for `cog` the server
/// of Cog's containers, today's and the last one that was written in Python.
@Suite("Model servers", .enabled(if: ModelServers.areThere, "no MLServer or Cog here: run Tools/test-servers"), .serialized)
struct ModelServerTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// Copies a documented example, and lays the installed server where its README installs it.
    private func copy(_ example: String, model: String, server: String) throws {
        let source = Self.root.appending(path: "Manifests/examples/\(example)")
        for item in try FileManager.default.contentsOfDirectory(atPath: source.path) {
            try FileManager.default.copyItem(atPath: source.appending(path: item).path, toPath: "\(place.path)/\(item)")
        }
        try install(server, for: model)
    }

    private func install(_ server: String, for model: String) throws {
        let link = "\(place.path)/models/\(model)/.venv"
        // A checkout in which somebody followed the README has one.
        try? FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: ModelServers.folder + "/" + server)
    }

    private func job(_ model: String, _ input: JSONObject) throws {
        let stage: JSONValue = ["model": .string(model)]
        try place.write(
            "own.job.json", JSONValue.object(["job_graph": ["stages": [stage]], "input": .object(input)]).text)
    }

    @Test("oip: MLServer makes vectors of texts, batch by batch on warm servers")
    func vectors() throws {
        try copy("mlserver", model: "embed", server: "mlserver")
        let run = try place.imflow("run", "job.json", "--job-id", "vectors", "--concurrency", "1", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        let units = try run.json["output"]?.arrayValue ?? []
        let vectors = units.map { $0["vectors"]?.arrayValue ?? [] }
        #expect(vectors.map(\.count) == [4, 2])
        for vector in vectors.joined() {
            let numbers = (vector.arrayValue ?? []).compactMap(\.doubleValue)
            #expect(numbers.count == 16)
            #expect(abs(numbers.reduce(0) { $0 + $1 * $1 } - 1) < 0.0001)
        }
        // Both shards were served by one instance.
        let logs = try place.imflow("logs", "vectors").output
        let served = Set(logs.split(separator: "\n").filter { $0.contains("served by instance") }.map { $0.suffix(32) })
        #expect(served.count == 1, "\(logs)")
        #expect(place.processes(of: "vectors").isEmpty)
    }

    @Test("oip: what MLServer refuses is told in its words, and what its ports do not take before it is asked")
    func refusals() throws {
        try copy("mlserver", model: "embed", server: "mlserver")
        let manifest = place.read("models/embed/model.yaml").components(separatedBy: "input_schema:")[0]
        try place.write("models/embed/model.yaml", manifest)
        let wrong: [(JSONValue, String)] = [
            (["texts": ["one", ""]], "ValueError: an empty text has no vector"),
            (["text": ["one"]], "has no input `text`: it takes `texts` (BYTES [-1])"),
            (["texts": [["one"], ["two"]]], "has the shape [2, 1], and its port takes BYTES [-1]"),
            (["texts": [1]], "is a number, and BYTES takes strings"),
        ]
        // One job, so that one server answers all of it.
        let stages: [JSONValue] = wrong.enumerated().map { index, input in
            [
                "model": "embed", "name": .string("s\(index)"), "needs": [], "input": input.0, "on_failure": "continue",
                "multi_node": ["enabled": false],
            ]
        }
        try place.write("own.job.json", JSONValue.object(["job_graph": ["stages": .array(stages)], "input": [:]]).text)
        let run = try place.imflow("run", "own.job.json", "--concurrency", "1")
        for (_, words) in wrong { #expect(run.errors.contains(words), "\(run.errors)") }
        try place.write("models/embed/model.yaml", manifest + "path: /v2/models/embedding\n")
        try job("embed", ["texts": ["one"]])
        let stranger = try place.imflow("run", "own.job.json")
        #expect(stranger.code == 1 && stranger.errors.contains("it has embed: say"), "\(stranger.errors)")
    }

    @Test("cog: a predictor's file goes in and its table comes out", arguments: ["cog", "cog-0.9"])
    func table(server: String) throws {
        try copy("cog", model: "word-count", server: server)
        // The older server makes its schema itself.
        if server == "cog-0.9" { try FileManager.default.removeItem(atPath: place.path + "/models/word-count/.cog") }
        let run = try place.imflow("run", "job.json", "--job-id", "table", "--result", "words.csv")
        #expect(run.code == 0, "\(run.errors)")
        #expect(place.read("words.csv") == "word,count\nthe,5\nat,3\n")
        #expect(place.processes(of: "table").isEmpty)

        let wrong: [(JSONObject, String)] = [
            (["text_url": "text.txt", "top": 1000], "its input `/top`: it is 1000, and must be at most 100"),
            (["text_url": "text.txt", "tops": 1], "has no input `tops`: it takes `text_url`, `top`"),
        ]
        for (input, words) in wrong {
            try job("word-count", input)
            let run = try place.imflow("run", "own.job.json")
            #expect(run.code == 1 && run.errors.contains(words), "\(run.errors)")
        }
    }

    @Test("cog: a prediction that takes too long is cancelled, and its warm server makes the next one")
    func cancelled() throws {
        try place.write(
            "models/slow/predict.py",
            """
            import os, time
            from cog import BasePredictor

            class Predictor(BasePredictor):
                def setup(self):
                    self.calls = 0

                def predict(self, n: int) -> dict:
                    self.calls += 1
                    if not os.path.exists("slept"):
                        open("slept", "w").close()
                        while True:
                            time.sleep(0.02)
                    if n < 0:
                        raise ValueError("below zero")
                    return {"calls": self.calls, "n": n}
            """)
        try place.write(
            "models/slow/serve", "#!/bin/sh\nPATH=$PWD/.venv/bin:$PATH exec python -m cog.server.http --host 127.0.0.1\n",
            executable: true)
        try place.write(
            "models/slow/model.yaml",
            """
            entrypoint: [./serve]
            protocol: cog
            timeout: 6s
            env: { COG_PREDICT_TYPE_STUB: "predict.py:Predictor" }
            retry: { maximum_attempts: 2, retry_on: [timeout], initial_interval: 100ms }
            """)
        try install("cog", for: "slow")
        try job("slow", ["n": 7])
        let run = try place.imflow("run", "own.job.json", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        #expect(try run.json["output"] == ["calls": 2, "n": 7], "\(run.output)")
        #expect(run.errors.contains("failed (timeout)"), "\(run.errors)")

        try job("slow", ["n": -1])
        let failed = try place.imflow("run", "own.job.json")
        #expect(failed.code == 1 && failed.errors.contains("ValueError: below zero"), "\(failed.errors)")
    }

    @Test("cog: a setup that fails is told with what it wrote", arguments: ["cog", "cog-0.9"])
    func setup(server: String) throws {
        try copy("cog", model: "word-count", server: server)
        try place.write(
            "models/word-count/predict.py",
            """
            from cog import BasePredictor

            class Predictor(BasePredictor):
                def setup(self):
                    raise RuntimeError("there are no weights")

                def predict(self, text_url: str) -> str:
                    return text_url
            """)
        let run = try place.imflow("run", "job.json")
        // The older server ends by itself when it has said so.
        let said = run.errors + (try place.imflow("logs", "@latest").output)
        #expect(run.code == 1 && said.contains("there are no weights"), "\(said)")
    }
}

/// Where `Tools/test-servers` put them.
private enum ModelServers {
    static let folder: String = {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/root") + "/.cache"
        return environment["IMFLOW_TEST_SERVERS"] ?? cache + "/imflow-test-servers"
    }()
    static let areThere =
        ProcessInfo.processInfo.environment["IMFLOW_REQUIRE_SERVERS"] == "1"
        || ["mlserver", "cog", "cog-0.9"].allSatisfy { FileManager.default.fileExists(atPath: folder + "/" + $0) }
}
