import Foundation
import ImflowJSON
import Testing

/// `imflow check --format` as CI systems call it.
@Suite("Check formats")
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
        let location = try sarif.json["runs"]?.arrayValue?.first?["results"]?.arrayValue?.first?["locations"]?.arrayValue?.first?["physicalLocation"]
        #expect(location?["artifactLocation"] == ["uri": "sub/model.yaml", "uriBaseId": "%SRCROOT%"])
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
}
