import Foundation
import ImflowJSON
import Testing

/// Models that submit jobs: real processes, the real socket.
@Suite("Child jobs", .onThreads)
struct ChildJobTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    /// A client that answers (status, body), and the model's input.
    static let client = """
        import http.client, json, os, socket, sys, time
        class Connection(http.client.HTTPConnection):
            def connect(self):
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.connect(os.environ["IMFLOW_API"])
        def api(method, path, body=None, token=None):
            connection = Connection("imflow")
            token = token or os.environ.get("IMFLOW_API_TOKEN")
            text = json.dumps(body) if body is not None else None
            connection.request(method, path, text, {"Authorization": "Bearer " + token})
            answer = connection.getresponse()
            return answer.status, json.load(answer)
        def note(text):
            with open(os.environ["SIDE_LOG"], "a") as log: log.write(text + "\\n")
        def until(path):
            while not os.path.exists(path): time.sleep(0.02)

        """

    /// A model in Python with the client; `SIDE_LOG` is a file of the test.
    private func model(_ name: String, _ script: String, keys: String = "") throws {
        try place.write("models/\(name)/run.py", Self.client + script)
        try place.write(
            "models/\(name)/model.yaml",
            """
            name: \(name)
            entrypoint: [python3, run.py]
            timeout: 100s
            env: {SIDE_LOG: "\(place.path)/side.log", PLACE: "\(place.path)"}

            """ + keys)
    }

    private var sideLog: [String] { place.read("side.log").split(separator: "\n").map(String.init) }

    /// Notes its input's `name`, and answers it doubled.
    private func echo() throws {
        try model(
            "echo",
            """
            name = json.load(sys.stdin)["input"]["name"]
            note(name)
            print(json.dumps({"twice": name + name}))
            """)
    }

    /// Notes that it has begun, and waits for the file `gate`.
    private func gated() throws {
        try model(
            "gated",
            """
            note("begun " + os.environ["IMFLOW_ATTEMPT"])
            until(os.environ["PLACE"] + "/gate")
            note("done")
            print(json.dumps({"ok": True}))
            """)
    }

    /// Runs the command in the background, the script when the side log has the line, and waits for the end.
    private func run(_ command: String, until line: String, then script: String) throws -> Ended {
        try place.run([
            "sh", "-c",
            """
            \(command) & engine=$!
            while ! grep -qx '\(line)' side.log 2>/dev/null; do
                kill -0 $engine || exit 99
                sleep 0.02
            done
            \(script)
            wait $engine
            """,
        ])
    }

    private func job(_ id: String) throws -> JSONValue {
        try place.imflow("job", "--id", id, "--output", "json").json
    }

    private func hasNoProcesses(_ child: JSONValue) -> Bool {
        child["job_id"]?.stringValue.map { place.processes(of: $0).isEmpty } ?? false
    }

    private func childStatuses(_ id: String) throws -> [String] {
        (try job(id)["children"]?.arrayValue ?? []).compactMap { $0["status"]?.stringValue }
    }

    @Test("in sequence, by priority and four deep on one slot; a fifth generation is refused")
    func sequence() throws {
        try echo()
        try model(
            "down",
            """
            depth = json.load(sys.stdin)["input"]["depth"]
            status, child = api("POST", "/v1/jobs?wait=60", {"model": "down", "input": {"depth": depth + 1}})
            if status == 409: print(json.dumps({"deepest": depth, "why": child["message"]}))
            else: print(json.dumps(child["output"]))
            """)
        try model(
            "agent",
            """
            first = api("POST", "/v1/jobs", {"model": "echo", "input": {"name": "a"}})
            assert first[0] == 201 and first[1]["schema"] == "imflow.job/v1", first
            first = api("GET", "/v1/jobs/" + first[1]["job_id"] + "?wait=60")[1]
            ids = [api("POST", f"/v1/jobs?priority={p}", {"model": "echo", "input": {"name": f"p{p}"}})[1]["job_id"]
                   for p in (1, -1, 3, 2)]
            for id in ids: assert api("GET", f"/v1/jobs/{id}?wait=60")[1]["status"] == "succeeded"
            deep = api("POST", "/v1/jobs?wait=60", {"model": "down", "input": {"depth": 1}})[1]["output"]
            listed = api("GET", "/v1/jobs")[1]["jobs"]
            print(json.dumps({"first": first["output"], "deep": deep, "listed": len(listed)}))
            """)
        let run = try place.imflow(
            "run", "--model", "agent", "--concurrency", "1", "--job-id", "seq", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        let output = try run.json["output"]
        #expect(output?["first"] == ["twice": "aa"])
        #expect(output?["deep"]?["deepest"] == 4)
        #expect(output?["deep"]?["why"]?.stringValue?.contains("4 jobs deep") == true)
        #expect(output?["listed"] == 6)
        #expect(sideLog == ["a", "p3", "p2", "p1", "p-1"])

        let top = try job("seq")
        #expect(top["children"]?.arrayValue?.count == 6)
        #expect(top["children"]?.arrayValue?.allSatisfy { $0["status"] == "succeeded" } == true)
        #expect(try job("@latest")["job_id"] == "seq")
        #expect(try place.imflow("job", "--output", "json").json["jobs"]?.arrayValue?.count == 1)
        let graph = try place.imflow("graph", "--job", "seq", "--output", "json").json
        #expect(graph["nodes"]?.arrayValue?.filter { $0["kind"] == "job" }.count == 6)
        #expect(graph["edges"]?.arrayValue?.filter { $0["from"] == "agent" }.count == 6)
        let child = try #require(top["children"]?.arrayValue?.first?["job_id"]?.stringValue)
        #expect(try job(child)["parent"]?["job_id"] == "seq")
        for format in ["text", "mermaid", "dot", "svg", "html", "wfformat"] {
            #expect(try place.imflow("graph", "--job", "seq", "--format", format).output.contains(child), "\(format)")
        }
        let resumed = try place.imflow("resume", child)
        #expect(resumed.code == 2)
        #expect(resumed.errors.contains("imflow resume seq"))
        #expect(place.processes(of: "seq").isEmpty)
    }

    @Test("a job that is submitted again is the same job: by its key, by its body, in a retried attempt")
    func idempotent() throws {
        try echo()
        try model(
            "agent",
            """
            def submit(name, key=None):
                query = f"?wait=60&key={key}" if key else "?wait=60"
                return api("POST", "/v1/jobs" + query, {"model": "echo", "input": {"name": name}})
            one, again = submit("a", "k"), submit("a", "k")
            assert again[0] == 200 and again[1]["job_id"] == one[1]["job_id"], (one, again)
            assert submit("b", "k")[0] == 409
            two, three = submit("c"), submit("c")
            assert two[1]["job_id"] != three[1]["job_id"]
            if os.environ["IMFLOW_ATTEMPT"] == "1": sys.exit(1)
            print(json.dumps([one[0], two[0], three[0]]))
            """, keys: "retry: {maximum_attempts: 2, initial_interval: 10ms}\n")
        let run = try place.imflow("run", "--model", "agent", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        #expect(try run.json["output"] == [200, 200, 200])
        #expect(sideLog == ["a", "c", "c"])
    }

    @Test("killed while a child runs: the resume answers finished children at once, resumes the other, and runs nothing twice")
    func killed() throws {
        try echo()
        try gated()
        try model(
            "agent",
            """
            first = api("POST", "/v1/jobs?wait=60", {"model": "echo", "input": {"name": "first"}})
            second = api("POST", "/v1/jobs?wait=600", {"model": "gated"})
            print(json.dumps([first[1]["job_id"], second[1]["job_id"], second[1]["output"]]))
            """)
        let killed = try run(
            "\(Workplace.binary) run --model agent --job-id top --concurrency 1", until: "begun 1",
            then: "kill -9 $engine")
        #expect(killed.code == 137, "\(killed.errors)")
        let before = try #require(try job("top")["children"]?.arrayValue)
        #expect(before.count == 2)
        let resumed = try run(
            "\(Workplace.binary) resume top --output json", until: "begun 1", then: "touch gate")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try resumed.json["output"] == .array(before.compactMap { $0["job_id"] } + [["ok": true]]))
        #expect(sideLog.filter { $0 == "first" }.count == 1)
        #expect(sideLog.filter { $0 == "done" }.count == 1)
        #expect(try job("top")["children"]?.arrayValue?.count == 2)
        for child in before { #expect(hasNoProcesses(child)) }
    }

    @Test("cancelling the parent cancels its children, and theirs")
    func cancelled() throws {
        try gated()
        try model("middle", #"print(json.dumps(api("POST", "/v1/jobs?wait=600", {"model": "gated"})[1]))"#)
        try model("agent", #"print(json.dumps(api("POST", "/v1/jobs?wait=600", {"model": "middle"})[1]))"#)
        let ended = try run(
            "\(Workplace.binary) run --model agent --job-id top --concurrency 1", until: "begun 1",
            then: "\(Workplace.binary) cancel top")
        #expect(ended.code == 1, "\(ended.errors)")
        let middle = try #require(try job("top")["children"]?.arrayValue?.first)
        #expect(middle["status"] == "cancelled")
        let last = try #require(try job(middle["job_id"]?.stringValue ?? "")["children"]?.arrayValue?.first)
        #expect(last["status"] == "cancelled")
        #expect(hasNoProcesses(last))
        #expect(!sideLog.contains("done"))
    }

    @Test("what an attempt has not waited for is cancelled when its task has ended, well or not")
    func notWaitedFor() throws {
        try gated()
        try model(
            "agent",
            """
            api("POST", "/v1/jobs", {"model": "gated"})
            until(os.environ["PLACE"] + "/side.log")
            print("{}")
            """)
        let good = try place.imflow("run", "--model", "agent", "--job-id", "good", "--concurrency", "2")
        #expect(good.code == 0, "\(good.errors)")
        #expect(try childStatuses("good") == ["cancelled"])
        try model("bad", #"api("POST", "/v1/jobs", {"model": "gated"}); sys.exit(3)"#)
        #expect(try place.imflow("run", "--model", "bad", "--job-id", "worse").code == 1)
        #expect(try childStatuses("worse") == ["cancelled"])
    }

    @Test("a model cancels a job of its own")
    func cancelsItsOwn() throws {
        try gated()
        try model(
            "agent",
            """
            id = api("POST", "/v1/jobs", {"model": "gated"})[1]["job_id"]
            one, again = (api("POST", f"/v1/jobs/{id}/cancel") for _ in range(2))
            print(json.dumps([one[0], one[1]["status"], again[1]["status"]]))
            """)
        let run = try place.imflow("run", "--model", "agent", "--output", "json")
        #expect(try run.json["output"] == [200, "cancelled", "cancelled"], "\(run.errors)")
    }

    @Test("what is refused, and how: findings of the compiler, bounds, strangers' jobs, tokens that are wrong or dead")
    func refused() throws {
        try echo()
        try model(
            "child",
            """
            request = json.load(sys.stdin)["input"]
            print(json.dumps([api("GET", "/v1/jobs/" + request["sibling"])[0],
                              api("GET", "/v1/jobs", token=request["token"])[0], os.environ["IMFLOW_API_TOKEN"]]))
            """)
        try model(
            "agent",
            """
            token = os.environ["IMFLOW_API_TOKEN"]
            out = {}
            out["unknown"] = api("POST", "/v1/jobs", {"model": "ecko"})
            out["no object"] = api("POST", "/v1/jobs", [1])[0]
            out["key"] = api("POST", "/v1/jobs", {"model": "echo", "inptu": {}})[0]
            out["file"] = api("POST", "/v1/jobs", {"model": "echo", "input": {"name": "x", "a_url": "file:///etc/passwd"}})
            out["path"] = api("POST", "/v1/jobs", {"model": "echo", "input": {"name": "x", "a_url": "side.log"}})
            for name, wrong in (("short", token[:-1]), ("long", token + "0"), ("other", token[:-1] + "x")):
                out[name] = api("GET", "/v1/jobs", token=wrong)[0]
            sibling = api("POST", "/v1/jobs?wait=60", {"model": "echo", "input": {"name": "n"}})[1]["job_id"]
            child = api("POST", "/v1/jobs?wait=60", {"model": "child", "input": {"sibling": sibling, "token": token}})[1]["output"]
            out["of another"], out["parent's token"] = child[0], child[1]
            out["dead"] = api("GET", "/v1/jobs", token=child[2])[0]
            out["nobody"] = api("GET", "/v1/jobs/nobody")[0]
            out["count"] = api("POST", "/v1/jobs", {"model": "echo", "input": {"name": "n2"}})
            print(json.dumps(out))
            """)
        let run = try place.imflow("run", "--model", "agent", "--max-children", "2", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        let out = try #require(try run.json["output"])
        #expect(out["unknown"]?.arrayValue?.first == 422)
        let findings = out["unknown"]?.arrayValue?.last?["diagnostics"]
        #expect(findings?["schema"] == "imflow.diagnostics/v1")
        #expect(findings?["diagnostics"]?.arrayValue?.first?["message"]?.stringValue?.contains("ecko") == true)
        #expect(out["no object"] == 400)
        #expect(out["key"] == 422)
        for name in ["file", "path"] {
            #expect(out[name]?.arrayValue?.first == 422)
            #expect(out[name]?.arrayValue?.last?["message"]?.stringValue?.contains("work folder") == true)
        }
        for name in ["short", "long", "other", "dead"] { #expect(out[name] == 401, "\(name)") }
        #expect(out["of another"] == 404)
        // A token is as good as the attempt that was given it: it says who asks.
        #expect(out["parent's token"] == 200)
        #expect(out["nobody"] == 404)
        #expect(out["count"]?.arrayValue?.first == 429)
        #expect(sideLog == ["n"])
    }

    @Test("files go to a child from the work folder, and come back into it")
    func files() throws {
        try model(
            "write",
            """
            import urllib.parse
            source = urllib.parse.urlparse(json.load(sys.stdin)["input"]["text_url"]).path
            target = os.environ["IMFLOW_WORKDIR"] + "/upper.txt"
            open(target, "w").write(open(source).read().upper())
            print(json.dumps({"file_url": "file://" + target}))
            """)
        try model(
            "agent",
            """
            path = os.environ["IMFLOW_WORKDIR"] + "/in.txt"
            open(path, "w").write("some text")
            one = api("POST", "/v1/jobs?wait=60", {"model": "write", "input": {"text_url": "file://" + path}})[1]["output"]
            assert one["file_url"].startswith("file://" + os.environ["IMFLOW_WORKDIR"]), one
            two = api("POST", "/v1/jobs?wait=60", {"model": "write", "input": {"text_url": one["file_url"]}})[1]["output"]
            print(json.dumps(open(two["file_url"][7:]).read()))
            """)
        let run = try place.imflow("run", "--model", "agent", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        #expect(try run.json["output"] == "SOME TEXT")
    }

    @Test("a warm instance gets its token with each request; it serves all jobs of the family")
    func warm() throws {
        try model(
            "warm",
            """
            note("started")
            for line in sys.stdin:
                request = json.loads(line)
                left = request["input"]["left"]
                token = request["job"]["api_token"]
                assert "IMFLOW_API_TOKEN" not in os.environ
                value = 0
                if left > 0:
                    for _ in range(2):
                        status, child = api("POST", "/v1/jobs?wait=60", {"model": "warm", "input": {"left": left - 1}}, token)
                        value += child["output"]
                print(json.dumps({"result": value + 1}), flush=True)
            """, keys: "protocol: jsonl\n")
        let run = try place.imflow(
            "run", "--model", "warm", "--input", "left=2", "--concurrency", "1", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        #expect(try run.json["output"] == 7)
        // One for each generation: seven requests, of which three at once were not at their end.
        #expect(sideLog.count == 3)
    }

    @Test("no token in any log or file of the state folder; the socket is its owner's and gone at the end")
    func secrets() throws {
        try model(
            "agent",
            """
            token = os.environ["IMFLOW_API_TOKEN"]
            print("my token is " + token, file=sys.stderr)
            folder = os.path.dirname(os.environ["IMFLOW_API"])
            modes = [oct(os.stat(p).st_mode & 0o777) for p in (folder, os.environ["IMFLOW_API"])]
            open(os.environ["PLACE"] + "/token", "w").write(token)
            print(json.dumps(modes + [len(token)]))
            """)
        let run = try place.imflow("run", "--model", "agent", "--job-id", "top", "--output", "json")
        #expect(try run.json["output"] == ["0o700", "0o600", 64], "\(run.errors)")
        #expect(try place.imflow("logs", "top").output.contains("my token is ***"))
        let token = place.read("token")
        let found = try place.run(["grep", "-rlF", String(token.prefix(32)), "state"])
        #expect(found.output.isEmpty)
        #expect(try place.run(["find", "state", "-type", "s"]).output.isEmpty)
    }

    @Test("a state folder with a long path, and gc takes children with their parent")
    func longPath() throws {
        try echo()
        try model("agent", #"print(json.dumps(api("POST", "/v1/jobs?wait=60", {"model": "echo", "input": {"name": "n"}})[0]))"#)
        let home = place.path + "/" + String(repeating: "long/", count: 30) + "state"
        let run = try place.imflow("run", "--model", "agent", "--output", "json", environment: ["IMFLOW_HOME": home])
        #expect(try run.json["output"] == 201, "\(run.errors)")
        let collected = try place.imflow(
            "gc", "--older-than", "0", "--output", "json", environment: ["IMFLOW_HOME": home])
        #expect(try collected.json["jobs"]?.arrayValue?.count == 2, "\(collected.errors)")
        #expect(try place.imflow("job", "--output", "json", environment: ["IMFLOW_HOME": home]).json["jobs"] == [])
    }

    @Test("gc keeps a child as long as the job at the top can be resumed, and takes one that failed with a job that is over")
    func familiesAreKept() throws {
        try echo()
        try model("bad", "sys.exit(3)")
        try model(
            "agent",
            """
            for name in ("echo", "bad"): api("POST", "/v1/jobs?wait=60", {"model": name, "input": {"name": "n"}})
            if not os.path.exists(os.environ["PLACE"] + "/mended"): sys.exit(4)
            print("{}")
            """)
        #expect(try place.imflow("run", "--model", "agent", "--job-id", "top").code == 1)
        func collected() throws -> Int? {
            try place.imflow("gc", "--older-than", "0", "--output", "json").json["jobs"]?.arrayValue?.count
        }
        #expect(try collected() == 0)
        #expect(try childStatuses("top") == ["succeeded", "failed"])
        try place.write("mended", "")
        #expect(try place.imflow("resume", "top").code == 0)
        #expect(try collected() == 3)
    }
}
