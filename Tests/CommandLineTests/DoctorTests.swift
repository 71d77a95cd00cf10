import Foundation
import ImflowJSON
import Testing

/// State folders that were damaged, and what `imflow doctor` finds and repairs.
@Suite("Doctor", .onThreads)
struct DoctorTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    /// Four shards, each with a result that is too large for the journal; the last kills its engine until there is a gate.
    private func prepare(_ place: Workplace) throws {
        let script = """
            echo "$IMFLOW_SHARD_INDEX" >>"$SIDE_LOG"
            if [ "$IMFLOW_SHARD_INDEX" = 3 ] && [ ! -e "$GATE" ]; then kill -9 ${IMFLOW_OWNER%%-*} $PPID; exit 9; fi
            pad=$(head -c 20000 /dev/zero | tr '\\0' x)
            printf '["%s-%s"]' "$IMFLOW_SHARD_INDEX" "$pad"
            """
        try place.model(
            "part", script,
            keys: """
                env: {SIDE_LOG: "\(place.path)/side.log", GATE: "\(place.path)/gate"}
                multi_node: {split_mode: batch}

                """)
        try job("part", in: place)
    }

    private func job(_ id: String, in place: Workplace) throws {
        try place.write("\(id).json", #"{"job_id": "\#(id)", "input": {"items": [0, 1, 2, 3]}}"#)
    }

    private func killed() throws {
        try prepare(place)
        let run = try place.imflow("run", "part.json", "--model", "part", "--concurrency", "1")
        #expect(run.code == 137)
        try place.write("gate", "")
        #expect(calls() == ["0", "1", "2", "3"])
    }

    private func finished(_ ids: String...) throws {
        try prepare(place)
        try place.write("gate", "")
        for id in ids {
            try job(id, in: place)
            #expect(try place.imflow("run", "\(id).json", "--model", "part").code == 0)
        }
    }

    private func calls() -> [String] {
        place.read("side.log").split(separator: "\n").map(String.init).sorted()
    }

    private func outputHash(_ id: String, _ place: Workplace) throws -> JSONValue? {
        try place.imflow("job", "--id", id, "--output", "json").json["output_hash"]
    }

    /// That of a run which nothing disturbed.
    private func undisturbed() throws -> JSONValue? {
        let calm = try Workplace()
        try prepare(calm)
        try calm.write("gate", "")
        #expect(try calm.imflow("run", "part.json", "--model", "part").code == 0)
        return try outputHash("part", calm)
    }

    /// Runs statements of Python with the open database as `db` and its path as `path`.
    private func onDatabase(_ statements: String) throws {
        let script = "import sqlite3\npath = '\(place.state)/imflow.db'\ndb = sqlite3.connect(path)\n\(statements)\ndb.commit()"
        let ended = try place.run(["python3", "-c", script])
        #expect(ended.code == 0, "\(ended.errors)")
    }

    private func overwriteRoot(of name: String) throws {
        try onDatabase(
            """
            db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
            page, = db.execute("SELECT rootpage FROM sqlite_master WHERE name = '\(name)'").fetchone()
            size, = db.execute('PRAGMA page_size').fetchone()
            db.close()
            file = open(path, 'r+b'); file.seek((page - 1) * size); file.write(b'\\xa5' * size); file.close()
            db = sqlite3.connect(':memory:')
            """)
    }

    private func findings(_ ended: Ended) throws -> [String] {
        let json = try ended.json
        #expect(json["schema"] == "imflow.doctor/v1")
        return (json["findings"]?.arrayValue ?? []).map {
            "\($0["what"]?.stringValue ?? "?") \($0["repaired"] == true ? "repaired" : "found")"
        }.sorted()
    }

    private func damagedFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: place.state).filter { $0.hasPrefix("imflow.db.damaged-") }
    }

    @Test("a sound state says so; a folder that is not there is named")
    func sound() throws {
        try finished("part")
        let ended = try place.imflow("doctor")
        #expect(ended.code == 0)
        #expect(ended.output.contains("is sound"))
        #expect(try findings(place.imflow("doctor", "--repair", "--output", "json")).isEmpty)
        let nowhere = try place.imflow("doctor", "--state", place.path + "/nowhere")
        #expect(nowhere.code == 2)
        #expect(nowhere.errors.contains("/nowhere"))
    }

    @Test("what a killed engine left is found; its lease is taken out, its work is left to the resume")
    func killedEngine() throws {
        try killed()
        let found = try place.imflow("doctor", "--output", "json")
        #expect(found.code == 1)
        #expect(try findings(found) == ["lease found", "leftover found"])
        let repaired = try place.imflow("doctor", "--repair", "--output", "json")
        #expect(try findings(repaired) == ["lease repaired", "leftover found"])
        #expect(try place.imflow("resume", "part").code == 0)
        #expect(try place.imflow("doctor").code == 0)
        #expect(calls() == ["0", "1", "2", "3", "3"])
    }

    @Test("a flipped byte is found and taken out, and the resume makes again just what it hit")
    func flippedByte() throws {
        try killed()
        let details = try place.imflow("job", "--id", "part", "--details", "--output", "json").json
        let receipt = details["receipts"]?.arrayValue?.first { $0["shard_index"] == 1 }
        let hash = try #require(receipt?["output_hash"]?.stringValue).dropFirst(2)
        let path = "\(place.state)/cas/sha256/\(hash.prefix(2))/\(hash.dropFirst(2))"
        var data = try Data(contentsOf: URL(filePath: path))
        data[10_000] ^= 4
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        try data.write(to: URL(filePath: path))

        let found = try place.imflow("doctor")
        #expect(found.code == 1)
        #expect(found.output.contains(path))
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(!(try findings(place.imflow("doctor", "--quick", "--output", "json")).contains("content found")))
        #expect(try findings(place.imflow("doctor", "--repair", "--output", "json")).contains("content repaired"))
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try place.imflow("resume", "part").code == 0)
        #expect(calls() == ["0", "1", "1", "2", "3", "3"])
        #expect(try outputHash("part", place) == undisturbed())
        #expect(try place.imflow("doctor").code == 0)
    }

    @Test("a damaged row ends its journal: what was committed before it is kept", arguments: [3, 4, 6])
    func damagedRow(row: Int) throws {
        try killed()
        try onDatabase(
            "assert db.execute(\"UPDATE fact SET body = replace(body, substr(body, 9, 4), x'00112233') WHERE sequence = \(row)\").rowcount")
        let blind = try place.imflow("resume", "part")
        #expect(blind.code == 3)
        #expect(blind.errors.contains("imflow doctor"))
        let found = try place.imflow("doctor")
        #expect(found.code == 1)
        #expect(found.output.contains("part: a row of the journal"))
        #expect(try findings(place.imflow("doctor", "--repair", "--output", "json")).contains("journal repaired"))
        let resumed = try place.imflow("resume", "part")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try outputHash("part", place) == undisturbed())
        #expect(try place.imflow("doctor").code == 0)
    }

    @Test("a job whose submission is damaged is taken out, and others stay")
    func damagedSubmission() throws {
        try finished("part", "other")
        try onDatabase("db.execute(\"UPDATE fact SET body = zeroblob(9) WHERE job = 'other' AND sequence = 1\")")
        let repaired = try place.imflow("doctor", "--repair")
        #expect(repaired.code == 0, "\(repaired.output)\(repaired.errors)")
        #expect(repaired.output.contains("submit it again"))
        #expect(try place.imflow("job", "--id", "other").code == 2)
        #expect(try place.imflow("verify", "part").code == 0)
        #expect(try place.imflow("run", "other.json", "--model", "part").code == 0)
    }

    @Test("what the database says of a job is made again from the journal", arguments: ["summary", "status"])
    func damagedSummary(column: String) throws {
        try finished("part")
        let hash = try outputHash("part", place)
        try onDatabase("db.execute(\"UPDATE job SET \(column) = 'x{'\")")
        #expect(try place.imflow("doctor").code == 1)
        #expect(try place.imflow("doctor", "--repair").code == 0)
        #expect(try outputHash("part", place) == hash)
        #expect(try damagedFiles().count == 1)
    }

    @Test("of a database with an overwritten page, what can be read is saved and the old file kept")
    func overwrittenPage() throws {
        try finished("part", "other")
        let hash = try outputHash("part", place)
        try overwriteRoot(of: "job_submitted")
        let found = try place.imflow("doctor")
        #expect(found.code == 1)
        #expect(found.output.contains("--repair"))
        let repaired = try place.imflow("doctor", "--repair")
        #expect(repaired.code == 0, "\(repaired.output)\(repaired.errors)")
        #expect(repaired.output.contains("2 jobs were saved"))
        #expect(try damagedFiles().count == 1)
        #expect(try outputHash("part", place) == hash)
        #expect(try place.imflow("verify", "other").code == 0)
        #expect(try place.imflow("doctor").code == 0)
    }

    @Test("of a file that is no database nothing is saved, and work goes on in a new one", arguments: ["page", "file"])
    func noDatabase(kind: String) throws {
        try finished("part")
        if kind == "page" {
            try overwriteRoot(of: "fact")
        } else {
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: "\(place.state)/imflow.db\(suffix)") }
            try Data(repeating: 0x41, count: 9_000).write(to: URL(filePath: place.state + "/imflow.db"))
            #expect(try place.imflow("job").errors.contains("imflow doctor --repair"))
        }
        #expect(try place.imflow("doctor").code == 1)
        let repaired = try place.imflow("doctor", "--repair")
        #expect(repaired.code == 0, "\(repaired.output)\(repaired.errors)")
        #expect(repaired.output.contains("0 jobs were saved"))
        #expect(try damagedFiles().count == 1)
        #expect(try place.imflow("run", "part.json", "--model", "part").code == 0)
    }

    @Test("where an engine runs, looking finds nothing wrong and repairing is refused")
    func living() throws {
        // The model itself asks: then its engine is certainly there.
        try place.model(
            "asks",
            """
            "$IMFLOW" doctor --state "$STATE" >"$PLACE/looked" 2>&1; echo "$?" >>"$PLACE/looked"
            "$IMFLOW" doctor --repair --state "$STATE" >"$PLACE/repaired" 2>&1; echo "$?" >>"$PLACE/repaired"
            echo 1
            """,
            keys: "env: {IMFLOW: \"\(Workplace.binary)\", STATE: \"\(place.state)\", PLACE: \"\(place.path)\"}\n")
        try place.write("asks.json", #"{"job_id": "asks", "input": {"x": 1}}"#)
        #expect(try place.imflow("run", "asks.json", "--model", "asks").code == 0)
        #expect(place.read("looked").hasSuffix("is sound\n0\n"), "\(place.read("looked"))")
        #expect(place.read("repaired").contains("drives job asks"), "\(place.read("repaired"))")
        #expect(place.read("repaired").hasSuffix("\n2\n"))
        #expect(try place.imflow("verify", "asks").code == 0)
    }

    @Test("an empty database, as a kill at the start leaves it, is sound")
    func empty() throws {
        try FileManager.default.createDirectory(atPath: place.state, withIntermediateDirectories: true)
        #expect(try findings(place.imflow("doctor", "--output", "json")) == ["database found"])
        try place.write("state/imflow.db", "")
        let ended = try place.imflow("doctor", "--repair")
        #expect(ended.code == 0, "\(ended.output)\(ended.errors)")
        try killed()
    }
}
