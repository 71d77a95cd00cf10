import Foundation
import ImflowEngine
import ImflowJSON
import ImflowStore
import Testing

/// Real processes on one state folder.
@Suite("Many engines", .onThreads, .serialized, .timeLimit(.minutes(10)))
struct ManyEnginesTests {
    /// Says by a file of its own that a shard runs, then waits until somebody opens the gate to write.
    private static let gated = """
        : > "$PLACE/started.$IMFLOW_JOB_ID.$IMFLOW_SHARD_INDEX"
        read -r word < "$PLACE/gate"
        echo "[$IMFLOW_SHARD_INDEX]"
        """

    private func gatedPlace(jobs: [String], shards: Int = 2) throws -> Workplace {
        let place = try Workplace()
        try place.model(
            "gated", Self.gated, keys: "env: {PLACE: \"\(place.path)\"}\nmulti_node: {split_mode: batch}\n")
        try place.run(["mkfifo", "gate"])
        let items = (0..<shards).map(String.init).joined(separator: ",")
        for job in jobs { try place.write("\(job).json", #"{"job_id": "\#(job)", "input": {"items": [\#(items)]}}"#) }
        return place
    }

    /// Returns when a file is there that the model makes.
    private func appears(_ name: String, in place: Workplace) async {
        // Whatever an engine does rings the bell or passes the interval; the file is the model's word.
        let folder = EngineFolder(path: place.state + "/engines")
        for await _ in folder.changes() where FileManager.default.fileExists(atPath: "\(place.path)/\(name)") { return }
    }

    /// Lets every shard that waits at the gate, or comes to it, go through until the processes have ended.
    private func open(_ place: Workplace, until running: [Running]) throws -> [(code: Int32, errors: String)] {
        // Open for both, so that what is written stays in the pipe until somebody reads it.
        let gate = try #require(FileHandle(forUpdatingAtPath: "\(place.path)/gate"))
        defer { try? gate.close() }
        try gate.write(contentsOf: Data(String(repeating: "go\n", count: 1000).utf8))
        return running.map { $0.end() }
    }

    @Test("of twelve processes that resume one job at once, one drives it and the others name it")
    func oneDriver() async throws {
        let place = try gatedPlace(jobs: ["one"])
        let first = try Running(place, ["run", "one.json", "--model", "gated"])
        await appears("started.one.0", in: place)
        kill(first.pid, SIGKILL)
        _ = first.end()

        let rivals = try (0..<12).map { _ in try Running(place, ["resume", "one", "--concurrency", "2"]) }
        let database = try JobDatabase(path: place.state + "/imflow.db")
        var holder: LeaseHolder?
        for await _ in database.changes() {
            holder = try await database.leaseHolder(job: "one")
            if holder != nil { break }
        }
        let driver = try #require(holder)
        #expect(rivals.map(\.pid).contains(driver.pid))
        let losers = rivals.filter { $0.pid != driver.pid }.map { $0.end() }
        #expect(losers.allSatisfy { $0.code == 2 }, "\(losers)")
        #expect(losers.allSatisfy { $0.errors.contains("driven already, by process \(driver.pid)") }, "\(losers)")
        let winner = try open(place, until: rivals.filter { $0.pid == driver.pid })
        #expect(winner.map(\.code) == [0], "\(winner)")
        let job = try place.imflow("job", "--id", "one", "--details", "--output", "json").json
        #expect(job["status"] == "succeeded")
        #expect(job["driven_by"] == nil)
    }

    @Test("a stopped driver is alive, and is named with what lets it go on")
    func stopped() async throws {
        let place = try gatedPlace(jobs: ["halt"])
        let engine = try Running(place, ["run", "halt.json", "--model", "gated"])
        await appears("started.halt.0", in: place)
        kill(engine.pid, SIGSTOP)
        let rival = try place.imflow("resume", "halt")
        #expect(rival.code == 2)
        #expect(rival.errors.contains("process \(engine.pid), which is stopped (kill -CONT \(engine.pid)"))
        let shown = try place.imflow("job", "--id", "halt", "--output", "json").json
        #expect(shown["driven_by"]?["pid"]?.intValue.map(Int32.init) == engine.pid)
        #expect(shown["driven_by"]?["stopped"] == true)
        kill(engine.pid, SIGCONT)
        #expect(try open(place, until: [engine]).map(\.code) == [0])
    }

    @Test("pause: what runs ends, nothing new starts, exit 130; a resume runs the rest, and ends with the same bytes")
    func pause() async throws {
        let place = try gatedPlace(jobs: ["rest", "calm"], shards: 6)
        let engine = try Running(place, ["run", "rest.json", "--model", "gated", "--concurrency", "2"])
        await appears("started.rest.1", in: place)
        let pause = try place.imflow("pause", "rest", "--output", "json")
        #expect(pause.code == 0)
        #expect(try pause.json["status"] == "pausing")
        let late = try place.imflow("pause", "rest", "--wait", "--timeout", "1ms")
        #expect(late.code == 1)
        #expect(late.errors.contains("still driven: job rest by process \(engine.pid)"))
        // The second request is heard before the two shards end, and changes nothing.
        let ended = try open(place, until: [engine])
        #expect(ended.map(\.code) == [130])
        #expect(ended[0].errors.contains("job rest is paused by request: imflow resume rest continues it"))
        let shown = try place.imflow("job", "--id", "rest", "--output", "json").json
        #expect(shown["status"] == "pending")
        #expect(shown["pending_reason"]?.stringValue?.hasPrefix("paused by request") == true)
        #expect(shown["succeeded"]?.intValue == 2)
        #expect(try place.imflow("job", "--id", "rest").output.contains("paused by request"))
        let nobody = try place.imflow("pause", "rest")
        #expect(nobody.code == 0)
        #expect(nobody.errors.contains("nobody drives job rest"))

        let resumed = try Running(place, ["resume", "rest"])
        let calm = try Running(place, ["run", "calm.json", "--model", "gated"])
        #expect(try open(place, until: [resumed, calm]).map(\.code) == [0, 0])
        let hashes = try ["rest", "calm"].map {
            try place.imflow("job", "--id", $0, "--output", "json").json["output_hash"]?.stringValue
        }
        #expect(hashes[0] != nil && hashes[0] == hashes[1])
        #expect(try place.imflow("pause", "rest").code == 2)
    }

    @Test("drain: every job that is driven comes to rest, those of detached engines too")
    func drain() async throws {
        let place = try gatedPlace(jobs: ["left", "right"], shards: 4)
        #expect(try place.imflow("slots", "4").code == 0)
        let engine = try Running(place, ["run", "left.json", "--model", "gated", "--concurrency", "2"])
        await appears("started.left.1", in: place)
        let detached = try place.imflow("run", "right.json", "--model", "gated", "--concurrency", "2", "--detach")
        #expect(detached.code == 0, "\(detached.errors)")
        // The job is driven when `run --detach` has returned.
        #expect(try place.imflow("job", "--id", "right", "--output", "json").json["driven_by"] != nil)
        await appears("started.right.1", in: place)
        let early = try place.imflow("drain", "--timeout", "1ms")
        #expect(early.code == 1)
        #expect(early.errors.contains("job left by process \(engine.pid)"))
        let drain = try Running(place, ["drain", "--timeout", "5m", "--output", "json"])
        let ended = try open(place, until: [engine, drain])
        #expect(ended.map(\.code) == [130, 0], "\(ended)")
        let jobs = try place.imflow("job", "--output", "json").json["jobs"]?.arrayValue ?? []
        #expect(jobs.compactMap { $0["status"]?.stringValue } == ["pending", "pending"])
        #expect(try place.imflow("drain").errors.contains("no job is driven"))
        let resumed = try ["left", "right"].map { try Running(place, ["resume", $0]) }
        #expect(try open(place, until: resumed).map(\.code) == [0, 0])
    }

    @Test("slots: a number is set for all engines and shown; a bad one is refused")
    func slots() throws {
        let place = try Workplace()
        #expect(try place.imflow("slots", "3", "--output", "json").json["slots"]?.intValue == 3)
        #expect(try place.imflow("slots").output.hasPrefix("slots      3"))
        #expect(try place.imflow("slots", "0", "--output", "json").json["is_set"] == false)
        for bad in ["4097", "many", "1.5"] { #expect(try place.imflow("slots", bad).code == 2) }
        #expect(try place.imflow("drain", "--timeout", "soon").code == 2)
        #expect(try place.imflow("pause", "@latest").code == 2)
    }

    @Test("a slot that a killed engine held is free at once for the one that waits")
    func killedHolder() async throws {
        let place = try gatedPlace(jobs: ["first", "second"], shards: 1)
        #expect(try place.imflow("slots", "1").code == 0)
        let first = try Running(place, ["run", "first.json", "--model", "gated"])
        await appears("started.first.0", in: place)
        let second = try Running(place, ["run", "second.json", "--model", "gated"])
        let file = try SlotFile(folder: EngineFolder(path: place.state + "/engines"))
        let folder = EngineFolder(path: place.state + "/engines")
        for await _ in folder.changes() where file.engines().contains(where: { $0.record.wanted == 1 && $0.record.held == 0 }) {
            break
        }
        #expect(place.read("started.second.0").isEmpty)
        #expect(file.engines().map(\.record.pid).sorted() == [first.pid, second.pid].sorted())
        kill(first.pid, SIGKILL)
        _ = first.end()
        await appears("started.second.0", in: place)
        #expect(try open(place, until: [second]).map(\.code) == [0])
    }

    @Test("on one slot, a model that waits for its child and a job of another process let each other run, and both end")
    func childBesideAnother() async throws {
        let place = try gatedPlace(jobs: ["beside"], shards: 12)
        let keys = "env: {PLACE: \"\(place.path)\"}\n"
        try place.model("sub", ": > \"$PLACE/started.sub\"; read -r word < \"$PLACE/gate\"; echo '{\"sub\": true}'", keys: keys)
        try place.model(
            "agent",
            """
            : > "$PLACE/started.agent"; read -r word < "$PLACE/agentgate"
            curl -sS --unix-socket "$IMFLOW_API" -H "Authorization: Bearer $IMFLOW_API_TOKEN" \\
                'http://imflow/v1/jobs?wait=100' -d '{"model": "sub"}'
            """, keys: keys)
        try place.run(["mkfifo", "agentgate"])
        #expect(try place.imflow("slots", "1").code == 0)
        let agent = try Running(place, ["run", "--model", "agent", "--job-id", "top"])
        await appears("started.agent", in: place)
        // It comes while the agent holds the only slot.
        let beside = try Running(place, ["run", "beside.json", "--model", "gated"])
        let folder = EngineFolder(path: place.state + "/engines")
        let file = try SlotFile(folder: folder)
        for await _ in folder.changes() where file.engines().contains(where: { $0.record.job == "beside" && $0.record.wanted == 1 }) {
            break
        }
        #expect(!exists("started.beside.0", in: place))
        let agentGate = try #require(FileHandle(forUpdatingAtPath: "\(place.path)/agentgate"))
        try agentGate.write(contentsOf: Data("go\n".utf8))
        // Only a slot that was lent lets anything else begin.
        let ended = try open(place, until: [agent, beside])
        try agentGate.close()
        #expect(ended.map(\.code) == [0, 0], "\(ended)")
        let top = try place.imflow("job", "--id", "top", "--output", "json").json
        #expect(top["output"]?["output"]?["sub"] == true)
        #expect(top["children"]?.arrayValue?.compactMap { $0["status"]?.stringValue } == ["succeeded"])
        let others = try job("beside", in: place)
        #expect(others["succeeded"]?.intValue == 12)
    }

    private func exists(_ name: String, in place: Workplace) -> Bool {
        FileManager.default.fileExists(atPath: "\(place.path)/\(name)")
    }

    @Test("eight engines at once, one killed and resumed by another process: all end, the bytes are right, the shares fair")
    func eight() async throws {
        let place = try Workplace()
        try place.model(
            "echo", "echo \"[$IMFLOW_SHARD_INDEX]\"",
            keys: "multi_node: {split_mode: batch, max_shards: 200}\n")
        let items = (0..<200).map(String.init).joined(separator: ",")
        for job in ["calm"] + (1...8).map({ "e\($0)" }) {
            try place.write("\(job).json", #"{"job_id": "\#(job)", "input": {"items": [\#(items)]}}"#)
        }
        // All start on a state folder that is not there yet.
        let engines = try (1...8).map { try Running(place, ["run", "e\($0).json", "--model", "echo"]) }
        await shard(of: "e3", in: place) { $0 >= 20 }
        kill(engines[2].pid, SIGKILL)
        let killed = engines[2].end()
        #expect(killed.code == 128 + SIGKILL)
        let heir = try Running(place, ["resume", "e3"])
        let ended = engines.enumerated().filter { $0.offset != 2 }.map { $0.element.end() } + [heir.end()]
        #expect(ended.allSatisfy { $0.code == 0 }, "\(ended)")
        #expect(ended.allSatisfy { !$0.errors.contains("locked") && !$0.errors.contains("held by another") })

        #expect(try place.imflow("run", "calm.json", "--model", "echo").code == 0)
        let expected = try job("calm", in: place)["output_hash"]?.stringValue
        var starts: [String: [String]] = [:]
        for number in 1...8 {
            let job = try job("e\(number)", in: place)
            #expect(job["output_hash"]?.stringValue == expected)
            let receipts = job["receipts"]?.arrayValue ?? []
            let succeeded = receipts.filter { $0["status"] == "succeeded" }.compactMap { $0["shard_index"]?.intValue }
            #expect(succeeded.sorted() == Array(0..<200), "a shard counts once")
            starts["e\(number)"] = receipts.compactMap { $0["started_at"]?.stringValue }
        }
        try expectFair(starts.filter { $0.key != "e3" })
    }

    private func job(_ id: String, in place: Workplace) throws -> JSONValue {
        try place.imflow("job", "--id", id, "--details", "--output", "json").json
    }

    /// Returns when so many of the job's shards have succeeded.
    private func shard(of job: String, in place: Workplace, until enough: (Int) -> Bool) async {
        let folder = EngineFolder(path: place.state + "/engines")
        for await _ in folder.changes() {
            guard let shown = try? self.job(job, in: place), let done = shown["succeeded"]?.intValue else { continue }
            if enough(Int(done)) { return }
        }
    }

    /// While all of them still had work, each started about as many shards as any other.
    private func expectFair(_ starts: [String: [String]]) throws {
        let from = try #require(starts.values.compactMap { $0.min() }.max())
        let to = try #require(starts.values.compactMap { $0.max() }.min())
        let counts = starts.mapValues { times in times.count { from <= $0 && $0 <= to } }
        let least = try #require(counts.values.min())
        let most = try #require(counts.values.max())
        // Turns are of 20 ms; what differs is how many short attempts an engine gets into one.
        #expect(most <= 3 * max(least, 10), "\(counts)")
    }
}
