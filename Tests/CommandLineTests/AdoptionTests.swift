import Foundation
import Glibc
import ImflowJSON
import Testing

/// `kill -9` of the real binary, and what a resume finds of the processes that it had started.
@Suite("Adoption", .onThreads, .serialized, .timeLimit(.minutes(10)))
struct AdoptionTests {
    /// Tells that it starts, waits for a word of its own gate, and prints more than a pipe holds.
    private static let gated = """
        echo "key $KEY" >&2
        echo "$IMFLOW_SHARD_INDEX" >> "$PLACE/side.log"
        echo . > "$PLACE/ready.$IMFLOW_SHARD_INDEX"
        read -r word < "$PLACE/gate.$IMFLOW_SHARD_INDEX"
        echo "key $KEY again" >&2
        printf '["%s' "$IMFLOW_SHARD_INDEX"; head -c 200000 /dev/zero | tr '\\0' x; printf '"]'
        """
    private static let secret = "hush-\(UUID().uuidString)"
    private static let environment = ["ADOPTION_KEY": secret]

    private func place(shards: Int) throws -> Workplace {
        let place = try Workplace()
        try place.model(
            "gated", Self.gated,
            keys: "env: {PLACE: \"\(place.path)\", KEY: \"${ADOPTION_KEY}\"}\n"
                + "multi_node: {split_mode: batch, max_shards: \(shards)}\n")
        for shard in 0..<shards { try place.run(["mkfifo", "gate.\(shard)", "ready.\(shard)"]) }
        let items = (0..<shards).map(String.init).joined(separator: ",")
        try place.write("job.json", #"{"job_id": "kept", "input": {"items": [\#(items)]}}"#)
        return place
    }

    private func run(_ place: Workplace, _ words: String...) throws -> Running {
        try Running(place, words + ["--concurrency", "2"], environment: Self.environment)
    }

    /// Returns when the shard has started and nobody has waited for it yet.
    private func started(_ shard: Int, in place: Workplace) throws {
        try heard("ready.\(shard)", in: place)
    }

    private func heard(_ pipe: String, in place: Workplace) throws {
        let handle = try #require(FileHandle(forReadingAtPath: "\(place.path)/\(pipe)"))
        #expect(try handle.readToEnd() == Data(".\n".utf8))
        try handle.close()
    }

    /// Lets the shard go on, once it waits.
    private func release(_ shard: Int, in place: Workplace) throws {
        let gate = try #require(FileHandle(forWritingAtPath: "\(place.path)/gate.\(shard)"))
        try gate.write(contentsOf: Data("go\n".utf8))
        try gate.close()
    }

    private func calls(_ place: Workplace) -> [String] {
        place.read("side.log").split(separator: "\n").map(String.init).sorted()
    }

    private func keepers(of place: Workplace) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { id in
            let words = FileManager.default.contents(atPath: "/proc/\(id)/cmdline")?.split(separator: 0) ?? []
            return words.dropFirst().elementsEqual(["keeper", "--state", place.state]) { $0.elementsEqual($1.utf8) }
        }
    }

