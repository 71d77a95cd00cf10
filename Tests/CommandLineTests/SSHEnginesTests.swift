import Foundation
import Glibc
import ImflowJSON
import Testing

/// Jobs over this machine's Docker engine and another one that only ssh reaches.
@Suite("An engine behind ssh", .onThreads, .serialized)
struct SSHEnginesTests {
    private let place: Workplace
    private let near = "unix:///var/run/docker.sock"

    init() throws { place = try Workplace() }

    private func start(_ job: String, on far: FarEngine) throws -> Running {
        try Running(
            place,
            [
                "run", "--model", "counter", "--job-id", job, "--shard-count", "6", "--concurrency", "2", "--input", place.counted,
                "--docker-host", "\(near),slots=1", "--docker-host", "\(far.url),slots=4",
            ], environment: far.environment.merging(["WAIT": "yes"]) { $1 })
    }

    private func details(_ job: String) throws -> JSONValue {
        try place.imflow("job", "--id", job, "--details", "--output", "json").json
    }

    private func expectNothingIsLeft(_ far: FarEngine, of process: pid_t) throws {
        #expect(try far.remains().isEmpty)
        #expect(far.tunnel(of: process) == nil && FarEngine.folders(of: process).isEmpty)
    }

    @Test("a connection that is killed loses its attempts, an ssh server that is killed the engine, and the result is what it would have been")
    func broken() throws {
        guard try FarEngine.canBeStarted(in: place) else { return }
        try place.writeCounter()
        let calm = try place.undisturbedHash(shards: 6)
        let far = try FarEngine(in: place)
        let torn = try start("torn", on: far)
        let late = try far.runs("counter~01", while: torn)
        let tunnel = try #require(far.tunnel(of: torn.pid))
        kill(tunnel, SIGKILL)
        let ended = torn.end()
        #expect(ended.code == 0, "\(ended.errors)")
        let job = try details("torn")
        #expect(job["output_hash"] == calm && calm != nil)
        let attempts = (job["receipts"]?.arrayValue ?? []).filter { $0["shard_index"] == 1 }
        #expect(attempts.first?["cause"] == "lost" && attempts.first?["engine"]?.stringValue == far.url, "\(attempts)")
        #expect(attempts.count { $0["status"] == "succeeded" } == 1)
        #expect(try !far.docker("ps", "-aq", "--no-trunc").contains(late))
        try expectNothingIsLeft(far, of: torn.pid)

        let alone = try start("alone", on: far)
        _ = try far.runs("counter~01", while: alone)
        try far.closeDoor()
        let rest = alone.end()
        #expect(rest.code == 0, "\(rest.errors)")
        #expect(rest.errors.contains("\(far.url) does not answer any more"), "\(rest.errors)")
        let other = try details("alone")
        #expect(other["output_hash"] == calm)
        let receipts = (other["receipts"]?.arrayValue ?? []).filter { $0["shard_index"] == 1 }
        #expect(receipts.contains { $0["cause"] == "lost" && $0["engine"]?.stringValue == far.url }, "\(receipts)")
        #expect(receipts.last?["engine"]?.stringValue == near)
        #expect(far.tunnel(of: alone.pid) == nil && FarEngine.folders(of: alone.pid).isEmpty)
    }

