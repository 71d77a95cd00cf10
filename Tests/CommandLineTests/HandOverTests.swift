import Foundation
import Glibc
import ImflowJSON
import Testing

/// Warm models that outlive their imflow: it was killed, or was told to leave them.
@Suite("Warm models handed over", .onThreads, .timeLimit(.minutes(10)))
struct HandOverTests {
    private static let secret = "hush-\(UUID().uuidString)"

    /// Answers what names this start of the program. Asked to `hold`, it says so by the file `held` and waits for the file `go`,
    /// both in the folder `SIGNS`.
    private static let server = """
        import http.server, json, os, time, uuid
        me, signs = str(uuid.uuid4()), os.environ.get("SIGNS") or os.environ["IMFLOW_WORKDIR"]
        open(signs + "/starts", "a").write(me + "\\n")
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *arguments): pass
            def do_GET(self): self.reply({})
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if "hold" in body["input"]:
                    open(signs + "/held", "w").close()
                    while not os.path.exists(signs + "/go"): time.sleep(0.02)
                self.reply({"result": me})
            def reply(self, value):
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", 9000))), Handler).serve_forever()
        """

    private let place: Workplace

    init() throws {
        place = try Workplace()
        try place.write("job.json", #"{"input": {"n": 1}}"#)
        try place.write("held.json", #"{"job_id": "kept", "input": {"hold": true}}"#)
        try FileManager.default.createDirectory(atPath: place.path + "/signs", withIntermediateDirectories: true)
    }

    private func processModel(_ keys: String = "") throws {
        try place.write("models/warm/serve.py", Self.server)
        try place.write(
            "models/warm/model.yaml",
            "name: warm\nentrypoint: [python3, serve.py]\nport: 9000\n"
                + "env: {SIGNS: \"\(place.path)/signs\", KEY: \"${HAND_OVER_KEY}\"}\n" + keys)
    }

    /// - Returns: false: there is no engine.
    private func containerModel() throws -> Bool {
        let has = try place.run(["docker", "image", "inspect", "imflow-test/python:3.11"]).code == 0
        let required = ProcessInfo.processInfo.environment["IMFLOW_REQUIRE_DOCKER"] != nil
        #expect(has || !required, "no Docker engine with the image imflow-test/python:3.11: Tools/images makes it")
        if !has { print("skipped: no Docker engine with the image imflow-test/python:3.11") }
        try place.write(
            "models/warm/model.yaml",
            "name: warm\nimage: imflow-test/python:3.11\nport: 9000\n"
                + "entrypoint: [python3, -c, \(JSONValue.string(Self.server).text)]\n")
        return has
    }

    private func run(_ words: String..., key: String = Self.secret) throws -> String {
        let ended = try place.run([Workplace.binary] + words, environment: ["HAND_OVER_KEY": key])
        #expect(ended.code == 0, "\(ended.errors)")
        return ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func files(below folder: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: "\(place.state)/\(folder)")
        return (names?.allObjects as? [String] ?? []).sorted()
    }

    private func commands(_ holds: ([Substring]) -> Bool) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { name in
            guard Int(name) != nil, let data = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else { return false }
            return holds(String(decoding: data, as: UTF8.self).split(separator: "\0"))
        }
    }

    /// The imflow processes that a state folder has in the background.
    private var helpers: [String] {
        commands { words in
            words.dropFirst() == ["keeper", "--state", Substring(place.state)]
                || words.dropFirst() == ["warm-guard", "--state", Substring(place.state)]
        }
    }

    /// Containers whose work folder is below this place's.
    private func warmContainers() throws -> [String] {
        let all = try place.run(["docker", "ps", "-aq", "--filter", "label=imflow.task=instance"]).output.split(separator: "\n")
        return try all.map(String.init).filter { id in
            try place.run(["docker", "inspect", "--format", "{{range .Mounts}}{{.Source}} {{end}}", id]).output
                .contains(place.state)
        }
    }

    private func until(_ condition: () throws -> Bool) async throws {
        while try !condition() { try await Task.sleep(for: .milliseconds(20)) }
    }

    private func expectNothingLeft() async throws {
        try await until { helpers.isEmpty }
        #expect(place.warmProcesses().isEmpty)
        #expect(files(below: "warm").isEmpty)
        #expect(files(below: "work").isEmpty)
        #expect(files(below: "keepers").isEmpty)
        #expect(files(below: "api").isEmpty)
        #expect(try place.run(["grep", "-rl", Self.secret, place.state]).output == "")
    }

    private var causes: [String] {
        get throws {
            let details = try place.imflow("job", "--id", "kept", "--details", "--output", "json").json
            return details["receipts"]?.arrayValue?.compactMap { $0["cause"]?.stringValue } ?? []
        }
    }

    @Test("after kill -9 a resume goes on with the process that is loaded; what was asked then is lost and asked again")
    func killedWithProcess() async throws {
        try processModel()
        let engine = try Running(place, ["run", "held.json", "--model", "warm"], environment: ["HAND_OVER_KEY": Self.secret])
        try await until { FileManager.default.fileExists(atPath: place.path + "/signs/held") }
        engine.kill()
        #expect(place.warmProcesses().count == 1)
        #expect(try place.run(["grep", "-rl", Self.secret, place.state]).output == "")
        try place.write("signs/go", "")
        let output = try run("resume", "kept")
        #expect(output + "\n" == place.read("signs/starts"))
        #expect(try causes == ["lost"])
        try await expectNothingLeft()
    }

    @Test("after kill -9 a resume goes on with the container that is loaded")
    func killedWithContainer() async throws {
        guard try containerModel() else { return }
        let engine = try Running(place, ["run", "held.json", "--model", "warm"])
        try await until { files(below: "work").contains { $0.hasSuffix("/held") } }
        let folder = try #require(files(below: "work").first { $0.hasSuffix("/held") }).dropLast("/held".count)
        engine.kill()
        #expect(try warmContainers().count == 1)
        let starts = place.read("state/work/\(folder)/starts")
        try place.write("state/work/\(folder)/go", "")
        let output = try run("resume", "kept")
        #expect(output + "\n" == starts)
        #expect(try causes == ["lost"])
        #expect(try warmContainers().isEmpty)
        try await expectNothingLeft()
    }

    @Test("a process that nobody takes over after kill -9 is ended by its keeper")
    func nobodyCame() async throws {
        try processModel("idle_timeout: 1s\n")
        let engine = try Running(place, ["run", "held.json", "--model", "warm"], environment: ["HAND_OVER_KEY": Self.secret])
        try await until { FileManager.default.fileExists(atPath: place.path + "/signs/held") }
        engine.kill()
        try await until { place.warmProcesses().isEmpty && helpers.isEmpty }
        try place.write("signs/go", "")
        _ = try run("resume", "kept")
        #expect(place.read("signs/starts").split(separator: "\n").count == 2)
        try await expectNothingLeft()
    }

    @Test("a cancel of the killed job ends what is loaded")
    func cancelled() async throws {
        try processModel()
        let engine = try Running(place, ["run", "held.json", "--model", "warm"], environment: ["HAND_OVER_KEY": Self.secret])
        try await until { FileManager.default.fileExists(atPath: place.path + "/signs/held") }
        engine.kill()
        #expect(place.warmProcesses().count == 1)
        #expect(try place.imflow("cancel", "kept").code == 0)
        try await expectNothingLeft()
    }

    @Test("--keep-warm: the next run goes on with the loaded process, unless another has it; gc --warm ends it")
    func keptProcess() async throws {
        try processModel()
        let first = try run("run", "job.json", "--model", "warm", "--keep-warm", "10m")
        #expect(place.warmProcesses().count == 1)
        #expect(try run("run", "job.json", "--model", "warm", "--keep-warm", "10m") == first)
        // One that runs beside another starts its own.
        let holding = try Running(place, ["run", "held.json", "--model", "warm"], environment: ["HAND_OVER_KEY": Self.secret])
        try await until { FileManager.default.fileExists(atPath: place.path + "/signs/held") }
        #expect(try run("run", "job.json", "--model", "warm") != first)
        #expect(place.warmProcesses().count == 1)
        try place.write("signs/go", "")
        #expect(holding.end().code == 0)
        try await until { place.warmProcesses().isEmpty }
        #expect(try run("run", "job.json", "--model", "warm", "--keep-warm", "10m") != first)
        #expect(place.warmProcesses().count == 1)
        #expect(try place.imflow("gc").code == 0)
        #expect(place.warmProcesses().count == 1)
        #expect(try place.imflow("gc", "--warm", "--dry-run").errors.contains("would end 1 warm model"))
        #expect(place.warmProcesses().count == 1)
        #expect(try place.imflow("gc", "--warm").errors.contains("ended 1 warm model"))
        try await expectNothingLeft()
    }

    @Test("--keep-warm: what nobody takes is ended when its time is over, though no imflow runs")
    func deadline() async throws {
        try processModel()
        _ = try run("run", "job.json", "--model", "warm", "--keep-warm", "500ms")
        try await until { files(below: "warm").isEmpty && place.warmProcesses().isEmpty }
        try await expectNothingLeft()
    }

    @Test("--keep-warm: another value of a variable, another manifest or other files load the model anew, and the old one goes")
    func drained() async throws {
        try processModel()
        var seen = [try run("run", "job.json", "--model", "warm", "--keep-warm", "10m")]
        seen.append(try run("run", "job.json", "--model", "warm", "--keep-warm", "10m", key: "another-\(Self.secret.reversed())"))
        #expect(place.warmProcesses().count == 1)
        try processModel("version: '2'\n")
        seen.append(try run("run", "job.json", "--model", "warm", "--keep-warm", "10m"))
        #expect(place.warmProcesses().count == 1)
        try place.write("models/warm/weights", "other")
        seen.append(try run("run", "job.json", "--model", "warm", "--keep-warm", "10m"))
        #expect(place.warmProcesses().count == 1)
        #expect(Set(seen).count == 4)
        #expect(try place.imflow("gc", "--warm").code == 0)
        try await expectNothingLeft()
    }

    @Test("--keep-warm: containers stay, too, are taken over, and are ended in time")
    func keptContainer() async throws {
        guard try containerModel() else { return }
        let first = try run("run", "job.json", "--model", "warm", "--keep-warm", "10m")
        #expect(try warmContainers().count == 1)
        #expect(try run("run", "job.json", "--model", "warm", "--keep-warm", "1s") == first)
        try await until { try warmContainers().isEmpty && files(below: "warm").isEmpty }
        try await expectNothingLeft()
    }

    @Test("a kept model that died meanwhile, and records that are no records, are no obstacle")
    func spoiled() async throws {
        try processModel()
        let first = try run("run", "job.json", "--model", "warm", "--keep-warm", "10m")
        for process in place.warmProcesses() { kill(pid_t(process) ?? -1, SIGKILL) }
        #expect(try run("run", "job.json", "--model", "warm") != first)
        try await expectNothingLeft()
        for garbage in [#"{"schema": "imflow.warm-instance/1", "key": 1}"#, String(repeating: "x", count: 100_000)] {
            let kept = try run("run", "job.json", "--model", "warm", "--keep-warm", "10m")
            let record = try #require(files(below: "warm").first { $0.hasSuffix(".json") })
            try place.write("state/warm/\(record)", garbage)
            #expect(try run("run", "job.json", "--model", "warm") != kept)
        }
        try await expectNothingLeft()
    }

    @Test("a length of time that is none is refused")
    func refused() throws {
        try processModel()
        for text in ["soon", "-1s", "25h", ""] {
            let ended = try place.imflow("run", "job.json", "--model", "warm", "--keep-warm=\(text)")
            #expect(ended.code == 2 && ended.errors.contains("--keep-warm"), "\(text): \(ended.errors)")
        }
    }
}
