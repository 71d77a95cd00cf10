import Foundation
import Glibc
import ImflowJSON
import Testing

/// `imflow cas`, and what a run does with the files of the content store.
@Suite("Content store", .onThreads)
struct ContentCommandTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        // Answers how many names its input file has, and makes a file of its own.
        try place.model(
            "twice",
            """
            file=$(sed -E 's/.*"doc_url":"file:\\/\\/([^"]*)".*/\\1/')
            cat "$file" "$file" >"$IMFLOW_WORKDIR/out.bin"
            printf '{"links": %s, "file": "file://%s/out.bin"}' "$(stat -c %h "$file")" "$IMFLOW_WORKDIR"

            """)
        try place.write("page.txt", String(repeating: "some text\n", count: 3000))
    }

    @discardableResult
    private func run(_ id: String, model: String = "twice", _ more: String...) throws -> Ended {
        try place.run(
            [Workplace.binary, "run", "--model", model, "--input", "doc_url=file://\(place.path)/page.txt", "--job-id", id] + more)
    }

    private func output(_ id: String) throws -> JSONValue {
        try #require(try place.imflow("job", "--id", id, "--output", "json").json["output"])
    }

    /// Where a job's result file is stored.
    private func storedResult(_ id: String) throws -> String {
        let reference = try #require(try output(id)["file"]?.stringValue)
        let hex = reference.dropFirst("cas://sha256/".count).prefix(64)
        return "\(place.state)/cas/sha256/\(hex.prefix(2))/\(hex.dropFirst(2))"
    }

    private func spoil(_ path: String) throws {
        let bytes = try Data(contentsOf: URL(filePath: path))
        chmod(path, 0o644)
        try (bytes.dropLast() + [0]).write(to: URL(filePath: path))
    }

    private func stored() throws -> Int { try #require(try place.imflow("cas", "ls", "--output", "json").json["contents"]?.arrayValue).count }

    @Test("a model's input file is the stored one by another name, unless it asks for a copy")
    func links() throws {
        try run("linked")
        let links = try #require(try output("linked")["links"]?.intValue)
        let copied = try run("copied", "--copy-inputs")
        #expect(copied.code == 0)
        #expect(try output("copied")["links"] == 1)
        // A file system whose files can share blocks needs no links.
        #expect(links == 2 || links == 1)
        // The result was made in the work folder, and is stored with the time of its taking in, read-only.
        var status = stat()
        #expect(stat(try storedResult("linked"), &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o444 && status.st_nlink == 1)
        #expect(try place.imflow("cas", "verify").code == 0)
    }

    @Test("a model that writes to its input fails by name; the resume makes the input again, and copies do no harm")
    func spoiler() throws {
        try place.model(
            "spoiler",
            """
            file=$(sed -E 's/.*"doc_url":"file:\\/\\/([^"]*)".*/\\1/')
            chmod u+w "$file"; echo more >>"$file"; wc -c <"$file"

            """)
        let first = try run("one", model: "spoiler")
        if first.code == 0 { return }
        #expect(first.code == 1)
        #expect(first.errors.contains("`page.txt` was changed"), "\(first.errors)")
        #expect(first.errors.contains("--copy-inputs"))
        #expect(try place.imflow("cas", "verify").code == 0)
        let second = try place.imflow("resume", "one", "--copy-inputs")
        #expect(second.code == 0, "\(second.errors)")
        #expect(second.errors.contains("they are fetched again"))
        #expect(second.output.trimmingCharacters(in: .whitespacesAndNewlines) == "30005")
        #expect(try place.imflow("cas", "verify").code == 0)
    }

    @Test("a lost input is fetched again only where its URL still answers the same bytes")
    func changedInput() throws {
        try place.model("closed", "exit 1\n")
        try run("one", model: "closed")
        let lost = try place.run(["sh", "-c", "rm -r state/cas/sha256/*"])
        #expect(lost.code == 0)
        try place.write("page.txt", "something else")
        let ended = try place.imflow("resume", "one")
        #expect(ended.code == 3)
        #expect(ended.errors.contains("page.txt` has changed since the job was submitted"), "\(ended.errors)")
    }

    @Test("engines that store the same bytes at the same time agree")
    func together() throws {
        let runs = try (0..<4).map { number in
            let process = Process()
            process.executableURL = URL(filePath: Workplace.binary)
            process.arguments = [
                "run", "--model", "twice", "--input", "doc_url=file://\(place.path)/page.txt", "--job-id", "job-\(number)",
            ]
            process.currentDirectoryURL = URL(filePath: place.path)
            process.environment = ProcessInfo.processInfo.environment.merging(["IMFLOW_HOME": place.state]) { $1 }
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.runWithinLimit()
            return process
        }
        for process in runs {
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        #expect(try stored() == 2)
        #expect(try place.imflow("cas", "verify").code == 0)
    }

    @Test("damage is found, its jobs are named, and --repair takes it out so that a resume mends it")
    func verify() throws {
        try run("one")
        try run("two", "--copy-inputs")
        let path = try storedResult("one")
        try spoil(path)
        let found = try place.imflow("cas", "verify", "--output", "json")
        #expect(found.code == 1)
        let damage = try #require(try found.json["damaged"]?.arrayValue?.first)
        #expect(try found.json["schema"] == "imflow.cas-verify/v1")
        #expect(try found.json["contents"] == 2)
        #expect(damage["jobs"] == ["one", "two"])
        #expect(damage["quarantined"] == .null)
        #expect(damage["help"]?.stringValue?.contains("imflow resume one") == true)
        #expect(FileManager.default.fileExists(atPath: path))
        let repaired = try place.imflow("cas", "verify", "--repair")
        #expect(repaired.code == 1)
        #expect(repaired.output.contains("/cas/quarantine/"))
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try place.imflow("cas", "verify").code == 0)
        #expect(try place.imflow("resume", "one").code == 0)
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(try place.imflow("verify", "one").code == 0)
        #expect(try place.imflow("verify", "two").code == 0)
    }

    @Test("what is no file is damage; what nobody refers to is not a job's")
    func strangers() throws {
        try run("one")
        let path = try storedResult("one")
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc/passwd")
        let shard = "\(place.state)/cas/sha256/ab"
        try FileManager.default.createDirectory(atPath: shard, withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(filePath: shard + "/" + String(repeating: "0", count: 62)))
        let found = try place.imflow("cas", "verify", "--repair", "--output", "json")
        let damage = try #require(try found.json["damaged"]?.arrayValue)
        #expect(damage.count == 2)
        #expect(Set(damage.map { $0["jobs"]?.arrayValue?.count }) == [0, 1])
        #expect(damage.allSatisfy { $0["quarantined"]?.stringValue != nil })
        #expect(try place.imflow("cas", "verify").code == 0)
    }

    @Test("contents are listed and shown by every way to write a hash; damaged ones are not shown")
    func show() throws {
        try run("one")
        let list = try place.imflow("cas", "ls", "one", "--output", "json").json
        #expect(list["schema"] == "imflow.cas/v1")
        #expect(list["bytes"] == 90000)
        let reference = try #require(try output("one")["file"]?.stringValue)
        let hex = String(reference.dropFirst("cas://sha256/".count).prefix(64))
        let text = String(repeating: "some text\n", count: 6000)
        for name in [hex, "0x" + hex, "sha256:" + hex, hex.uppercased(), String(hex.prefix(12)), reference] {
            #expect(try place.imflow("cas", "cat", name).output == text, "\(name)")
        }
        for (name, code) in [("nothing", Int32(2)), ("00", 2), ("0000000000", 1), (String(repeating: "0", count: 64), 1)] {
            let ended = try place.imflow("cas", "cat", name)
            #expect(ended.code == code && ended.output.isEmpty, "\(name): \(ended.code)")
        }
        try spoil(storedResult("one"))
        let damaged = try place.imflow("cas", "cat", hex)
        #expect(damaged.code == 3 && damaged.output.isEmpty)
        #expect(try place.imflow("cas", "ls", "--state", place.path + "/none").code == 2)
    }

    @Test("an export is checked by sha256sum, in a folder and in an archive that is always the same")
    func export() throws {
        try run("one")
        let hex = String(try #require(try output("one")["file"]?.stringValue).dropFirst("cas://sha256/".count).prefix(64))
        #expect(try place.imflow("cas", "export", "one", "0x" + hex, "--to", "out", "--all").code == 0)
        let check = try place.run(["sh", "-c", "cd out && sha256sum -c --strict SHA256SUMS && find . -type f | sort"])
        #expect(check.code == 0, "\(check.output) \(check.errors)")
        for path in [
            "contents/\(hex)", "jobs/one/job.json", "jobs/one/plan.json", "jobs/one/input.json", "jobs/one/inputs/page.txt",
            "jobs/one/output.json", "jobs/one/outputs/out.bin", "jobs/one/results/one-00.json", "manifest.json",
        ] { #expect(check.output.contains("./\(path)\n"), "\(path)") }
        let job = try JSONValue.parse(place.read("out/jobs/one/job.json"))
        #expect(job["receipts"]?.arrayValue?.count == 1)
        #expect(!place.read("out/jobs/one/job.json").contains(place.path))
        let manifest = try JSONValue.parse(place.read("out/manifest.json"))
        let result = manifest["files"]?.arrayValue?.first { $0["path"] == "jobs/one/outputs/out.bin" }
        #expect(result?["hash"] == .string("0x" + hex))
        #expect(result?["reference"] == .string("cas://sha256/\(hex)/out.bin"))

        let archive = try place.run(
            ["sh", "-c", "\"$0\" cas export one 0x\(hex) --to - >a.tar && \"$0\" cas export one 0x\(hex) --to b.tar && cmp a.tar b.tar", Workplace.binary])
        #expect(archive.code == 0, "\(archive.errors)")
        let unpacked = try place.run(
            ["sh", "-c", "mkdir x && tar xf a.tar -C x && cd x && sha256sum -c --strict SHA256SUMS && stat -c %h contents/\(hex)"])
        #expect(unpacked.code == 0, "\(unpacked.output) \(unpacked.errors)")
        // The same bytes under two paths are in the archive once.
        #expect(unpacked.output.hasSuffix("\n2\n"))
    }

    @Test("an export never overwrites, and leaves nothing behind when something is damaged")
    func exportFailures() throws {
        try run("one")
        try place.write("full/file", "x")
        #expect(try place.imflow("cas", "export", "one", "--to", "full").code == 2)
        #expect(try place.imflow("cas", "export", "one", "--to", "none/x.tar").code == 2)
        #expect(try place.imflow("cas", "export", "nojob", "--to", "out").code == 2)
        try spoil(storedResult("one"))
        let before = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
        for target in ["out", "out.tar"] {
            let ended = try place.imflow("cas", "export", "one", "--to", target)
            #expect(ended.code == 1)
            #expect(ended.errors.contains("jobs/one/outputs/out.bin"), "\(ended.errors)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).sorted() == before)
    }

    @Test("cas gc is gc")
    func collect() throws {
        try run("one")
        let (one, other) = (try place.imflow("cas", "gc", "--dry-run"), try place.imflow("gc", "--dry-run"))
        #expect(one.code == 0 && one.output == other.output && !one.output.isEmpty)
    }
}
