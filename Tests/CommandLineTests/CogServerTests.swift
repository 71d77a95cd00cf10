import Foundation
import Glibc
import ImflowJSON
import Testing

/// Models behind the server of Cog's containers, today's and the last one that was written in Python.
@Suite(
    "Model servers: cog", .onThreads, .enabled(if: ModelServers.areThere("cog", "cog-0.9"), "\(ModelServers.missing)"),
    .timeLimit(.minutes(10)))
struct CogServerTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    private func wordCount(_ server: String) throws {
        try ModelServers.copy("cog", to: place, model: "word-count", server: server)
    }

    @Test("a predictor's file goes in and its table comes out", arguments: ["cog", "cog-0.9"])
    func table(server: String) throws {
        try wordCount(server)
        // The older server makes its schema itself.
        if server == "cog-0.9" { try FileManager.default.removeItem(atPath: place.path + "/models/word-count/.cog") }
        // Without a schema, so that the server's ports are what refuses.
        let manifest = place.read("models/word-count/model.yaml").components(separatedBy: "input_schema:")[0]
        try place.write("models/word-count/model.yaml", manifest)
        try place.calls(
            "word-count",
            [["text_url": "text.txt", "top": 2], ["text_url": "text.txt", "top": 1000], ["text_url": "text.txt", "tops": 1]])
        let run = try place.imflow("run", "own.job.json", "--job-id", "table-\(server)", "--concurrency", "1", "--output", "json")
        let reference = try run.json["output"]?["s0"]?.stringValue ?? ""
        let path = try run.json["output_files"]?[reference]?.stringValue ?? ""
        #expect((try? String(contentsOfFile: path, encoding: .utf8)) == "word,count\nthe,5\nat,3\n", "\(run.output)")
        #expect(run.errors.contains("its input `/top`: it is 1000, and must be at most 100"), "\(run.errors)")
        #expect(run.errors.contains("has no input `tops`: it takes `text_url`, `top`"), "\(run.errors)")
        #expect(place.processes(of: "table-\(server)").isEmpty && place.workFolders.isEmpty)
    }

    @Test("what Cog's server says that it takes is what the example's manifest says")
    func described() throws {
        try wordCount("cog")
        let same = try place.imflow("try", "word-count", "--describe")
        #expect(same.code == 0 && same.output.contains("manifest and server say the same"), "\(same.output)\(same.errors)")
        #expect(place.read("models/word-count/.cog/openapi_schema.json").contains("\"How many words\""))
        #expect(same.output.contains("How many words"))
    }

    @Test("the project that imflow init writes for Cog runs")
    func template() throws {
        #expect(try place.imflow("init", "models/words", "--template", "cog").code == 0)
        try ModelServers.install("cog", in: place, for: "words")
        let run = try place.imflow("run", "models/words/job.json", "--output", "json")
        #expect(try run.json["output"] == 9, "\(run.errors)")
        let same = try place.imflow("try", "models/words", "--describe")
        #expect(same.code == 0 && same.output.contains("manifest and server say the same"), "\(same.output)\(same.errors)")
    }

    /// In front of the server: cuts the connection of the first prediction that says so, and notes what is refused.
    private static let relay = #"""
        import http.client, http.server, os, socket, subprocess, sys, threading, time
        place = os.environ["PLACE"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-m", "cog.server.http", "--host", "127.0.0.1"], env={**os.environ, "PORT": str(port)})

        class Relay(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *words): pass

            def forward(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                if b'"cut"' in body and not os.path.exists(place + "/cut"):
                    open(place + "/cut", "w").close()
                    threading.Thread(target=self.ask, args=(body,)).start()
                    # The server answers whoever asked first when the prediction ends, and the next one at once.
                    while not os.path.exists(place + "/made"):
                        time.sleep(0.01)
                    self.close_connection = True
                    return self.connection.shutdown(socket.SHUT_RDWR)
                try:
                    status, answer = self.ask(body)
                except OSError:
                    status, answer = 500, b"{}"
                with open(place + "/asked", "a") as asked:
                    asked.write("%s %s %d\n" % (self.command, "cancel" if "cancel" in self.path else "", status))
                if b'"cut"' in body:
                    open(place + "/again", "w").close()
                if status == 409:
                    open(place + "/refused", "w").close()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def ask(self, body):
                connection = http.client.HTTPConnection("127.0.0.1", port)
                connection.request(self.command, self.path, body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                return response.status, response.read()

            do_GET = do_PUT = do_POST = forward

        http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Relay).serve_forever()
        """#

    private static let predictor = """
        import os, time
        from cog import BasePredictor

        class Predictor(BasePredictor):
            def setup(self):
                self.calls = 0
                self.inside = 0

            def predict(self, n: int, mode: str) -> dict:
                self.calls += 1
                place = os.environ["PLACE"]
                with open(place + "/made", "a") as made:
                    made.write("%d\\n" % n)
                if mode == "cut":
                    while not os.path.exists(place + "/again"):
                        time.sleep(0.01)
                elif mode == "busy":
                    while not os.path.exists(place + "/refused"):
                        time.sleep(0.01)
                elif mode == "hang" and not os.path.exists(place + "/hung"):
                    open(place + "/hung", "w").close()
                    while True:
                        time.sleep(0.02)
                elif mode == "fail":
                    raise ValueError("below zero")
                return {"calls": self.calls, "n": n}
        """

    @Test("a cut connection asks for the same prediction again, 409 means later, and one that takes too long is cancelled")
    func exchanges() throws {
        try place.write("models/slow/predict.py", Self.predictor)
        try place.write("models/slow/relay.py", Self.relay)
        try place.write(
            "models/slow/serve", "#!/bin/sh\nexport PATH=\"$PWD/.venv/bin:$PATH\"\nexec python relay.py\n", executable: true)
        try place.write(
            "models/slow/model.yaml",
            """
            entrypoint: [./serve]
            protocol: cog
            concurrency: 2
            max_instances: 1
            env: { COG_PREDICT_TYPE_STUB: "predict.py:Predictor", PLACE: "\(place.path)" }
            """)
        try ModelServers.install("cog", in: place, for: "slow")
        try place.calls(
            "slow",
            [["n": 1, "mode": "cut"], ["n": 2, "mode": "busy"], ["n": 3, "mode": "hang"], ["n": 4, "mode": "fail"]],
            keys: [
                2: ["timeout": "3s", "retry": ["maximum_attempts": 3, "retry_on": ["timeout"], "initial_interval": "10ms"]]
            ])
        let run = try place.imflow("run", "own.job.json", "--job-id", "slow", "--concurrency", "2", "--output", "json")
        let output = try run.json["output"]
        #expect(output?["s0"]?["n"] == 1 && output?["s1"]?["n"] == 2, "\(run.output)\(run.errors)")
        // One was cancelled and made again. Of the one that was asked for again, the server may have forgotten that it made it.
        let made = place.read("made").split(separator: "\n").sorted()
        #expect(made == ["1", "2", "3", "3", "4"] || made == ["1", "1", "2", "3", "3", "4"])
        let calls = ["s0", "s1", "s2"].compactMap { output?[$0]?["calls"]?.intValue }
        #expect(Set(calls).count == 3 && calls.allSatisfy { (1...6).contains($0) }, "\(run.output)\(run.errors)")
        #expect(run.errors.contains("failed (timeout)") && run.errors.contains("ValueError: below zero"), "\(run.errors)")
        let asked = place.read("asked").split(separator: "\n")
        #expect(asked.contains("PUT  409") && asked.contains("POST cancel 200"), "\(asked)")
        #expect(place.processes(of: "slow").isEmpty && place.workFolders.isEmpty)
    }

    @Test("after kill -9 in mid-call a resume ends the server that still works, and makes the prediction anew")
    func killed() throws {
        try wordCount("cog")
        try place.run(["mkfifo", "gate"])
        try place.write(
            "models/word-count/predict.py",
            place.read("models/word-count/predict.py").replacingOccurrences(
                of: "        words = ",
                with: """
                            import os
                            place = os.environ["PLACE"]
                            if not os.path.exists(place + "/killed"):
                                print("waits at the gate", flush=True)
                                open(place + "/gate").read()
                            words =\u{20}
                    """))
        try place.write(
            "models/word-count/model.yaml",
            place.read("models/word-count/model.yaml").replacingOccurrences(
                of: "\nenv:", with: "\nenv:\n  PLACE: \"\(place.path)\""))
        _ = try place.runAndKill("--result", "words.csv", when: "waits at the gate")
        try place.write("killed", "")
        let resumed = try place.imflow("resume", "killed")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(place.read("words.csv") == "word,count\nthe,5\nat,3\n")
        #expect(place.processes(of: "killed").isEmpty && place.workFolders.isEmpty)
    }

    @Test("a setup that fails is told with what it wrote", arguments: ["cog", "cog-0.9"])
    func setup(server: String) throws {
        try wordCount(server)
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