    @Test("imflow that is killed leaves no ssh behind, and a resume takes back what runs there")
    func resumed() throws {
        guard try FarEngine.canBeStarted(in: place) else { return }
        try place.writeCounter()
        let calm = try place.undisturbedHash(shards: 6)
        let far = try FarEngine(in: place)
        let killed = try start("held", on: far)
        let container = try far.runs("counter~01", while: killed)
        killed.kill()
        try far.until("ssh to end") { far.tunnel(of: killed.pid) == nil }
        let again = try Running(place, ["resume", "held"], environment: far.environment.merging(["WAIT": "yes"]) { $1 })
        // It is adopted, not begun again: the same container ends.
        _ = try far.docker("exec", container, "touch", "/imflow/work/go")
        let ended = again.end()
        #expect(ended.code == 0, "\(ended.errors)")
        let job = try details("held")
        #expect(job["output_hash"] == calm && calm != nil)
        let attempts = (job["receipts"]?.arrayValue ?? []).filter { $0["shard_index"] == 1 }
        #expect(attempts.count == 1 && attempts.first?["engine"]?.stringValue == far.url, "\(attempts)")
        // Sockets of the killed one went with the next who used ssh.
        #expect(FarEngine.folders(of: killed.pid).isEmpty)
        try expectNothingIsLeft(far, of: again.pid)
    }

    @Test("models that listen serve on both engines at once; try and doctor take the same option")
    func listening() throws {
        guard try FarEngine.canBeStarted(in: place) else { return }
        try place.write(
            "models/server/model.yaml",
            #"""
            name: server
            image: imflow-test/python:3.11
            protocol: rest
            entrypoint:
              - python3
              - -c
              - |
                import json, http.server
                class Handler(http.server.BaseHTTPRequestHandler):
                    def log_message(self, *words): pass
                    def do_GET(self): self.answer({})
                    def do_POST(self):
                        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
                        path = given["files_url"][0][len("file://"):]
                        open(path.rsplit("/input/", 1)[0] + "/copy", "w").write(open(path).read() + "!")
                        self.answer({"copy": "file://" + path.rsplit("/input/", 1)[0] + "/copy"})
                    def answer(self, value):
                        body = json.dumps(value).encode()
                        self.send_response(200)
                        self.send_header("Content-Length", str(len(body)))
                        self.end_headers()
                        self.wfile.write(body)
                http.server.ThreadingHTTPServer(("", 9000), Handler).serve_forever()
            multi_node: {split_mode: batch, split_key: files_url, batch_size: 1, merge_strategy: concat-json}
            """#)
        for number in 0..<4 { try place.write("file-\(number)", "\(number)") }
        let urls = (0..<4).map { JSONValue.string("file://\(place.path)/file-\($0)") }
        let input = "files_url=" + JSONValue.array(urls).text
        let far = try FarEngine(in: place, images: ["imflow-test/python:3.11"])
        let engines = [near, far.url].flatMap { ["--docker-host", "\($0),slots=1"] }
        let run = try Running(
            place, ["run", "--model", "server", "--job-id", "both", "--shard-count", "4", "--input", input] + engines,
            environment: far.environment)
        let ended = run.end()
        #expect(ended.code == 0, "\(ended.errors)")
        let receipts = try details("both")["receipts"]?.arrayValue ?? []
        #expect(Set(receipts.compactMap { $0["engine"]?.stringValue }) == [near, far.url], "\(receipts)")
        try expectNothingIsLeft(far, of: run.pid)

        let tried = try place.imflow(
            "try", "server", "--input", input, "--docker-host", far.url, environment: far.environment)
        #expect(tried.code == 0, "\(tried.errors)")
        let doctor = try place.imflow(
            "doctor", "server", "--docker-host", near, "--docker-host", far.url, "--machine-only",
            environment: far.environment)
        #expect(doctor.code == 0 && doctor.output.contains("at \(far.url), API"), "\(doctor.output)\(doctor.errors)")
        #expect(try far.remains().isEmpty)
        // Nobody lets it in without that ssh.
        let stranger = try place.imflow("try", "server", "--input", input, "--docker-host", far.url)
        #expect(stranger.code == 3 && stranger.errors.contains("ssh does not reach"), "\(stranger.errors)")
        for command in ["try", "doctor"] {
            let wrong = try place.imflow(command, "server", "--docker-host", "ssh://-x")
            #expect(wrong.code == 2 && wrong.errors.contains("--docker-host: "), "\(wrong.errors)")
        }
    }
}
