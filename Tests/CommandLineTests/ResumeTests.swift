import Foundation
import ImflowJSON
import Testing

/// Resumes that explain themselves, and manifests that change under a job.
@Suite("Resume", .onThreads)
struct ResumeTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    /// Notes every call in a side log: what the models themselves saw.
    private func model(_ name: String, _ script: String, keys: String = "") throws {
        try place.model(
            name, "echo \(name)-$IMFLOW_SHARD_INDEX >> \"$SIDE_LOG\"\n\(script)",
            keys: "env: {SIDE_LOG: \"\(place.path)/side.log\", GATE: \"\(place.path)/gate\"}\n\(keys)")
    }

    /// The calls since this was last asked.
    private func calls() throws -> [String] {
        defer { try? FileManager.default.removeItem(atPath: place.path + "/side.log") }
        return place.read("side.log").split(separator: "\n").map(String.init).sorted()
    }

    /// All that the database says of the job, and every other file of the state folder with its bytes.
    private func stateBytes(_ job: String) throws -> [String: Data] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: place.state)
        let told = try place.imflow("job", "--id", job, "--details", "--output", "json").output
        return names.reduce(into: ["": Data(told.utf8)]) { files, name in
            // SQLite moves pages between its files whoever opens them.
            guard !name.hasPrefix("imflow.db"), let data = FileManager.default.contents(atPath: "\(place.state)/\(name)")
            else { return }
            files[name] = data
        }
    }

    private func chain(middle: String = "b") throws {
        try place.write(
            "job.json",
            """
            {"job_id": "chain", "input": {"x": 1}, "job_graph": {"stages": [
              {"model": "a", "output_key": "va"}, {"model": "\(middle)", "name": "b", "output_key": "vb"},
              {"model": "c", "output_key": "vc"}]}}
            """)
    }

    private func verdicts(_ arguments: String...) throws -> [String: String] {
        let ended = try place.run([Workplace.binary, "resume"] + arguments + ["--plan", "--output", "json"])
        #expect(ended.code == 0, "\(ended.errors)")
        let json = try ended.json
        #expect(json["schema"] == "imflow.resume/v1")
        return (json["tasks"]?.arrayValue ?? []).reduce(into: [:]) { lots, task in
            let name = task["task"]?.stringValue ?? "?"
            lots[name] = "\(task["verdict"]?.stringValue ?? "?") \(task["reason"]?.stringValue ?? "?")"
        }
    }

    @Test("the plan of a resume is what the resume does, and asking writes nothing, damaged contents included")
    func preview() throws {
        let gate = #"if [ "$IMFLOW_SHARD_INDEX" = 2 ] && [ ! -e "$GATE" ]; then exit 3; fi"# + "\n"
        let large = #"printf '["'; head -c 20000 /dev/zero | tr '\0' x; printf '%s"]' "$IMFLOW_SHARD_INDEX""#
        try model("part", gate + large, keys: "on_failure: partial\nmulti_node: {split_mode: batch}\n")
        try place.write("job.json", #"{"job_id": "part", "input": {"items": [0, 1, 2, 3]}}"#)
        #expect(try place.imflow("run", "job.json", "--model", "part").code == 4)
        #expect(try calls() == ["part-0", "part-1", "part-2", "part-3"])

        // Each partial output is larger than what the database holds: damage one.
        let details = try place.imflow("job", "--id", "part", "--details", "--output", "json").json
        let receipts = try #require(details["receipts"]?.arrayValue)
        let damaged = try #require(receipts.first { $0["shard_index"] == 1 }?["output_hash"]?.stringValue).dropFirst(2)
        let path = "\(place.state)/cas/sha256/\(damaged.prefix(2))/\(damaged.dropFirst(2))"
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        try Data("junk".utf8).write(to: URL(filePath: path))

        let before = try stateBytes("part")
        let lots = try verdicts("part")
        #expect(
            lots == [
                "part~split": "keep committed", "part~00": "keep committed", "part~01": "run output-lost",
                "part~02": "run failed", "part~03": "keep committed", "part~merge": "run parts-change",
            ])
        let text = try place.imflow("resume", "part", "--plan")
        #expect(text.output.contains("keeps 3 tasks and runs 3 tasks"))
        #expect(text.output.contains("part~02"))
        #expect(text.output.contains("failed for good (app)"))
        #expect(try stateBytes("part") == before)
        #expect(try calls().isEmpty)

        try place.write("gate", "")
        let resumed = try place.imflow("resume", "part", "--output", "json")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try resumed.json["merge_status"] == "merged")
        #expect(try calls() == ["part-1", "part-2"])
        #expect(try place.imflow("verify", "part").code == 0)
        let done = try place.imflow("resume", "part", "--plan", "--output", "json").json
        #expect(done["done"] == true)
        #expect(done["run"] == 0)
    }

    @Test("a job killed while it ran: what the plan says is kept does not run again")
    func killed() throws {
        // The third call kills the engine that waits for it.
        try model("slow", #"if [ "$IMFLOW_SHARD_INDEX" = 2 ] && [ ! -e "$GATE" ]; then kill -9 ${IMFLOW_OWNER%%-*} $PPID; sleep 60; fi; echo "[1]""#,
            keys: "multi_node: {split_mode: batch}\n")
        try place.write("job.json", #"{"job_id": "slow", "input": {"items": [0, 1, 2, 3, 4]}}"#)
        #expect(try place.imflow("run", "job.json", "--model", "slow", "--concurrency", "1").code == 137)
        _ = try calls()
        let lots = try verdicts("slow")
        #expect(lots["slow~00"] == "keep committed")
        #expect(lots["slow~02"] == "run running")
        #expect(lots["slow~04"] == "run never-started")
        try place.write("gate", "")
        #expect(try place.imflow("resume", "slow").code == 0)
        let kept = Set(lots.filter { $0.value.hasPrefix("keep") }.keys)
        let expected = (0..<5).filter { !kept.contains("slow~0\($0)") }.map { "slow-\($0)" }
        #expect(try calls() == expected)
    }

    @Test("a stage changed in the middle of a chain: plain resume says so, --replan runs it and what follows")
    func chainReplanned() throws {
        for name in ["a", "b", "c", "other"] { try model(name, "echo '\"\(name)\"'") }
        try chain()
        #expect(try place.imflow("run", "job.json").code == 0)
        #expect(try calls() == ["a-0", "b-0", "c-0"])

        #expect(try place.imflow("resume", "chain").errors.contains("say something else") == false)
        try chain(middle: "other")
        let plain = try place.imflow("resume", "chain")
        #expect(plain.code == 0)
        #expect(plain.errors.contains("imflow resume chain --replan would run b, c"), "\(plain.errors)")
        #expect(try calls().isEmpty)

        let before = try stateBytes("chain")
        #expect(
            try verdicts("chain", "--replan")
                == ["a": "keep committed", "b": "run manifest-changed", "c": "run input-changes"])
        #expect(try stateBytes("chain") == before)

        try FileManager.default.createDirectory(atPath: place.path + "/elsewhere", withIntermediateDirectories: true)
        let elsewhere = ["sh", "-c", "cd elsewhere && exec \"$0\" resume chain --replan --output json", Workplace.binary]
        let replanned = try place.run(elsewhere)
        #expect(replanned.code == 0, "\(replanned.errors)")
        #expect(replanned.errors.contains("changed stage b: model"))
        #expect(try calls() == ["c-0", "other-0"])
        let stages = try replanned.json["stages"]?.arrayValue ?? []
        #expect(stages.map { $0["model"]?.stringValue } == ["a", "other", "c"])
        #expect(try place.imflow("verify", "chain").code == 0)
        #expect(try place.imflow("gc").code == 0)
        #expect(try place.imflow("graph", "--job", "chain").code == 0)

        let again = try place.imflow("resume", "chain", "--replan")
        #expect(again.errors.contains("say what they said"))
        #expect(try calls().isEmpty)
        try chain()
        #expect(try place.imflow("resume", "chain", "--replan").code == 0)
        #expect(try calls() == ["b-0", "c-0"])
        let receipts = try place.imflow("job", "--id", "chain", "--details", "--output", "json").json["receipts"]
        let attempts = (receipts?.arrayValue ?? []).filter { $0["stage"] == "b" }.compactMap { $0["attempt"]?.intValue }
        #expect(attempts == [1, 2, 3])
    }

    @Test("in a fan-out: another merge keeps the shards, another batch size runs the stage; a dead engine in between")
    func fanOutReplanned() throws {
        try model("first", #"echo '{"items": [1, 2, 3, 4]}'"#)
        func fan(_ block: String, command: String = "run.sh") throws {
            try model("fan", #"echo "[$IMFLOW_SHARD_INDEX]""#, keys: "multi_node: {split_mode: batch, \(block)}\n")
        }
        try fan("batch_size: 1")
        try model("last", #"[ -e "$GATE" ] || kill -9 ${IMFLOW_OWNER%%-*} $PPID; echo 1"#)
        try place.write("gate", "")
        try place.write(
            "job.json",
            #"{"job_id": "fan", "job_graph": {"stages": [{"model": "first"}, {"model": "fan", "output_key": "f"}, {"model": "last"}]}}"#)
        #expect(try place.imflow("run", "job.json").code == 0)
        #expect(try calls() == ["fan-0", "fan-1", "fan-2", "fan-3", "first-0", "last-0"])

        try fan("batch_size: 1, merge_strategy: none")
        try FileManager.default.removeItem(atPath: place.path + "/gate")
        #expect(try place.imflow("resume", "fan", "--replan").code == 137)
        #expect(try calls() == ["last-0"])
        try place.write("gate", "")
        // The new plan was written down: a plain resume goes on by it.
        let plan = try verdicts("fan")
        #expect(plan["fan~merge"] == "keep committed")
        #expect(try place.imflow("resume", "fan").code == 0)
        #expect(try calls() == ["last-0"])

        try fan("batch_size: 2, merge_strategy: none")
        #expect(try place.imflow("resume", "fan", "--replan").code == 0)
        #expect(try calls() == ["fan-0", "fan-1", "last-0"])
        #expect(try place.imflow("verify", "fan").code == 0)
    }

    @Test("what cannot be planned again says so, and the job goes on as it was planned")
    func refused() throws {
        try model("a", #"[ -e "$GATE" ] || exit 1; echo 1"#)
        try place.write("job.json", #"{"job_id": "one", "model": "a", "input": {}}"#)
        #expect(try place.imflow("run", "job.json").code == 1)
        try place.write("job.json", #"{"job_id": "one", "model": "nowhere", "input": {}}"#)
        let broken = try place.imflow("resume", "one", "--replan")
        #expect(broken.code == 1)
        #expect(broken.errors.contains("nowhere"))
        #expect(broken.errors.contains("cannot be planned again"))
        try place.write("gate", "")
        let resumed = try place.imflow("resume", "one")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(resumed.errors.contains("have errors now"))

        let piped = ["sh", "-c", #"echo '{"job_id": "piped", "model": "a", "input": {}}' | "$0" run -"#, Workplace.binary]
        #expect(try place.run(piped).code == 0)
        let refused = try place.imflow("resume", "piped", "--replan")
        #expect(refused.code == 2)
        #expect(refused.errors.contains("standard input"))
    }
}
