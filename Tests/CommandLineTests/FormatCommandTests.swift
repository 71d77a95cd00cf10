import Foundation
import Testing

/// `imflow fmt` on real files.
@Suite("Formatting", .onThreads)
struct FormatCommandTests {
    private let place: Workplace
    private static let laidOut = "name: tool\nentrypoint: [./run]\n"

    init() throws {
        place = try Workplace()
        try place.write("tool/model.yaml", "entrypoint:   [./run]\nname:  tool\n")
        try place.write("fine/model.yaml", Self.laidOut)
        try place.write("job.json", "{\"model\": \"tool\",\n\"input\": {}}")
    }

    private func sh(_ script: String) throws -> Ended { try place.run(["sh", "-c", script, Workplace.binary]) }

    @Test("files of a folder are laid out, and only those that need it are written")
    func folders() throws {
        let before = try FileManager.default.attributesOfItem(atPath: place.path + "/fine/model.yaml")[.systemFileNumber] as? Int
        let ended = try place.imflow("fmt")
        #expect(ended.code == 0)
        #expect(ended.output.isEmpty)
        #expect(ended.errors == "3 files looked at, 2 changed\n")
        #expect(place.read("tool/model.yaml") == Self.laidOut)
        #expect(place.read("job.json") == "{\n  \"model\": \"tool\",\n  \"input\": {}\n}\n")
        let after = try FileManager.default.attributesOfItem(atPath: place.path + "/fine/model.yaml")[.systemFileNumber] as? Int
        #expect(before == after)
        #expect(try place.imflow("fmt", "--check").code == 0)
    }

    @Test("--check lists and --diff shows what would change; neither writes")
    func dryRuns() throws {
        let check = try place.imflow("fmt", "--check")
        #expect(check.code == 1)
        #expect(check.output.split(separator: "\n").sorted() == ["job.json", "tool/model.yaml"])
        let diff = try place.imflow("fmt", "--diff")
        #expect(diff.code == 1)
        #expect(place.read("tool/model.yaml") == "entrypoint:   [./run]\nname:  tool\n")
        try place.write("fmt.diff", diff.output)
        #expect(try sh("GIT_CEILING_DIRECTORIES=/ git apply fmt.diff").code == 0)
        #expect(place.read("tool/model.yaml") == Self.laidOut)
        #expect(try place.imflow("fmt", "--diff").code == 0)
    }

    @Test("standard input comes out laid out")
    func standardInput() throws {
        let plain = try sh("printf 'port:  1\\nname: a\\n' | \"$0\" fmt -")
        #expect(plain.code == 0 && plain.output == "name: a\nport: 1\n" && plain.errors.isEmpty)
        let named = try sh("printf 'priority:  1\\njob_id: a\\n' | \"$0\" fmt --stdin-filename tool/job.yaml")
        #expect(named.output == "job_id: a\npriority: 1\n")
        let shadow = try sh("printf 'port:  1\\nname: a\\n' | \"$0\" fmt - --stdin-filename tool/model.yaml")
        #expect(shadow.output == "name: a\nport: 1\n")
        #expect(place.read("tool/model.yaml") == "entrypoint:   [./run]\nname:  tool\n")
        let broken = try sh("printf 'a: [' | \"$0\" fmt -")
        #expect(broken.code == 1 && broken.output.isEmpty && broken.errors.contains("IMF0001"))
        #expect(try sh("printf 'port:  1\\nname: a\\n' | \"$0\" fmt --check -").code == 1)
    }

    @Test("what cannot be laid out stays and is told of")
    func refusals() throws {
        try place.write("bad/model.yaml", "name: a\n\tb: c\n")
        try place.write("odd/model.yaml", "? name\n: odd\n")
        let ended = try place.imflow("fmt", "bad", "odd", "nowhere.yaml", "tool")
        #expect(ended.code == 2)
        #expect(ended.errors.contains("bad/model.yaml:2:1"))
        #expect(ended.errors.contains("odd/model.yaml:1:1: left as it is: a key behind `?`"))
        #expect(ended.errors.contains("imflow: nowhere.yaml does not exist"))
        #expect(place.read("bad/model.yaml") == "name: a\n\tb: c\n")
        #expect(place.read("odd/model.yaml") == "? name\n: odd\n")
        #expect(place.read("tool/model.yaml") == Self.laidOut)
        #expect(try place.imflow("fmt", "bad").code == 1)
        #expect(try place.imflow("fmt", "odd").code == 0)
    }
}
