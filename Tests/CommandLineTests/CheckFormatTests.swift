import Foundation
import ImflowJSON
import Testing

/// `imflow check --format` as CI systems call it.
@Suite("Check formats", .onThreads)
struct CheckFormatTests {
    private let place: Workplace
    private let annotation =
        "::error file=sub/model.yaml,line=3,col=1,endLine=3,endColumn=5,title=unknown-key [IMF0101]::"

    init() throws {
        place = try Workplace()
        try place.write(".git/HEAD", "")
        try place.write("sub/model.yaml", "name: a\nentrypoint: [./run]\nprot: 1\n")
        try place.write("sub/ok/model.yaml", "name: b\nentrypoint: [./run]\n")
    }

    private func check(_ arguments: String..., actions: String = "") throws -> Ended {
        let words = arguments.joined(separator: " ")
        let command = "cd sub && exec \"$0\" check \(words)"
        return try place.run(["sh", "-c", command, Workplace.binary], environment: ["GITHUB_ACTIONS": actions])
    }

    @Test("paths are the repository's, wherever the check is started")
    func repositoryPaths() throws {
        let sarif = try check("--format", "sarif")
        #expect(sarif.code == 1)
        let result = try sarif.json["runs"]?.arrayValue?.first?["results"]?.arrayValue?.first
        let location = result?["locations"]?.arrayValue?.first
        #expect(location?["physicalLocation"]?["artifactLocation"] == ["uri": "sub/model.yaml", "uriBaseId": "%SRCROOT%"])
        #expect(try check("--format", "gitlab").json.arrayValue?.first?["location"]?["path"] == "sub/model.yaml")
        let junit = try check("--format", "junit").output
        #expect(junit.contains("tests=\"2\" failures=\"1\""))
        #expect(junit.contains("<testcase classname=\"imflow.check\" name=\"sub/ok/model.yaml\""))
        #expect(try check("--format", "github").output.hasPrefix(annotation))
    }

    @Test("GitHub's machines get annotations beside the text, unless a format is asked for")
    func annotations() throws {
        let plain = try check()
        #expect(!plain.output.contains("::error"))
        let both = try check(actions: "true")
        #expect(both.output.hasPrefix(plain.output + annotation))
        #expect(both.code == 1)
        #expect(try check("--format", "full", actions: "true").output == plain.output)
        #expect(try check("--format", "json", actions: "true").json["errors"] == 1)
    }

    @Test("a baseline holds what was there, wherever it has moved, and nothing else")
    func baseline() throws {
        try place.write("sub/two/model.yaml", "name: c\nentrypoint: [./run]\nprot: 1\nprot: 1\n")
        #expect(try check("--write-baseline", "--baseline", "known.json").code == 0)
        let known = place.read("sub/known.json")
        #expect(known.contains("\"file\": \"sub/model.yaml\""))
        try place.write("sub/model.yaml", "# moved\n\nname: a\nentrypoint: [./run]\nprot: 1\n")
        let same = try check("--baseline", "known.json")
        #expect(same.code == 0, "\(same.output)")
        #expect(same.output.isEmpty)
        try place.write("sub/ok/model.yaml", "name: b\nentrypoint: [./run]\nprot: 1\n")
        let new = try check("--baseline", "known.json", "--format", "concise")
        #expect(new.code == 1)
        #expect(new.output.hasPrefix("ok/model.yaml:3:1: error:"))
        #expect(new.output.split(separator: "\n").count == 1)
        #expect(place.read("sub/known.json") == known)
    }

    @Test("a text that cannot be read is in no baseline")
    func baselineOfBrokenText() throws {
        try place.write("sub/model.yaml", "name: a\nx-b: c: d\n")
        let written = try check("--write-baseline", "--baseline", "known.json")
        #expect(written.code == 1)
        #expect(written.output.contains("IMF0001"))
    }

    @Test("what is no baseline is refused", arguments: ["", "[]", "{\"schema\": \"imflow.baseline/v1\"}", "nothing"])
    func badBaseline(_ text: String) throws {
        if text != "nothing" { try place.write("sub/known.json", text) }
        let ended = try check("--baseline", "known.json")
        #expect(ended.code == 2)
        #expect(ended.errors.contains("known.json"), "\(ended.errors)")
        #expect(try check("--write-baseline").code == 2)
        #expect(try check("--write-baseline", "--baseline", "no/such/folder.json").code == 2)
    }
}
