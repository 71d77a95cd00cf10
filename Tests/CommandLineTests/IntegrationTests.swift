import Foundation
import ImflowJSON
import Testing

/// The ready-made integrations as their hosts run them: pre-commit's hooks, the steps of the GitHub action, and the
/// script of the GitLab snippet.
@Suite("Integrations", .onThreads)
struct IntegrationTests {
    private let place: Workplace
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let hasPreCommit = FileManager.default.isExecutableFile(atPath: "/usr/bin/pre-commit")

    init() throws {
        place = try Workplace()
        try place.write("bad/model.yaml", "name: a\nentrypoint: [./run]\nprot: 1\n")
        try place.write("good/model.yaml", "entrypoint: [./run]\nname: good\n")
        try place.write("notes.yaml", "not: ours\n")
    }

    /// A `PATH` on which `imflow` is the built one.
    private func path() throws -> String {
        let folder = place.path + "/.bin"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try? FileManager.default.createSymbolicLink(atPath: folder + "/imflow", withDestinationPath: Workplace.binary)
        return folder + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
    }

    private func git(_ words: String...) throws {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
        let ended = try place.run(["git"] + identity + words)
        #expect(ended.code == 0, "\(ended.errors)")
    }

    @Test("pre-commit checks what changed, checks all, and formats", .enabled(if: hasPreCommit, "needs pre-commit"))
    func preCommit() throws {
        try place.write("hooks/.pre-commit-hooks.yaml", try Self.text(".pre-commit-hooks.yaml"))
        try git("-C", "hooks", "init", "-q")
        try git("-C", "hooks", "add", ".")
        try git("-C", "hooks", "commit", "-qm", "hooks")
        let hooks = try place.run(["git", "-C", "hooks", "rev-parse", "HEAD"])
        let ids = ["imflow-check", "imflow-check-all", "imflow-fmt"]
        try place.write(
            ".pre-commit-config.yaml",
            "repos:\n  - repo: \(place.path)/hooks\n    rev: \(hooks.output)    hooks:\n"
                + ids.map { "      - id: \($0)\n" }.joined())
        try place.write(".gitignore", "/hooks/\n/.bin/\n/.run-*\n/cache/\n/state/\n")
        try git("init", "-q")
        try git("add", ".")
        let environment = ["PATH": try path(), "PRE_COMMIT_HOME": place.path + "/cache"]
        func run(_ hook: String, _ arguments: String...) throws -> Ended {
            try place.run(["pre-commit", "run", hook, "--verbose"] + arguments, environment: environment)
        }
        let changed = try run("imflow-check", "--all-files")
        #expect(changed.code == 1 && changed.output.contains("unknown-key [IMF0101]"), "\(changed)")
        #expect(!changed.output.contains("notes.yaml"))
        #expect(try run("imflow-check", "--files", "good/model.yaml").code == 0)
        #expect(try run("imflow-check", "--files", "notes.yaml").output.contains("Skipped"))
        #expect(try run("imflow-check-all", "--files", "good/model.yaml").code == 1)
        #expect(try run("imflow-fmt", "--files", "good/model.yaml").code == 1, "a hook that changes files fails")
        #expect(place.read("good/model.yaml") == "name: good\nentrypoint: [./run]\n")
        #expect(try run("imflow-fmt", "--files", "good/model.yaml").code == 0)
    }

    @Test("the GitHub action's steps check, annotate and write SARIF")
    func action() throws {
        let action = try place.imflow("debug", "tree", Self.project.appending(path: "action.yml").path).json
        #expect(action["runs"]?["using"] == "composite")
        let inputs = try #require(action["inputs"]?.objectValue)
        let steps = try #require(action["runs"]?["steps"]?.arrayValue)
        // Every input reaches a step, and every expression names an input or what GitHub gives.
        let text = try Self.text("action.yml")
        for name in inputs.keys { #expect(text.contains("inputs.\(name) }}")) }
        let check = try #require(steps.first { $0["name"] == "Check" })
        let script = try #require(check["run"]?.stringValue)
        func run(_ paths: String, failOn: String = "error", sarif: String = "") throws -> Ended {
            try place.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
                environment: [
                    "PATH": try path(), "PATHS": paths, "FAIL_ON": failOn, "SARIF": sarif, "GITHUB_ACTIONS": "true",
                ])
        }
        #expect(check["env"] == ["PATHS": "${{ inputs.paths }}", "FAIL_ON": "${{ inputs.fail-on }}", "SARIF": "${{ inputs.sarif-file }}"])
        let bad = try run("bad good", sarif: "out.sarif")
        #expect(bad.code == 1)
        #expect(bad.output.contains("::error file=bad/model.yaml,line=3,"))
        let log = try JSONValue.parse(Array(place.read("out.sarif").utf8))
        #expect(log["runs"]?.arrayValue?.first?["results"]?.arrayValue?.count == 1)
        #expect(try run("good").code == 0)
        let build = try #require(steps.first { $0["name"] == "Build imflow" }?["run"]?.stringValue)
        let installed = try place.run(["bash", "-eo", "pipefail", "-c", build], environment: ["PATH": try path()])
        #expect(installed.code == 0 && installed.output.isEmpty)
        let bare = try place.run(["bash", "-eo", "pipefail", "-c", build], environment: ["PATH": "/usr/bin:/bin"])
        #expect(bare.code == 2 && bare.output.hasPrefix("::error::imflow is built with Swift"), "\(bare)")
    }

    @Test("the GitLab snippet writes a code quality report and fails the job")
    func gitLab() throws {
        let guide = try Self.text("docs/ci.md")
        let section = try #require(guide.components(separatedBy: "## GitLab").last)
        let snippet = try #require(section.components(separatedBy: "```yaml\n").dropFirst().first?.components(separatedBy: "```").first)
        try place.write("snippet.yml", snippet)
        let job = try place.imflow("debug", "tree", "snippet.yml").json["manifests"]
        let lines = try #require(job?["script"]?.arrayValue)
        let script = lines.compactMap(\.stringValue)
        let report = try #require(job?["artifacts"]?["reports"]?["codequality"]?.stringValue)
        let ended = try place.run(
            ["sh", "-ec", script.joined(separator: "\n")], environment: ["PATH": try path(), "GITLAB_CI": "true"])
        #expect(ended.code == 1)
        let findings = try JSONValue.parse(Array(place.read(report).utf8)).arrayValue
        #expect(findings?.first?["check_name"]?.stringValue?.contains("unknown-key") == true, "\(place.read(report))")
        #expect(findings?.first?["location"]?["path"] == "bad/model.yaml")
    }

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: project.appending(path: name), encoding: .utf8)
    }
}
