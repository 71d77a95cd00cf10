import Foundation
import ImflowJSON
import Testing

/// Jobs as a user runs them, with real processes.
@Suite("Jobs", .onThreads)
struct JobTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    /// Answers the sum of the items it was given, or what its input says.
    private static let double = #"read request; echo "$request" | sed -E 's/.*"items":\[([0-9,]*)\].*/[\1]/'"# + "\n"

    private func job(_ id: String, items: Int, extra: String = "") throws {
        let list = (0..<items).map(String.init).joined(separator: ",")
        try place.write("\(id).json", #"{"job_id": "\#(id)", "input": {"items": [\#(list)]}\#(extra)}"#)
    }

    @Test("a split job's result, receipts and graph are what the contract says")
    func contract() throws {
        try place.model("echo", Self.double, keys: "multi_node: {split_mode: batch, batch_size: 2, max_shards: 16}\n")
        try job("bd92-e3f1", items: 20, extra: #", "shard_count": 7"#)
        let run = try place.imflow("run", "bd92-e3f1.json", "--model", "echo", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        let json = try run.json
        #expect(json["schema"] == "imflow.job/v1")
        #expect(json["status"] == "succeeded")
        #expect(json["total_shards"] == 7)
        #expect(json["succeeded"] == 7)
        #expect(json["failed"] == 0)
        #expect(json["merge_status"] == "merged")
        #expect(json["output"] == .array((0..<20).map { .int($0) }))
        #expect(json["stages"]?.arrayValue?.first?["units"] == 10)
        #expect(json["output_hash"]?.stringValue?.hasPrefix("0x") == true)

        let details = try place.imflow("job", "--id", "bd92", "--details", "--output", "json").json
        let receipts = try #require(details["receipts"]?.arrayValue)
        #expect(receipts.compactMap { $0["job_id"]?.stringValue }.sorted() == (0..<7).map { "bd92-e3f1-0\($0)" })
        #expect(receipts.allSatisfy { $0["status"] == "succeeded" && $0["attempt"] == 1 && $0["cause"] == .null })
        #expect(receipts.allSatisfy { $0["node_id"]?.stringValue?.utf8.count == 42 })
        #expect(receipts.allSatisfy { $0["output_hash"]?.stringValue?.utf8.count == 66 })
        #expect(receipts.allSatisfy { ($0["latency_ms"]?.doubleValue ?? 0) > 0 })

        let graph = try place.imflow("graph", "--job", "@latest", "--output", "json").json
        #expect(graph["schema"] == "imflow.graph/v1")
        #expect(graph["nodes"]?.arrayValue?.count == 9)
        #expect(graph["edges"]?.arrayValue?.count == 14)
        #expect(try place.imflow("verify", "bd92-e3f1").code == 0)
        #expect(place.processes(of: "bd92-e3f1").isEmpty)
    }

    @Test("a failing shard fails the job with 1, says why, and resume runs just what is missing")
    func failAndResume() throws {
        let script = """
            echo "$IMFLOW_SHARD_INDEX" >> "$SIDE_LOG"
            if [ "$IMFLOW_SHARD_INDEX" = 2 ] && [ ! -e "$GATE" ]; then echo "no gate" >&2; exit 3; fi
            echo "[$IMFLOW_SHARD_INDEX]"
            """
        try place.model(
            "gated", script,
            keys: """
                env: {SIDE_LOG: "\(place.path)/side.log", GATE: "\(place.path)/gate"}
                multi_node: {split_mode: batch}
                """)
        try job("gate", items: 4)
        let run = try place.imflow("run", "gate.json", "--model", "gated", "--concurrency", "1")
        #expect(run.code == 1)
        #expect(run.errors.contains("imflow resume gate"))
        #expect(run.errors.contains("3"))
        #expect(try place.imflow("logs", "gate").output.contains("no gate"))
        try place.write("gate", "")
        let resumed = try place.imflow("resume", "gate", "--output", "json")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try resumed.json["output"] == [0, 1, 2, 3])
        #expect(place.read("side.log").split(separator: "\n").map(String.init).sorted() == ["0", "1", "2", "2", "3"])
        let again = try place.imflow("resume", "gate")
        #expect(again.code == 0)
        #expect(again.errors.contains("succeeded already"))
    }

    @Test("partial: exit 4, holes are named, resume fills them")
    func partial() throws {
        let script = """
            if [ "$IMFLOW_SHARD_INDEX" = 1 ] && [ ! -e "$GATE" ]; then exit 1; fi
            echo "[$IMFLOW_SHARD_INDEX]"
            """
        try place.model(
            "part", script,
            keys: """
                env: {GATE: "\(place.path)/gate"}
                on_failure: partial
                min_success_ratio: 0.5
                multi_node: {split_mode: batch}
                """)
        try job("part", items: 3)
        let run = try place.imflow("run", "part.json", "--model", "part", "--output", "json")
        #expect(run.code == 4, "\(run.errors)")
        #expect(try run.json["output"] == [0, 2])
        #expect(try run.json["merge_status"] == "partial")
        let hole = try #require(try run.json["holes"]?.arrayValue?.first)
        #expect(hole["shard_index"] == 1)
        #expect(hole["units"]?.arrayValue?.first?["index"] == 1)
        try place.write("gate", "")
        #expect(try place.imflow("resume", "part", "--output", "json").json["output"] == [0, 1, 2])
    }

    @Test("a model that failed twice succeeds at its third attempt when the policy allows it")
    func retries() throws {
        try place.model(
            "flaky",
            """
            echo x >> "$SIDE_LOG"
            [ "$(wc -l < "$SIDE_LOG")" -ge 3 ] || exit 9
            echo '{"ok": true}'
            """,
            keys: """
                env: {SIDE_LOG: "\(place.path)/side.log"}
                retry: {maximum_attempts: 3, initial_interval: 10ms}
                """)
        try place.write("flaky.json", #"{"job_id": "flaky", "input": {}}"#)
        let run = try place.imflow("run", "flaky.json", "--model", "flaky", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        let details = try place.imflow("job", "--id", "flaky", "--details", "--output", "json").json
        #expect(
            details["receipts"]?.arrayValue?.compactMap { $0["status"]?.stringValue } == [
                "failed", "failed", "succeeded",
            ])
        #expect(details["receipts"]?.arrayValue?.first?["cause"] == "app")
    }

    @Test("a result written to a pipe or through a link leaves the pipe and the link what they are")
    func specialResultFiles() throws {
        let place = try Workplace()
        try place.model("one", "echo 1")
        try place.write("job.json", #"{"input": {}}"#)
        try place.write("target", "old")
        #expect(try place.run(["ln", "-s", "target", "link"]).code == 0)
        #expect(try place.run(["mkfifo", "pipe"]).code == 0)
        #expect(try place.imflow("run", "job.json", "--model", "one", "--result", "link").code == 0)
        #expect(place.read("target") == "1\n")
        #expect(try place.run(["test", "-L", "link"]).code == 0)
        let script = "cat pipe > read & \"$0\" run job.json --model one --result pipe && wait && test -p pipe"
        #expect(try place.run(["sh", "-c", script, Workplace.binary]).code == 0)
        #expect(place.read("read") == "1\n")
    }

    @Test("the seed graph of three stages hands each result to the next")
    func chain() throws {
        try place.model("asr-v1", #"echo '{"transcript": "hello world"}'"# + "\n")
        try place.model(
            "llm-transcribe-v2",
            #"read r; echo "$r" | sed -E 's/.*"transcript":"([^"]*)".*/{"transcript": "\1!"}/'"# + "\n")
        try place.model("summary-v1", #"read r; echo "$r" | sed -E 's/.*"text":"([^"]*)".*/{"summary": "\1"}/'"# + "\n")
        try place.write(
            "job.json",
            """
            { "input": { "audio_url": "data:text/plain,hi" }, "job_graph": { "stages": [
              { "model": "asr-v1", "input_key": "audio_url" },
              { "model": "llm-transcribe-v2", "input_key": "transcript" },
              { "model": "summary-v1", "input_key": "text" } ] } }
            """)
        let run = try place.imflow("run", "job.json", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        #expect(try run.json["output"] == ["summary": "hello world!"])
        #expect(try run.json["total_shards"] == 3)
        let id = try #require(try run.json["job_id"]?.stringValue)
        #expect(id.wholeMatch(of: /[0-9a-f]{4}-[0-9a-f]{4}/) != nil)
    }

    @Test("two processes never drive one job: the second says who does")
    func driven() throws {
        try place.model("wait", "cat \"$GATE\" > /dev/null; echo 1\n", keys: "env: {GATE: \"\(place.path)/gate\"}\n")
        try place.write("wait.json", #"{"job_id": "wait", "input": {}}"#)
        let script = """
            mkfifo gate
            "$0" run wait.json --model wait > first.out 2> first.err & pid=$!
            until "$0" job --id wait 2>/dev/null | grep -q running; do :; done
            "$0" resume wait; echo "second $?"
            echo > gate; wait $pid; echo "first $?, pid $pid"
            """
        let ended = try place.run(["timeout", "120", "sh", "-c", script, Workplace.binary])
        #expect(ended.output.contains("second 2"))
        #expect(ended.output.contains("first 0"))
        let pid = try #require(ended.output.firstMatch(of: /pid (\d+)/)).1
        #expect(ended.errors.contains("process \(pid)"))
    }

    @Test("cancel from another terminal ends what runs")
    func cancel() throws {
        try place.model("endless", "tail -f /dev/null\n")
        try place.write("endless.json", #"{"job_id": "endless", "input": {}}"#)
        let script = """
            "$0" run endless.json --model endless > first.out 2> first.err & pid=$!
            until "$0" job --id endless 2>/dev/null | grep -q running; do :; done
            "$0" cancel endless; wait $pid; echo "first $?"
            """
        let ended = try place.run(["timeout", "120", "sh", "-c", script, Workplace.binary])
        #expect(ended.output.contains("first 1"), "\(ended.errors)")
        #expect(try place.imflow("job", "--id", "endless", "--output", "json").json["status"] == "cancelled")
        #expect(place.processes(of: "endless").isEmpty)
    }

    @Test("Ctrl-C twice ends what runs with 130, and resume goes on")
    func interrupt() throws {
        try place.model(
            "slow", "[ -e \"$GATE\" ] || tail -f /dev/null; echo 7\n", keys: "env: {GATE: \"\(place.path)/gate\"}\n")
        try place.write("slow.json", #"{"job_id": "slow", "input": {}}"#)
        let script = """
            "$0" run slow.json --model slow > first.out 2> first.err & pid=$!
            until grep -q "1 running" first.err; do :; done
            kill -INT $pid; until grep -q "again" first.err; do :; done
            kill -INT $pid; wait $pid; echo "first $?"; cat first.err >&2
            """
        let ended = try place.run(["timeout", "120", "sh", "-c", script, Workplace.binary])
        #expect(ended.output.contains("first 130"), "\(ended.errors)")
        #expect(ended.errors.contains("imflow resume slow"))
        #expect(place.processes(of: "slow").isEmpty)
        try place.write("gate", "")
        #expect(try place.imflow("resume", "slow").output == "7\n")
    }

    @Test("what was damaged in the store since is named and made again, and nothing else")
    func damaged() throws {
        let script = """
            echo "$IMFLOW_SHARD_INDEX" >> "$SIDE_LOG"
            if [ "$IMFLOW_SHARD_INDEX" = 3 ] && [ ! -e "$GATE" ]; then exit 1; fi
            head -c 40000 /dev/zero | tr '\\0' "$IMFLOW_SHARD_INDEX" > "$IMFLOW_WORKDIR/part.txt"
            echo "[\\"file://$IMFLOW_WORKDIR/part.txt\\"]"
            """
        try place.model(
            "parts", script,
            keys: """
                env: {SIDE_LOG: "\(place.path)/side.log", GATE: "\(place.path)/gate"}
                multi_node: {split_mode: batch}
                """)
        try job("parts", items: 4)
        #expect(try place.imflow("run", "parts.json", "--model", "parts", "--concurrency", "1").code == 1)
        let files =
            FileManager.default.enumerator(atPath: place.state + "/cas/sha256")?.compactMap { $0 as? String } ?? []
        let stored = try #require(
            files.map { place.state + "/cas/sha256/" + $0 }.first {
                FileManager.default.contents(atPath: $0)?.count == 40000
            })
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: stored)
        let shard = String(decoding: FileManager.default.contents(atPath: stored)?.prefix(1) ?? Data(), as: UTF8.self)
        try Data(repeating: 0x41, count: 40000).write(to: URL(filePath: stored))
        try place.write("gate", "")
        let resumed = try place.imflow("resume", "parts")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(resumed.errors.contains("parts-0\(shard) had made is lost"))
        let calls = place.read("side.log").split(separator: "\n").map(String.init).sorted()
        #expect(calls == (["0", "1", "2", "3", "3"] + [shard]).sorted())
        #expect(try place.imflow("verify", "parts").code == 0)
    }

    @Test("a detached job runs on without its terminal, and its result is there when it is done")
    func detached() throws {
        try place.model("echo", Self.double, keys: "multi_node: {split_mode: batch}\n")
        try job("away", items: 5)
        let script = """
            "$0" run away.json --model echo --detach --result away.out
            until "$0" job --id away --output json | grep -q '"status": "succeeded"'; do :; done
            """
        let ended = try place.run(["timeout", "60", "sh", "-c", script, Workplace.binary])
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(ended.output == "away\n")
        #expect(try place.imflow("resume", "away", "--output", "json").json["output"] == [0, 1, 2, 3, 4])
    }

    @Test("more than this machine has is refused before anything starts")
    func infeasible() throws {
        try place.model("large", "echo 1\n", keys: "resources: {cpu: 4096, memory: 900Ti}\n")
        try job("large", items: 1)
        let ended = try place.imflow("run", "large.json", "--model", "large")
        #expect(ended.code == 2)
        #expect(ended.errors.contains("4096"))
        #expect(try place.imflow("job", "--output", "json").json["jobs"] == [])
    }

    @Test("a result that cannot be written is an error, and the job keeps it")
    func unwritable() throws {
        try place.model("one", "echo 1\n")
        try place.write("one.json", #"{"job_id": "one", "input": {}}"#)
        #expect(try place.imflow("run", "one.json", "--model", "one", "--result", "/nowhere/x").code == 2)
        let full = try place.run(["sh", "-c", "\"$0\" run one.json --model one > /dev/full", Workplace.binary])
        #expect(full.code == 3)
        #expect(full.errors.contains("No space left"))
        #expect(try place.imflow("resume", "one").output == "1\n")
    }

    @Test("verify finds a flipped byte and names whose it is; gc removes only what nobody needs")
    func verifyAndCollect() throws {
        try place.model(
            "file", "echo data > \"$IMFLOW_WORKDIR/a.txt\"; echo \"\\\"file://$IMFLOW_WORKDIR/a.txt\\\"\"\n")
        try place.write("file.json", #"{"job_id": "file", "input": {}}"#)
        let run = try place.imflow("run", "file.json", "--model", "file", "--result", "out.txt")
        #expect(run.code == 0, "\(run.errors)")
        #expect(place.read("out.txt") == "data\n")
        #expect(try place.imflow("gc", "--output", "json").json["files"] == 0)
        #expect(try place.imflow("verify", "file").code == 0)
        let files = try place.imflow("job", "--id", "file", "--output", "json").json["output_files"]?.objectValue
        let stored = try #require(files?.values.first?.stringValue)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: stored)
        try Data("dAta\n".utf8).write(to: URL(filePath: stored))
        let verified = try place.imflow("verify", "file")
        #expect(verified.code == 1)
        #expect(verified.output.contains("file-00"))
    }
}