    private func files(in place: Workplace, below folder: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: "\(place.state)/\(folder)")
        return (names?.allObjects as? [String] ?? []).sorted()
    }

    private func expectNothingLeft(_ place: Workplace) throws {
        #expect(place.processes(of: "kept").isEmpty)
        #expect(keepers(of: place).isEmpty)
        #expect(files(in: place, below: "keepers").isEmpty)
        #expect(files(in: place, below: "work").isEmpty)
        #expect(try place.run(["grep", "-rl", Self.secret, place.state]).output == "")
    }

    private func outputHash(_ place: Workplace) throws -> String? {
        try place.imflow("job", "--id", "kept", "--output", "json").json["output_hash"]?.stringValue
    }

    /// Of a run that nobody disturbed.
    private func calmHash(shards: Int) throws -> String? {
        let place = try place(shards: shards)
        let engine = try run(place, "run", "job.json", "--model", "gated")
        for shard in 0..<shards {
            try started(shard, in: place)
            try release(shard, in: place)
        }
        #expect(engine.end().code == 0)
        try expectNothingLeft(place)
        return try outputHash(place)
    }

    @Test("a resume takes back what runs and collects what ended meanwhile: each model ran once, the bytes are the same")
    func takenBack() async throws {
        let place = try place(shards: 3)
        let engine = try run(place, "run", "job.json", "--model", "gated")
        try started(0, in: place)
        try started(1, in: place)
        engine.kill()
        #expect(keepers(of: place).count == 1)
        try release(1, in: place)
        while place.processes(of: "kept").count > 1 { try await Task.sleep(for: .milliseconds(5)) }
        let resume = try run(place, "resume", "kept")
        // Its turn comes when the end of shard 1 was collected, which shares the two slots with shard 0.
        try started(2, in: place)
        try release(2, in: place)
        try release(0, in: place)
        let (code, errors) = resume.end()
        #expect(code == 0, "\(errors)")
        #expect(calls(place) == ["0", "1", "2"])
        #expect(try outputHash(place) == calmHash(shards: 3))
        #expect(try place.imflow("verify", "kept").code == 0)
        #expect(try place.imflow("logs", "kept").output.contains("key *** again"))
        try expectNothingLeft(place)
    }

    @Test("what was taken back is ended by a second kill no more than by the first")
    func twice() throws {
        let place = try place(shards: 1)
        let engine = try run(place, "run", "job.json", "--model", "gated")
        try started(0, in: place)
        engine.kill()
        for _ in 0..<2 {
            let resume = try run(place, "resume", "kept")
            while try place.imflow("job", "--id", "kept", "--output", "json").json["status"] != "running" {}
            resume.kill()
        }
        let resume = try run(place, "resume", "kept")
        try release(0, in: place)
        #expect(resume.end().code == 0)
        #expect(calls(place) == ["0"])
        try expectNothingLeft(place)
    }

    @Test("of a shard, units that were done are not called again, the one that ran is taken back, and order stays")
    func units() throws {
        let place = try Workplace()
        let script = """
            unit=$(sed 's/.*"index":\\([0-9]*\\).*/\\1/')
            echo "$unit" >> "$PLACE/side.log"
            [ "$unit" != 1 ] || { echo . > "$PLACE/ready.1"; read -r word < "$PLACE/gate.1"; }
            echo "[$unit]"
            """
        try place.model(
            "counted", script, keys: "env: {PLACE: \"\(place.path)\"}\nmulti_node: {split_mode: batch, max_shards: 1}\n")
        try place.run(["mkfifo", "gate.1", "ready.1"])
        try place.write("job.json", #"{"job_id": "kept", "input": {"items": [10, 11, 12]}}"#)
        let engine = try run(place, "run", "job.json", "--model", "counted")
        try started(1, in: place)
        engine.kill()
        let resume = try run(place, "resume", "kept", "--output", "json")
        try release(1, in: place)
        #expect(resume.end().code == 0)
        #expect(calls(place) == ["0", "1", "2"])
        #expect(try place.imflow("job", "--id", "kept", "--output", "json").json["output"] == [0, 1, 2])
        try expectNothingLeft(place)
    }

    @Test("where the keeper was killed, too, the attempt is lost, and what was left of it is ended")
    func keeperKilled() throws {
        let place = try place(shards: 1)
        let engine = try run(place, "run", "job.json", "--model", "gated")
        try started(0, in: place)
        engine.kill()
        for keeper in keepers(of: place) { kill(keeper, SIGKILL) }
        let resume = try run(place, "resume", "kept")
        try started(0, in: place)
        #expect(place.processes(of: "kept").count == 1)
        try release(0, in: place)
        #expect(resume.end().code == 0)
        #expect(calls(place) == ["0", "0"])
        let details = try place.imflow("job", "--id", "kept", "--details", "--output", "json").json
        let causes = details["receipts"]?.arrayValue?.compactMap { $0["cause"]?.stringValue }
        #expect(causes == ["lost"])
        try expectNothingLeft(place)
    }

    @Test("strangers of the job are ended by a resume, and of an abandoned job by a cancel")
    func strangers() throws {
        let place = try place(shards: 1)
        let engine = try run(place, "run", "job.json", "--model", "gated")
        try started(0, in: place)
        engine.kill()
        let known = try #require(place.processes(of: "kept").first)
        let variables = try #require(FileManager.default.contents(atPath: "/proc/\(known)/environ"))
        let mark = try #require(variables.split(separator: 0).first { $0.starts(with: "IMFLOW_STATE=".utf8) })
        let stranger = Process()
        stranger.executableURL = URL(filePath: "/bin/sleep")
        stranger.arguments = ["1000"]
        stranger.environment = [
            "IMFLOW_JOB_ID": "kept", "IMFLOW_TOKEN": "unknown", "IMFLOW_WORKDIR": place.state + "/work/kept/unknown",
            "IMFLOW_STATE": String(decoding: mark.dropFirst("IMFLOW_STATE=".utf8.count), as: UTF8.self),
        ]
        try stranger.run()
        #expect(place.processes(of: "kept").count == 2)
        let resume = try run(place, "resume", "kept")
        stranger.waitUntilExit()
        #expect(place.processes(of: "kept") == [known])
        resume.kill()
        #expect(try place.imflow("cancel", "kept").code == 0)
        try expectNothingLeft(place)
    }

    @Test("a warm model whose engine was killed ends, and so does its keeper")
    func warm() async throws {
        let place = try Workplace()
        let loop = "while read -r line; do echo . > \"$PLACE/ready\"; read -r word < \"$PLACE/gate\"; echo '[1]'; done"
        try place.model("warm", loop, keys: "protocol: jsonl\nenv: {PLACE: \"\(place.path)\"}\n")
        try place.run(["mkfifo", "gate", "ready"])
        try place.write("job.json", #"{"job_id": "kept", "input": {"n": 1}}"#)
        let engine = try run(place, "run", "job.json", "--model", "warm")
        try heard("ready", in: place)
        engine.kill()
        while !place.processes(of: "kept").isEmpty || !keepers(of: place).isEmpty {
            try await Task.sleep(for: .milliseconds(5))
        }
        let resume = try run(place, "resume", "kept")
        try heard("ready", in: place)
        let gate = try #require(FileHandle(forWritingAtPath: "\(place.path)/gate"))
        try gate.write(contentsOf: Data("go\n".utf8))
        #expect(resume.end().code == 0)
        try expectNothingLeft(place)
    }

    @Test("nobody needs to start a keeper by hand")
    func byHand() throws {
        let place = try Workplace()
        let ended = try place.imflow("keeper", "--state", place.state)
        #expect(ended.code == 2 && ended.errors.contains("nothing to do by hand"))
        #expect(try !place.imflow("--help").output.contains("keeper"))
    }
}
