import Foundation
import ImflowCompiler
import Testing
import imflow

/// `imflow check --fix`, `--diff` and `--stdin-filename` on real files.
@Suite("Fixes", .onThreads)
struct FixCommandTests {
    private let place: Workplace
    private static let broken = "entrypoint: [./run]\r\n# kept\r\nport: \"9000\"  # kept, too\r\ncache: yes\r\nresources: {memory: 4g}"
    private static let mended =
        "name: tool\r\nentrypoint: [./run]\r\n# kept\r\nport: 9000  # kept, too\r\ncache: true\r\nresources: {memory: 4g}"

    init() throws {
        place = try Workplace()
        try place.write(".git/HEAD", "")
        try place.write("tool/model.yaml", Self.broken)
        try place.write("other/model.yaml", "name: other\nentrypoint: [./run]\ncache: on\n")
    }

    private func sh(_ script: String) throws -> Ended { try place.run(["sh", "-c", script, Workplace.binary]) }
    private func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: place.path + "/" + name)[.posixPermissions] as? Int
    }

    @Test("fixes are written, and what remains decides")
    func writes() throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: place.path + "/tool/model.yaml")
        let ended = try place.imflow("check", "--fix", "--format", "concise")
        #expect(ended.code == 1)
        #expect(ended.output.hasPrefix("tool/model.yaml:6:21: error: `memory`"))
        #expect(ended.output.split(separator: "\n").count == 1)
        #expect(ended.errors == "fixed 4 findings in 2 files\n")
        #expect(place.read("tool/model.yaml") == Self.mended)
        #expect(place.read("other/model.yaml") == "name: other\nentrypoint: [./run]\ncache: true\n")
        #expect(try mode("tool/model.yaml") == 0o640)
        let again = try place.imflow("check", "--fix", "other")
        #expect(again.code == 0)
        #expect(again.errors == "1 file checked\n")
        #expect(try place.imflow("check", "--fix", "--unsafe-fixes", "tool").code == 0)
        #expect(place.read("tool/model.yaml").hasSuffix("memory: 4Gi}"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path + "/tool") == ["model.yaml"])
    }

    @Test("a diff is shown, nothing is written, and git makes of it what --fix would", arguments: ["git apply", "patch --binary -sp1 -i"])
    func diffs(_ tool: String) throws {
        let shown = try place.imflow("check", "--diff")
        #expect(shown.code == 1)
        #expect(shown.errors == "would fix 4 findings in 2 files\n")
        #expect(place.read("tool/model.yaml") == Self.broken)
        try place.write("fix.diff", shown.output)
        #expect(try sh("rm -r .git && GIT_CEILING_DIRECTORIES=/ \(tool) fix.diff").code == 0)
        #expect(place.read("tool/model.yaml") == Self.mended)
        #expect(place.read("other/model.yaml") == "name: other\nentrypoint: [./run]\ncache: true\n")
        let none = try place.imflow("check", "--diff")
        #expect(none.code == 0 && none.output.isEmpty)
    }

    @Test("a link's target is written and the link stays")
    func links() throws {
        try FileManager.default.createSymbolicLink(
            atPath: place.path + "/link.yaml", withDestinationPath: "other/model.yaml")
        #expect(try place.imflow("check", "--fix", "link.yaml").code == 0)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: place.path + "/link.yaml") == "other/model.yaml")
        #expect(place.read("other/model.yaml").contains("cache: true"))
    }

    @Test("a read-only file is told of, and the others are mended")
    func readOnly() throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: place.path + "/other/model.yaml")
        let ended = try place.imflow("check", "--fix", "--unsafe-fixes")
        #expect(ended.code == 2)
        #expect(ended.errors.contains("imflow: other/model.yaml is read-only and stays as it is; `chmod u+w`"))
        #expect(place.read("other/model.yaml").contains("cache: on"))
        #expect(place.read("tool/model.yaml").hasPrefix("name: tool"))
    }

    @Test("a file that was changed meanwhile stays as it is")
    func changedMeanwhile() throws {
        let path = place.path + "/other/model.yaml"
        let rewrite = FileRewrite(path: path, name: "other/model.yaml", old: Array("older".utf8), new: Array("new".utf8))
        #expect { try rewrite.write() } throws: { ($0 as? FileProblem)?.message.contains("was changed by somebody else") == true }
        #expect(place.read("other/model.yaml").contains("cache: on"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path + "/other") == ["model.yaml"])
    }

    @Test("standard input comes out mended, the findings beside it")
    func standardInput() throws {
        let ended = try sh("printf 'name: a\\ncache: yes\\ncolour: 1\\n' | \"$0\" check --fix --format concise -")
        #expect(ended.code == 1)
        #expect(ended.output == "name: a\ncache: true\ncolour: 1\n")
        #expect(ended.errors.contains("<stdin>:3:1: error: unknown key `colour`"))
        let broken = try sh("printf 'name: a\\ncache: yes\\nx: [' | \"$0\" check --fix -")
        #expect(broken.code == 1)
        #expect(broken.output == "name: a\ncache: yes\nx: [")
    }

    @Test("standard input stands for a file, in its folder and for those who call it")
    func standardInputName() throws {
        let fresh = try sh("printf 'entrypoint: [./run]\\n' | \"$0\" check --fix --stdin-filename new/place/model.yaml -")
        #expect(fresh.code == 0)
        #expect(fresh.output == "name: place\nentrypoint: [./run]\n")
        #expect(!FileManager.default.fileExists(atPath: place.path + "/new"))
        try place.write("job.json", "{\"model\": \"other\", \"input\": {}}")
        let shadowed = try sh("printf 'name: renamed\\n' | \"$0\" check --format concise - job.json --stdin-filename other/model.yaml")
        #expect(shadowed.code == 1)
        #expect(shadowed.output.contains("job.json:1:11: error: no model is named `other`"))
        #expect(place.read("other/model.yaml").contains("name: other"))
        let job = try sh("printf 'x' | \"$0\" check --format concise --stdin-filename some.job.json")
        #expect(job.output.hasPrefix("some.job.json:1:1: error: invalid JSON"))
        #expect(try sh("\"$0\" check tool --stdin-filename x.yaml").code == 2)
    }

    @Test("what a baseline knows is not mended")
    func baselines() throws {
        #expect(try place.imflow("check", "--write-baseline", "--baseline", "known.json").code == 0)
        try place.write("tool/model.yaml", Self.broken + "\r\nmin_success_ratio: '1'\r\n")
        #expect(try place.imflow("check", "--fix", "--baseline", "known.json").code == 0)
        #expect(place.read("tool/model.yaml") == Self.broken + "\r\nmin_success_ratio: 1\r\n")
    }

    @Test("words that do not go together are refused", arguments: ["--unsafe-fixes", "--fix --write-baseline --baseline x"])
    func usage(_ words: String) throws { #expect(try sh("\"$0\" check \(words)").code == 2) }
}
