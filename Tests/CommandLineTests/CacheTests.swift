import Foundation
import ImflowJSON
import Testing

/// Results that other jobs take, as a user sees it: the real binary, real processes, and a side log of what models saw.
@Suite("Result cache", .onThreads)
struct CacheTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    private static let script = """
        read request
        echo "$IMFLOW_JOB_ID/$IMFLOW_SHARD_INDEX" >> "$SIDE_LOG"
        echo "$request" | sed -E 's/.*"items":\\[([0-9,]*)\\].*/[\\1]/'
        """

    private func model(_ name: String = "echo", script: String = script, keys: String = "") throws {
        try place.model(
            name, script + "\n",
            keys: """
                cache: true
                env: {SIDE_LOG: "\(place.path)/side.log"}
                multi_node: {split_mode: batch, max_shards: 16}

                """ + keys)
    }

    private func job(_ id: String, items: String = "1,2,3") throws {
        try place.write("\(id).json", #"{"job_id": "\#(id)", "input": {"items": [\#(items)]}}"#)
    }

    private func run(_ id: String, items: String = "1,2,3", _ more: String...) throws -> JSONValue {
        try job(id, items: items)
        let ended = try place.run([Workplace.binary, "run", "\(id).json", "--model", "echo", "--output", "json"] + more)
        #expect(ended.code == 0, "\(ended.errors)")
        return try ended.json
    }

    private var calls: [String] { place.read("side.log").split(separator: "\n").map(String.init) }

    private func why(_ task: String) throws -> String {
        let ended = try place.imflow("why", task)
        #expect(ended.code == 0, "\(ended.errors)")
        return ended.output
    }

    @Test("a plan tells what is cached, and calls nothing")
    func planned() throws {
        try model()
        _ = try run("one")
        try place.write(
            "chain.json",
            """
            {"job_graph": {"stages": [{"model": "echo", "input_key": "items", "name": "first", "output_key": "items"},
              {"model": "echo", "input_key": "items", "name": "second"}]}, "input": {"items": [1, 2, 4]}}
            """)
        func cached(_ arguments: String...) throws -> JSONValue? {
            let ended = try place.run([Workplace.binary, "plan"] + arguments + ["--estimate", "--output", "json"])
            #expect(ended.code == 0, "\(ended.errors)")
            return try ended.json["cached"]
        }
        #expect(try cached("one.json", "--model", "echo") == [["stage": "echo", "cached": 3, "made": 0, "whole": true]])
        // Two of three items were seen before; the list that the second stage splits is not known before they are answered.
        #expect(
            try cached("chain.json") == [
                ["stage": "first", "cached": 2, "made": 1, "whole": true],
                ["stage": "second", "cached": 0, "made": 0, "whole": false],
            ])
        #expect(calls.count == 3)
        let text = try place.imflow("plan", "chain.json").output
        #expect(text.contains("first: 2 of 3 calls\n") && text.contains("second: known when what it needs is there"), "\(text)")
    }

    @Test("the same work is not done twice; receipts and counts say whose result it is")
    func hit() throws {
        try model()
        let first = try run("one")
        let second = try run("two")
        #expect(first["output"] == second["output"])
        #expect(first["output_hash"] == second["output_hash"])
        #expect(first["cached"] == 0)
        #expect(second["cached"] == 3)
        #expect(calls.count == 3)
        let receipts = try place.imflow("job", "--id", "two", "--details", "--output", "json").json["receipts"]
        for receipt in receipts?.arrayValue ?? [] {
            #expect(receipt["status"] == "succeeded")
            #expect(receipt["attempt"] == 1)
            #expect(receipt["cached_from"]?.stringValue?.hasPrefix("one/echo~0") == true)
        }
        #expect(receipts?.arrayValue?.count == 3)
        #expect(try place.imflow("verify", "two").code == 0)
        #expect(try why("two/echo~01").contains("taken from the cache: one/echo~01 made it"))
        #expect(try why("one/echo~01").contains("first run"))
        #expect(try why("one-01").contains("not in the cache, nor anything like it"))
        #expect(try why("two/echo").split(separator: "\n").count { $0.hasPrefix("two/echo~0") } == 3)
        #expect(try place.imflow("why", "two/ecko").errors.contains("did you mean echo"))
    }

    @Test("without `cache: true` every job calls its model")
    func notAsked() throws {
        try place.model("echo", Self.script + "\n", keys: "env: {SIDE_LOG: \"\(place.path)/side.log\"}\n")
        _ = try run("one")
        #expect(try run("two")["cached"] == 0)
        #expect(calls.count == 2)
        #expect(try why("two/echo").contains("`cache: true`"))
    }

    @Test("only what differs is called, and why names what differed")
    func misses() throws {
        try model()
        _ = try run("one")
        #expect(try run("two", items: "1,7,3")["cached"] == 2)
        #expect(calls.count == 4)
        #expect(try why("two/echo~01").contains("input `items` differs"))

        try model(script: Self.script + "\n# a new version")
        #expect(try run("three")["cached"] == 0)
        let reason = try why("three/echo~00")
        #expect(reason.contains("the model's content changed (run.sh)"), "\(reason)")

        let json = try place.imflow("why", "three/echo~00", "--output", "json").json
        #expect(json["schema"] == "imflow.why/v1")
        let attempt = json["tasks"]?.arrayValue?.first?["attempts"]?.arrayValue?.first
        #expect(attempt?["cache"]?["outcome"] == "missed")
        #expect(attempt?["cache"]?["differs"]?.arrayValue?.contains("model") == true)
    }

    @Test("a variable of the submitter's counts by its value, which is nowhere to be read")
    func secrets() throws {
        try model(keys: "")
        try place.write(
            "models/echo/model.yaml",
            """
            name: echo
            entrypoint: [./run.sh]
            cache: true
            env: {SIDE_LOG: "\(place.path)/side.log", TOKEN: "${CACHE_TOKEN}"}
            """)
        try job("one")
        try job("two")
        try job("three")
        for (id, token) in [("one", "open-sesame"), ("two", "open-sesame"), ("three", "shut-sesame")] {
            let ended = try place.imflow(
                "run", "\(id).json", "--model", "echo", environment: ["CACHE_TOKEN": token])
            #expect(ended.code == 0, "\(ended.errors)")
        }
        #expect(calls == ["one/0", "three/0"])
        #expect(try why("three/echo").contains("the variable TOKEN differs"))
        let traces = try place.run(["grep", "-rla", "sesame", place.state])
        #expect(traces.output.isEmpty, "\(traces.output)")
    }

    @Test("damaged results are dropped and made again")
    func damaged() throws {
        let script = """
            read request
            echo "$IMFLOW_JOB_ID" >> "$SIDE_LOG"
            head -c 100000 /dev/zero | tr '\\0' x > "$IMFLOW_WORKDIR/out.txt"
            echo "{\\"file\\": \\"file://$IMFLOW_WORKDIR/out.txt\\"}"
            """
        try place.model(
            "echo", script + "\n", keys: "cache: true\nenv: {SIDE_LOG: \"\(place.path)/side.log\"}\n")
        let first = try run("one")
        let files = first["output_files"]?.objectValue?.values.elements ?? []
        let path = try #require(files.first?.stringValue)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.seek(toOffset: 50_000)
        try handle.write(contentsOf: Data("flipped".utf8))
        try handle.close()
        #expect(try run("two")["cached"] == 0)
        #expect(calls == ["one", "two"])
        #expect(try why("two/echo").contains("damaged"))
        #expect(try place.imflow("verify", "two").code == 0)
        #expect(try run("three")["cached"] == 1)
    }

    @Test("--no-cache neither reads nor writes; --refresh makes a stage's results anew")
    func flags() throws {
        try model()
        _ = try run("one", "--no-cache")
        #expect(try run("two")["cached"] == 0)
        #expect(try why("one/echo~00").contains("--no-cache"))
        #expect(try run("three")["cached"] == 3)
        #expect(try run("four", "--refresh", "echo")["cached"] == 0)
        #expect(calls.count == 9)
        #expect(try why("four/echo~00").contains("--refresh"))
        _ = try run("five")
        let receipts = try place.imflow("job", "--id", "five", "--details", "--output", "json").json["receipts"]
        #expect(receipts?.arrayValue?.allSatisfy { $0["cached_from"]?.stringValue?.hasPrefix("four/") == true } == true)

        let wrong = try place.imflow("run", "one.json", "--model", "echo", "--job-id", "x", "--refresh", "ecko")
        #expect(wrong.code == 2)
        #expect(wrong.errors.contains("did you mean echo"))
        #expect(try place.imflow("run", "one.json", "--model", "echo", "--no-cache", "--refresh", "echo").code == 2)
    }

    @Test("two runs that want the same at once make one call")
    func singleFlight() throws {
        let gate = place.path + "/gate"
        let script = """
            echo "$IMFLOW_JOB_ID" >> "$SIDE_LOG"
            echo called >&2
            while [ ! -e "$GATE" ]; do sleep 0.02; done
            echo 7
            """
        try place.model(
            "echo", script + "\n",
            keys: "cache: true\nenv: {SIDE_LOG: \"\(place.path)/side.log\", GATE: \"\(gate)\"}\n")
        try job("one")
        try job("two")
        let first = try startAndCall("one")
        let second = try start("two")
        try place.write("gate", "")
        #expect(first.end().code == 0 && second.end().code == 0)
        #expect(calls == ["one"])
        #expect(try place.imflow("job", "--id", "two", "--output", "json").json["cached"] == 1)
    }

    @Test("when the caller is killed, one that waits makes the call")
    func takeover() throws {
        let script = """
            echo "$IMFLOW_JOB_ID" >> "$SIDE_LOG"
            echo called >&2
            if [ "$IMFLOW_JOB_ID" = killed-caller ]; then read go < "$GATE"; fi
            echo 7
            """
        try place.model(
            "echo", script + "\n",
            keys: "cache: true\nenv: {SIDE_LOG: \"\(place.path)/side.log\", GATE: \"\(place.path)/gate\"}\n")
        #expect(try place.run(["mkfifo", "gate"]).code == 0)
        try job("killed-caller")
        try job("two")
        let first = try startAndCall("killed-caller")
        let second = try start("two")
        first.signal(SIGKILL)
        #expect(first.end().code == 128 + SIGKILL)
        #expect(second.end().code == 0)
        #expect(calls == ["killed-caller", "two"])
        // What the killed one had called goes on, and its resume takes it back.
        #expect(try place.run(["sh", "-c", "echo go > gate"]).code == 0)
        let resumed = try place.imflow("resume", "killed-caller", "--output", "json")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(calls == ["killed-caller", "two"])
        #expect(try resumed.json["output"] == 7)
        #expect(place.processes(of: "killed-caller").isEmpty)
    }

    @Test("one that waits can be cancelled, and its time limit holds")
    func waitingEnds() throws {
        let script = """
            echo "$IMFLOW_JOB_ID" >> "$SIDE_LOG"
            echo called >&2
            while [ ! -e "$GATE" ]; do sleep 0.02; done
            echo 7
            """
        try place.model(
            "echo", script + "\n",
            keys: "cache: true\nenv: {SIDE_LOG: \"\(place.path)/side.log\", GATE: \"\(place.path)/gate\"}\n")
        try job("one")
        try place.write("two.json", #"{"job_id": "two", "timeout": "1s", "input": {"items": [1,2,3]}}"#)
        try job("three")
        let first = try startAndCall("one")
        let limited = try place.imflow("run", "two.json", "--model", "echo")
        #expect(limited.code == 1, "\(limited.errors)")
        let third = try start("three")
        #expect(try place.imflow("cancel", "three").code == 0)
        #expect(third.end().code == 1)
        #expect(calls == ["one"])
        try place.write("gate", "")
        #expect(first.end().code == 0)
    }

    @Test("a model that changes while its job runs leaves no result to others")
    func changing() throws {
        let script = """
            echo "$IMFLOW_JOB_ID" >> "$SIDE_LOG"
            echo more >> notes.txt
            echo 7
            """
        try place.model(
            "echo", script + "\n", keys: "cache: true\nenv: {SIDE_LOG: \"\(place.path)/side.log\"}\n")
        _ = try run("one")
        #expect(try why("one/echo").contains("changed while the job ran"))
        #expect(try run("two")["cached"] == 0)
        #expect(calls == ["one", "two"])
    }

    /// Runs a job whose model says “called” when it is called. What it calls is not waited for.
    private func start(_ id: String) throws -> LiveProgram {
        let job = try LiveProgram(place, "run", "\(id).json", "--model", "echo", "--output", "json", reading: .errors)
        try job.writes("echo: running")
        return job
    }

    /// Returns when the job's model was called.
    private func startAndCall(_ id: String) throws -> LiveProgram {
        let job = try start(id)
        try LiveProgram(place, "logs", "-f", id, reading: .output).writes("called")
        return job
    }
}
