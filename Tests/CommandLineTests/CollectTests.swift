import Foundation
import ImflowJSON
import Testing

/// `imflow gc`: what goes, and above all what stays.
@Suite("Collection", .onThreads)
struct CollectTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        // A result that is stored as a file of its own, another for each input.
        let script = """
            read request
            echo "$IMFLOW_JOB_ID" >> "$SIDE_LOG"
            if [ -e "$GATE" ]; then echo closed >&2; exit 1; fi
            echo "$request" | sed -E 's/.*"word":"([a-z]*)".*/\\1/' > word
            { printf '{"word": "'; head -c 50000 /dev/zero | tr '\\0' "$(cut -c1 word)"; printf '"}'; }
            """
        for (name, keys) in [("echo", "cache: true\n"), ("plain", "")] {
            try place.model(
                name, "cd \"$IMFLOW_WORKDIR\"\n" + script + "\n",
                keys: keys + "env: {SIDE_LOG: \"\(place.path)/side.log\", GATE: \"\(place.path)/gate\"}\n")
        }
    }

    @discardableResult
    private func run(_ id: String, _ word: String, model: String = "echo") throws -> Ended {
        try place.imflow("run", "--model", model, "--input", "word=\(word)", "--job-id", id)
    }

    private func collect(_ arguments: String...) throws -> JSONValue {
        let ended = try place.run([Workplace.binary, "gc", "--output", "json"] + arguments)
        #expect(ended.code == 0, "\(ended.errors)")
        return try ended.json
    }

    /// Makes all that is stored look as if it had been there for days.
    private func age() throws {
        try place.run(["find", place.state + "/cas", place.state + "/cache", "-type", "f", "-exec", "touch", "-d", "3 days ago", "{}", "+"])
    }

    private func intact(_ id: String) throws -> Bool { try place.imflow("verify", id).code == 0 }

    @Test("results outlive their jobs, and go when nobody has taken them for long")
    func results() throws {
        try run("one", "alpha")
        try age()
        let jobs = try collect("--older-than", "0")
        #expect(jobs["jobs"] == ["one"])
        // The result was used three days ago: it goes, too, with what it refers to.
        #expect(jobs["results"] == 1)
        #expect(try run("two", "alpha").code == 0)
        #expect(place.read("side.log") == "one\ntwo\n")
        #expect(try collect()["results"] == 0)
        #expect(try run("three", "alpha").code == 0)
        #expect(place.read("side.log") == "one\ntwo\n")
        #expect(try intact("three"))
    }

    @Test("a job that can be resumed keeps what it has, whatever is asked")
    func resumable() throws {
        try place.write(
            "pair.json",
            #"{"job_id": "pair", "input": {"word": "beta"}, "job_graph": {"stages": [{"model": "plain", "output_key": "word"}, {"model": "late"}]}}"#)
        try place.model("late", "if [ -e \"$GATE\" ]; then exit 1; fi; echo 1\n", keys: "env: {GATE: \"\(place.path)/shut\"}\n")
        try place.write("shut", "")
        #expect(try place.imflow("run", "pair.json").code == 1)
        try run("done", "gamma", model: "plain")
        try age()
        let report = try collect("--older-than", "0", "--max-size", "0")
        #expect(report["jobs"] == ["done"])
        #expect((report["files"]?.intValue ?? 0) >= 1)
        try FileManager.default.removeItem(atPath: place.path + "/shut")
        let resumed = try place.imflow("resume", "pair")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(!resumed.errors.contains("lost"))
        #expect(place.read("side.log") == "pair\ndone\n")
    }

    @Test("a limit on size takes the least recently used first, and no more than it must")
    func size() throws {
        for (id, word) in [("one", "alpha"), ("two", "beta"), ("three", "gamma")] { try run(id, word, model: "plain") }
        try age()
        let before = try #require(try collect("--dry-run")["bytes_left"]?.intValue)
        #expect(try collect("--max-size", "\(before)", "--dry-run")["jobs"] == [])
        let report = try collect("--max-size", "\(before - 1)", "--dry-run")
        #expect(report["jobs"] == ["one"])
        #expect(try place.imflow("job", "--id", "one").code == 0)
        #expect(try collect("--max-size", "\(before - 1)")["jobs"] == ["one"])
        #expect(try place.imflow("job", "--id", "one").code == 2)
        #expect(try intact("two") && intact("three"))
        #expect(try place.imflow("gc", "--max-size", "ten").code == 2)
        #expect(try place.imflow("gc", "--older-than", "-1").code == 2)
    }

    @Test("what a running attempt has stored stays, however long ago")
    func running() throws {
        let script = """
            n=$(cat "$IMFLOW_WORKDIR/../n" 2>/dev/null || echo 0)
            head -c 60000 /dev/zero | tr '\\0' "$IMFLOW_SHARD_INDEX" > "$IMFLOW_WORKDIR/part.txt"
            echo x >> "$SIDE_LOG"
            if [ "$(wc -l < "$SIDE_LOG")" = 2 ]; then echo waits >&2; while [ ! -e "$GATE" ]; do sleep 0.02; done; fi
            echo "{\\"file\\": \\"file://$IMFLOW_WORKDIR/part.txt\\"}"
            """
        try place.model(
            "slow", script + "\n",
            keys: """
                env: {SIDE_LOG: "\(place.path)/slow.log", GATE: "\(place.path)/open"}
                multi_node: {split_mode: batch, max_shards: 1}
                """)
        try place.write("slow.json", #"{"job_id": "slow", "input": {"items": [1, 2]}}"#)
        let job = try LiveProgram(place, "run", "slow.json", "--model", "slow", reading: .errors)
        try job.writes("job slow")
        try LiveProgram(place, "logs", "-f", "slow", reading: .output).writes("waits")
        // The first unit's file is stored, and nothing in the journal names it yet. Its time is the attempt's own.
        #expect(try collect("--older-than", "0", "--max-size", "0")["files"] == 0)
        try place.write("open", "")
        #expect(job.end().code == 0)
        #expect(try intact("slow"))
    }
}
