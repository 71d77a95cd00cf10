import Foundation
import ImflowJSON
import Testing

/// One call of one model, with everything shown.
@Suite("imflow try", .onThreads, .timeLimit(.minutes(10)))
struct TryTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        try FileManager.default.createDirectory(atPath: place.path + "/tmp", withIntermediateDirectories: true)
    }

    /// With temporary files in the workplace, so that what is left of them can be seen.
    private func tried(_ arguments: String..., environment: [String: String] = [:]) throws -> Ended {
        let variables = environment.merging(["TMPDIR": place.path + "/tmp"]) { own, _ in own }
        return try place.run([Workplace.binary, "try"] + arguments, environment: variables)
    }

    private var leftovers: [String] { (try? FileManager.default.contentsOfDirectory(atPath: place.path + "/tmp")) ?? ["?"] }

    private func server(_ name: String, keys: String = "", answer: String) throws {
        try place.write(
            "models/\(name)/serve.py",
            """
            import json, os, sys
            from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
            calls = 0
            class Handler(BaseHTTPRequestHandler):
                def log_message(self, *words): pass
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
                def do_POST(self):
                    global calls
                    calls += 1
                    request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                    print("call", calls, file=sys.stderr, flush=True)
                    status, answer = \(answer)
                    body = json.dumps(answer).encode()
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
            ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
            """)
        try place.write("models/\(name)/model.yaml", "name: \(name)\nentrypoint: [python3, serve.py]\nprotocol: rest\n" + keys)
    }

    @Test("a program: request, log, reply, verdicts and times on standard error, the result alone on standard output")
    func program() throws {
        try place.model(
            "word", "echo \"reads it\" >&2\ncat >/dev/null\necho '{\"length\": 5}'",
            keys: """
                input_schema: {type: object, required: [text], properties: {text: {type: string}}}
                output_schema: {type: object, required: [length], properties: {length: {type: integer}}}

                """)
        let ended = try tried("word", "--input", "text=hello")
        #expect(ended.code == 0)
        #expect(try ended.json == ["length": 5])
        let order = [
            "model      word (exec)", "input      fits input_schema", "starting", "\"text\": \"hello\"", "log        │ reads it",
            "ended      exited with code 0", "\"length\": 5", "output     fits output_schema", "answered   in ", "times      1 start",
        ]
        var rest = ended.errors[...]
        for line in order {
            let found = try #require(rest.range(of: line), "\(line) is not, or not there, in:\n\(ended.errors)")
            rest = rest[found.upperBound...]
        }
        #expect(leftovers.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: place.state), "a try made a state folder")
    }

    @Test("an input that breaks its schema starts nothing, and every violation is told by its pointer")
    func brokenInput() throws {
        try place.model(
            "strict", "touch \"$PLACE/started\"\necho 1",
            keys: """
                env: {PLACE: "\(place.path)"}
                input_schema:
                  type: object
                  required: [a, c]
                  properties: {a: {type: integer}, b: {type: object, properties: {"x/y": {type: string}}}}

                """)
        let ended = try tried("strict", "--input", #"{"a": "one", "b": {"x/y": 3}}"#, "--output", "json")
        #expect(ended.code == 1)
        let verdict = try #require(try ended.json["input_verdict"])
        #expect(verdict["verdict"] == "breaks")
        let pointers = (verdict["violations"]?.arrayValue ?? []).compactMap { $0["pointer"]?.stringValue }
        #expect(Set(pointers) == ["", "/a", "/b/x~1y"])
        #expect(!FileManager.default.fileExists(atPath: place.path + "/started"))
        #expect(leftovers.isEmpty)
    }

    @Test("a warm model loads once; five calls, the first apart, and a reply that says later is shown")
    func warm() throws {
        try server("later", answer: #"(503, {"why": "warming"}) if calls == 1 else (200, {"result": {"n": 7}})"#)
        let ended = try tried("later", "--repeat", "5", "--output", "json")
        #expect(ended.code == 0, "\(ended.errors)")
        let json = try ended.json
        let calls = try #require(json["calls"]?.arrayValue)
        #expect(calls.count == 5)
        #expect((calls[0]["load_ms"]?.doubleValue ?? 0) > 0)
        #expect(calls.dropFirst().allSatisfy { $0["load_ms"] == .null && ($0["answer_ms"]?.doubleValue ?? 0) > 0 })
        #expect(calls[0]["replies"]?.arrayValue?.compactMap { $0["status"]?.intValue } == [503, 200])
        #expect(json["times"]?["calls"] == 4)
        #expect(json["result"] == ["n": 7])
        #expect(json["log"]?.stringValue?.contains("call 6") == true)
    }

    @Test("an answer that breaks output_schema fails, with the reply and each violation shown")
    func brokenOutput() throws {
        try server(
            "wrong", keys: "output_schema: {type: object, required: [m], properties: {n: {type: string}}}\n",
            answer: #"(200, {"n": 7})"#)
        let ended = try tried("wrong")
        #expect(ended.code == 1)
        #expect(ended.output.isEmpty)
        #expect(ended.errors.contains("\"n\": 7"))
        #expect(ended.errors.contains("breaks output_schema"))
        #expect(ended.errors.contains("/n: it is a number, and must be a string (/properties/n/type)"))
        #expect(ended.errors.contains("failed     (app)"))
    }

    @Test("files are staged and named, and --keep has what the result names")
    func files() throws {
        try place.write("a.txt", "six..\n")
        try place.model(
            "copy", "cat \"$IMFLOW_WORKDIR\"/input/a.txt > \"$IMFLOW_WORKDIR/b.txt\"\necho \"{\\\"file\\\": \\\"file://$IMFLOW_WORKDIR/b.txt\\\"}\"")
        let ended = try tried("models/copy", "--input", "text_url=a.txt", "--keep", "kept")
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(ended.errors.contains("staged     a.txt (6 bytes)"))
        #expect(place.read("kept/b.txt") == "six..\n")
        #expect(try JSONValue.parse(place.read("kept/result.json"))["file"]?.stringValue == place.path + "/kept/b.txt")
        #expect(try tried("copy", "--input", "text_url=a.txt", "--keep", "kept").code == 2)
        let gone = try tried("copy", "--input", "text_url=a.txt")
        #expect(gone.errors.contains("--keep DIR keeps them"))
        #expect(leftovers.isEmpty)
    }

    @Test("secrets of the submitter are hidden in what is shown")
    func secrets() throws {
        try place.model("spy", "echo \"with $KEY\" >&2\necho \"{\\\"key\\\": \\\"$KEY\\\"}\"", keys: "env: {KEY: \"${SPY_KEY}\"}\n")
        let ended = try tried("spy", "--input", "said=hunter-secret", environment: ["SPY_KEY": "hunter-secret"])
        #expect(ended.code == 0)
        #expect(!ended.errors.contains("hunter-secret"), "\(ended.errors)")
        #expect(ended.errors.contains("with ***"))
    }

    @Test("Ctrl-C ends the model whole, and leaves nothing")
    func interrupted() throws {
        try place.run(["mkfifo", "gate"])
        try place.model(
            "slow", "echo \"waits as $$\" >&2\n(read -r word < \"$PLACE/gate\")\necho 1", keys: "env: {PLACE: \"\(place.path)\"}\n")
        let program = try LiveProgram(
            place, "try", "slow", reading: .errors, environment: ["TMPDIR": place.path + "/tmp"])
        try program.writes("waits as ")
        #expect(!place.processes(of: "try").isEmpty)
        program.signal(SIGINT)
        let ended = program.end()
        #expect(ended.code == 130)
        #expect(ended.output.isEmpty)
        #expect(leftovers.isEmpty)
        #expect(place.processes(of: "try").isEmpty)
    }

    @Test("what a killed try has left is removed by the next one")
    func killed() throws {
        try place.run(["mkfifo", "gate"])
        try place.model(
            "slow", "echo waits >&2\nread -r word < \"$PLACE/gate\"\necho 1", keys: "env: {PLACE: \"\(place.path)\"}\n")
        try place.model("quick", "echo 1")
        let program = try LiveProgram(
            place, "try", "slow", reading: .errors, environment: ["TMPDIR": place.path + "/tmp"])
        try program.writes("waits")
        program.signal(SIGKILL)
        try #require(leftovers.count == 1)
        let next = try tried("quick")
        #expect(next.code == 0)
        #expect(leftovers.isEmpty)
        _ = program.end()
    }

    @Test(
        "what cannot be tried says why",
        arguments: [
            (["nobody"], 1, "no model is named `nobody`"), (["word", "--input", "[1]"], 2, "is a list"),
            (["word", "--input", "{"], 2, "--input is not JSON"), (["word", "--input", "@none.json"], 2, "none.json does not exist"),
            (["word", "--input", "{}", "--input", "a=1"], 2, "not both"), (["word", "--input", "=1"], 2, "takes key=value"),
            (["word", "--input", "a=1", "--input", "a=2"], 2, "`a` twice"),
            (["word", "--keep", "none/kept"], 2, "No such file or directory"),
            (["word", "--allow-private", "?"], 2, "--allow-private: "), (["word", "--repeat", "0"], 2, "--repeat takes"),
            (["lost"], 2, "no-such-program"), (["chain", "--models", "models"], 2, "is a pipeline: try one of its models (word)"),
            (["word", "--executor", "docker"], 2, "has no image"), (["huge"], 2, "asks for 4000.0 cores"),
        ])
    func refused(_ arguments: [String], _ code: Int32, _ sentence: String) throws {
        try place.model("word", "echo 1")
        try place.write("models/lost/model.yaml", "name: lost\nentrypoint: [no-such-program]\n")
        try place.model("huge", "echo 1", keys: "resources: {cpu: 4000}\n")
        try place.write(
            "models/chain/model.yaml", "name: chain\nchained_models: [{model_id: word}, {model_id: word, name: again}]\n")
        let ended = try place.run([Workplace.binary, "try"] + arguments, environment: ["TMPDIR": place.path + "/tmp"])
        #expect(ended.code == code, "\(ended.errors)")
        #expect(ended.errors.contains(sentence), "\(ended.errors)")
        #expect(leftovers.isEmpty)
    }

    @Test("--describe prints what the manifest says the model takes and gives, and starts nothing")
    func described() throws {
        try place.model(
            "word", "touch \"$PLACE/started\"",
            keys: """
                env: {PLACE: "\(place.path)"}
                input_schema: {type: object, required: [text], properties: {text: {type: string, description: what to count}, n: {type: integer}}}

                """)
        let text = try tried("word", "--describe")
        #expect(text.code == 0)
        #expect(text.output.contains("text  string: what to count"))
        #expect(text.output.contains("n  integer (may be left out)"))
        let json = try tried("word", "--describe", "--output", "json").json
        #expect(json["schema"] == "imflow.ports/v1")
        #expect(json["input_schema"]?["required"] == ["text"])
        #expect(!FileManager.default.fileExists(atPath: place.path + "/started"))
    }
}
