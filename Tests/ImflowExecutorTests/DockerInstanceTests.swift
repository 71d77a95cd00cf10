import FoundationEssentials
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import Testing

extension DockerTests {
    @Suite struct Instance {
        /// Answers GET with its state, and POST `{"host", "port"}` with what came of connecting there, `{"name"}` with
        /// what came of looking it up. `GET /die` ends it with code 3.
        static let server = """
            import http.server, json, os, socket, sys
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    if self.path == "/die": os._exit(3)
                    self.reply({"ready": True, "marks": sorted(os.listdir("/imflow/work"))})
                def do_POST(self):
                    ask = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                    try:
                        if "name" in ask: self.reply({"result": socket.gethostbyname(ask["name"])})
                        else:
                            socket.create_connection((ask["host"], ask["port"]), 1).close()
                            self.reply({"result": "connected"})
                    except OSError as error: self.reply({"result": "failed: %s" % error})
                def reply(self, value):
                    body = json.dumps(value).encode()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
            print("listening", flush=True)
            print("to standard error", file=sys.stderr, flush=True)
            http.server.ThreadingHTTPServer(("", 9000), Handler).serve_forever()
            """
        let bench: DockerBench

        init() throws { bench = try DockerBench() }

        private func launch(
            token: String, task: String = "warm", _ change: (inout ModelPlan) -> Void = { _ in }
        ) throws -> Launch {
            try bench.launch(
                ["python3", "-c", Self.server], image: DockerBench.python, task: task, unit: nil, token: token
            ) {
                $0.callProtocol = .rest
                change(&$0)
            }
        }

        private func sweepAll() async throws {
            await bench.host.sweep(job: bench.job, keeping: [])
            #expect(try await bench.containers().isEmpty)
            #expect(try await bench.networks().isEmpty)
        }

        @Test func answersOverAPrivateNetworkThatLeadsNowhere() async throws {
            let first = try await bench.host.start(try launch(token: "w1"))
            let second = try await bench.host.start(try launch(token: "w2"))
            let base = try #require(first.baseURL)
            let neighbour = try #require(second.baseURL)
            try await bench.untilAnswers(base + "/health")
            try await bench.untilAnswers(neighbour + "/health")
            #expect(try await bench.networks().count == 1)
            #expect(await first.exit() == nil)

            func tried(_ ask: JSONValue) async throws -> String? {
                try await bench.get(base + "/inference", body: ask)["result"]?.stringValue
            }
            let neighbourHost = String(neighbour.dropFirst("http://".count).prefix { $0 != ":" })
            #expect(try await tried(["host": "127.0.0.1", "port": 9000]) == "connected")
            #expect(try await tried(["host": "1.1.1.1", "port": 80])?.hasPrefix("failed") == true)
            #expect(try await tried(["host": .string(neighbourHost), "port": 9000])?.hasPrefix("failed") == true)
            #expect(try await tried(["name": "example.com"])?.hasPrefix("failed") == true)

            await first.stop()
            await second.stop()
            #expect(await first.exit() != nil)
            let log = try bench.log(task: "warm")
            #expect(log.contains("listening\n"))
            #expect(log.contains("to standard error\n"))
            #expect(try await bench.containers().isEmpty)
            try await sweepAll()
        }

        @Test func endIsTold() async throws {
            let instance = try await bench.host.start(try launch(token: "w1"))
            let base = try #require(instance.baseURL)
            try await bench.untilAnswers(base + "/health")
            await #expect(throws: (any Error).self) { try await bench.get(base + "/die") }
            try await bench.until("its end") { await instance.exit() != nil }
            #expect(await instance.exit() == Exit(code: 3))
            await instance.stop()
            await instance.stop()
            #expect(await instance.exit() == Exit(code: 3))
            try await sweepAll()
        }

        @Test func commandsRunInside() async throws {
            let instance = try await bench.host.start(try launch(token: "w1"))
            let base = try #require(instance.baseURL)
            try await bench.untilAnswers(base + "/health")
            let made = try await instance.execute(["/bin/sh", "-c", "echo from inside; echo a > /imflow/work/a"])
            #expect(made.code == 0)
            #expect(try await bench.get(base + "/")["marks"] == ["a"])
            #expect(try await instance.execute(["/bin/sh", "-c", "exit 5"]).code == 5)
            // Some engines refuse it, others say that it ended badly.
            let ended = try? await instance.execute(["/no/such/hook"])
            #expect(ended?.code != 0)
            await instance.stop()
            #expect(try bench.log(task: "warm").contains("from inside\n"))
            try await sweepAll()
        }

        @Test func programThatEndsAtOnceIsToldByTheInstance() async throws {
            let launch = try bench.launch(
                ["/bin/sh", "-c", "echo no model here; exit 4"], task: "warm", unit: nil, token: "w1"
            ) {
                $0.callProtocol = .rest
            }
            let instance = try await bench.host.start(launch)
            try await bench.until("its end") { await instance.exit() != nil }
            #expect(await instance.exit() == Exit(code: 4))
            // Its log is whole by then.
            #expect(try bench.log(task: "warm") == "no model here\n")
            await instance.stop()
            try await sweepAll()
        }

        @Test func linesGoBothWaysAndTheLogIsBeside() async throws {
            let launch = try bench.launch(
                ["/bin/sh", "-c", "echo here >&2; while read -r line; do echo \"$line $line\"; done; echo done >&2; exit 3"],
                task: "warm", unit: nil, token: "w1"
            ) { $0.callProtocol = .jsonl }
            let instance = try await bench.host.start(launch)
            #expect(instance.baseURL == nil)
            for word in ["a", "ö b"] {
                let reply = try await instance.exchange(Array(word.utf8))
                #expect(reply == Array("\(word) \(word)".utf8))
            }
            #expect(await instance.exit() == nil)
            await instance.stop()
            #expect(await instance.exit() == Exit(code: nil, signal: 9))
            #expect(try bench.log(task: "warm") == "here\n")
            #expect(try await bench.networks().isEmpty)
            try await sweepAll()
        }

        @Test func twoJobsHaveTwoNetworksAndAreSweptApart() async throws {
            let other = try DockerBench(folder: bench.folder, job: bench.job + "-other")
            let mine = try await bench.host.start(try launch(token: "w1"))
            let theirs = try await other.host.start(
                try other.launch(["/bin/sleep", "1000"], task: "warm", unit: nil, token: "w2") {
                    $0.callProtocol = .rest
                })
            #expect(mine.baseURL != theirs.baseURL)
            await bench.host.sweep(job: bench.job, keeping: [])
            #expect(try await bench.containers().isEmpty)
            #expect(try await bench.networks().isEmpty)
            #expect(await mine.exit() != nil)
            #expect(await theirs.exit() == nil)
            #expect(try await other.networks().count == 1)
            await other.host.shutdown()
            #expect(try await other.containers().isEmpty)
            #expect(try await other.networks().isEmpty)
        }

        @Test func manyStartAtOnceOnOneNetwork() async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<4 {
                    let launch = try bench.launch(["/bin/sleep", "1000"], task: "warm", unit: nil, token: "w\(index)") {
                        $0.callProtocol = .rest
                    }
                    group.addTask { _ = try await bench.host.start(launch) }
                }
                try await group.waitForAll()
            }
            #expect(try await bench.containers().count == 4)
            #expect(try await bench.networks().count == 1)
            await bench.host.shutdown()
            #expect(try await bench.containers().isEmpty)
            #expect(try await bench.networks().isEmpty)
        }
    }
}
