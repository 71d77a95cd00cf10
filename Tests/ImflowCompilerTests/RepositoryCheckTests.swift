import Dispatch
import Foundation
import ImflowDiagnostics
import ImflowJSON
import ImflowIR
import Testing

@testable import ImflowCompiler

/// A check of a folder: which files, in what order, and under what settings.
@Suite struct RepositoryCheckTests {
    private static let model = "name: echo\nentrypoint: [cat]\nprotocol: exec\n"
    private static let warning = model + "multi_node:\n  tile_size: 512\n"

    private func check(_ files: [String: String], _ paths: String..., in folder: String = "/repo") -> CheckReport {
        Compiler(MemoryFiles(files, in: folder)).check(paths)
    }

    @Test func whatGitIgnoresIsLeftOut() {
        let report = check(
            [
                ".gitignore": "build/\n*.tmp.imflow.yaml\n!keep.tmp.imflow.yaml\n", "model.yaml": Self.model,
                "build/model.yaml": "garbage: [", "a.tmp.imflow.yaml": "garbage: [",
                "keep.tmp.imflow.yaml": Self.model, "deep/.gitignore": "/own\n", "deep/own/model.yaml": "garbage: [",
                "deep/er/own/model.yaml": Self.model, ".git/info/exclude": "private/\n",
                "private/model.yaml": "garbage: [",
            ], ".")
        #expect(report.files == ["keep.tmp.imflow.yaml", "model.yaml", "deep/er/own/model.yaml"])
        #expect(report.diagnostics.isEmpty)
    }

    @Test func patternsAboveTheFolderHold() {
        let files = [".gitignore": "sub/out/\n", "sub/model.yaml": Self.model, "sub/out/model.yaml": "garbage: ["]
        #expect(check(files, "sub").files == ["sub/model.yaml"])
    }

    @Test func whatIsNamedIsChecked() {
        let files = [".gitignore": "model.yaml\n", "model.yaml": Self.warning]
        #expect(check(files, "model.yaml").diagnostics.count == 1)
        #expect(check(files, ".").files.isEmpty)
    }

    @Test func settingsRaiseSilenceAndLeaveOut() {
        let files = [
            ".imflow.yaml": """
            exclude: [third_party/]
            severity:
              split-option-unused: error
            overrides:
              - paths: [drafts/]
                severity: {IMF0303: ignore}
              - paths: [drafts/final]
                severity: {split-option-unused: note}
            """,
            "a/model.yaml": Self.warning, "drafts/model.yaml": Self.warning, "drafts/final/model.yaml": Self.warning,
            "third_party/model.yaml": "garbage: [",
        ]
        let report = check(files, ".")
        #expect(report.files == ["a/model.yaml", "drafts/model.yaml", "drafts/final/model.yaml"])
        let told = report.diagnostics.map { "\($0.primary.span.source.name) \($0.severity)" }
        #expect(told == ["a/model.yaml error", "drafts/final/model.yaml note"])
    }

    @Test func theNearestSettingsHold() {
        let files = [
            ".imflow.yaml": "severity: {split-option-unused: ignore}\n", "a/.imflow.yaml": "# Nothing is settled here.\n",
            "a/model.yaml": Self.warning, "b/model.yaml": Self.warning,
        ]
        #expect(check(files, ".").diagnostics.map(\.primary.span.source.name) == ["a/model.yaml"])
    }

    @Test func errorsStayErrors() {
        let files = [".imflow.yaml": "severity: {unknown-key: ignore}\n", "model.yaml": Self.model + "nonsense: 1\n"]
        let found = check(files, ".").diagnostics.map(\.code.slug)
        #expect(found == ["bad-setting", "unknown-key"])
    }

    @Test func foldersThatAreTooDeepAreSaid() {
        let path = (0...FolderWalk.maximumDepth).map { _ in "d" }.joined(separator: "/")
        let found = check([path + "/model.yaml": Self.model, "model.yaml": Self.model], ".")
        #expect(found.diagnostics.map(\.code.slug) == ["too-many-files"])
        #expect(found.files == ["model.yaml"])
    }

    /// Pipelines and jobs that call models of files which were through before.
    @Test func workOnManyCoresGivesTheSame() {
        var files: [String: String] = [:]
        for index in 0..<80 {
            let folder = "models/m\(index)"
            switch index % 4 {
            case 0: files["\(folder)/model.yaml"] = "name: m\(index)\nentrypoint: [cat]\nprotocol: exec\n"
            case 1: files["\(folder)/model.yaml"] = "name: m\(index)\nmulti_node: {tile_size: 3}\nnonsense: 1\n"
            case 2:
                files["\(folder)/model.yaml"] =
                    "name: m\(index)\nchained_models:\n  - model_id: m\(index - 1)\n  - model_id: m\((index + 2) % 80)\n"
            default: files["\(folder)/job.json"] = #"{"model": "m\#(index - 1)", "input": {}}"#
            }
        }
        let reader = MemoryFiles(files)
        let alone = Compiler(reader).check(["."])
        let together = Compiler(reader, loop: { DispatchQueue.concurrentPerform(iterations: $0, execute: $1) }).check(["."])
        #expect(alone.diagnostics.count > 40)
        let renderer = DiagnosticRenderer(.full)
        #expect(renderer.render(alone.diagnostics) == renderer.render(together.diagnostics))
        #expect(alone.files == together.files)
        // File by file, as with all at once, less what only a job makes a mistake.
        let some = files.keys.sorted().enumerated().filter { $0.offset % 9 == 0 }.map(\.element)
        let singly = some.flatMap { Compiler(reader).check([$0]).diagnostics }
        let places = Set(singly.filter { some.contains($0.primary.span.source.name) }.map { "\($0.primary.span) \($0.code)" })
        let ofFiles = alone.diagnostics.filter {
            ![603, 604].contains($0.code.number) && some.contains($0.primary.span.source.name)
        }
        #expect(Set(ofFiles.map { "\($0.primary.span) \($0.code)" }) == places)
    }
}

/// The patterns of `.gitignore`, held against git itself.
@Suite struct GitIgnoreTests {
    private static let names = ["a", "b", "ab", "a.yaml", "b.yaml", "[x]", "a b", "ä"]
    private static let patterns = [
        "a", "/a", "a/", "/a/", "a/b", "a/b/", "**/a", "a/**", "a/**/b", "**/a/b", "*.yaml", "/*.yaml", "a*", "*b", "?",
        "[ab]", "[!a]", "[a-b].yaml", "\\[x\\]", "a\\ b", "# a", "\\#a", "!a", "!a.yaml", "!/a/b", "*", "!*/", "**", "a/*",
        "a ", "ä", "*/b", "**/b/**", "", "/", "[", "a[", "!", "\\a", "[]x]",
    ]

    @Test func agreesWithGit() throws {
        let git = URL(filePath: "/usr/bin/git")
        try #require(FileManager.default.isExecutableFile(atPath: git.path), "git is not installed")
        let root = FileManager.default.temporaryDirectory.appending(path: "gitignore-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        _ = try run(git, ["init", "-q"], in: root, input: "")
        var random = SeededGenerator(state: 7)
        for _ in 0..<100 {
            let outer = (0..<Int.random(in: 1...4, using: &random)).map { _ in Self.patterns.randomElement(using: &random)! }
            let inner = (0..<Int.random(in: 0...2, using: &random)).map { _ in Self.patterns.randomElement(using: &random)! }
            try (outer.joined(separator: "\n") + "\n").write(to: root.appending(path: ".gitignore"), atomically: true, encoding: .utf8)
            let sub = root.appending(path: "a")
            try FileManager.default.createDirectory(at: sub, withIntermediateDirectories: true)
            try (inner.joined(separator: "\n") + "\n").write(to: sub.appending(path: ".gitignore"), atomically: true, encoding: .utf8)
            let files = [
                GitIgnore(Array(outer.joined(separator: "\n").utf8), in: "/r"),
                GitIgnore(Array(inner.joined(separator: "\n").utf8), in: "/r/a"),
            ]
            let paths = Self.names + Self.names.flatMap { first in Self.names.map { "\(first)/\($0)" } }
                + Self.names.map { "a/b/\($0)" }
            let answer = try run(
                git, ["-c", "core.excludesFile=", "-c", "core.quotePath=false", "check-ignore", "--no-index", "--stdin", "-z"],
                in: root, input: paths.joined(separator: "\0") + "\0")
            let ignored = Set(answer.split(separator: "\0").map(String.init))
            for path in paths {
                #expect(
                    isIgnored(path, files) == ignored.contains(path),
                    "\(path) under \(outer) and \(inner) in a/")
            }
        }
    }

    /// As a walk finds it: a folder that is ignored is not entered.
    private func isIgnored(_ path: String, _ files: [GitIgnore]) -> Bool {
        let parts = path.split(separator: "/")
        for count in 1...parts.count {
            let part = "/r/" + parts[..<count].joined(separator: "/")
            let known = part.hasPrefix("/r/a/") ? files : [files[0]]
            let isFolder = count < parts.count || part == "/r/a"
            if GitIgnore.ignores(part, isFolder: isFolder, known) { return true }
        }
        return false
    }

    private func run(_ program: URL, _ words: [String], in folder: URL, input: String) throws -> String {
        let process = Process()
        process.executableURL = program
        process.arguments = words
        process.currentDirectoryURL = folder
        let (stdin, stdout) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = FileHandle.nullDevice
        try process.run()
        stdin.fileHandleForWriting.write(Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        let data = stdout.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}

/// What a check must not pass over in silence.
@Suite struct LoudCheckTests {
    private static let tooMany = "name: a\nentrypoint: [./run]\nenv:\n" + (0...600).map { "  K\($0): 1\n" }.joined()

    @Test func tooManyFindingsAreSaid() {
        let found = Compiler(MemoryFiles(["model.yaml": Self.tooMany])).check(["."]).diagnostics
        #expect(found.contains { $0.code == .tooManyFindings })
        // Nor does a baseline of what was told let the rest through.
        let context = ReportContext()
        let known = try? Baseline(JSONValue.parse(Baseline.text(of: found, context)))
        #expect(known?.new(in: found, context).map(\.code.slug) == ["too-many-findings"])
    }

    @Test func ignoresOfACutFileAreNotCalledUnused() {
        let keys = (0...600).map { "  K\($0): ghp_16C7e42F292c6912E7710c838347Ae178B4a # imflow: ignore[IMF0112] a test\n" }
        let text = "name: a\nentrypoint: [./run]\nenv:\n" + keys.joined()
        let found = Compiler(MemoryFiles(["model.yaml": text])).check(["."]).diagnostics
        #expect(found.map(\.code.slug) == ["too-many-findings"])
    }

    private struct Closed: FileReader {
        var files: MemoryFiles
        var currentFolder: String { files.currentFolder }
        func read(_ path: String) throws(FileProblem) -> [UInt8] { try files.read(path) }
        func readStandardInput() throws(FileProblem) -> [UInt8] { throw FileProblem("standard input is larger than 16 MiB") }
        func kind(of path: String) -> FileKind? { files.kind(of: path) }
        func identity(of path: String) -> String { path }
        func entries(of folder: String) throws(FileProblem) -> [FileEntry] {
            if folder.hasSuffix("/closed") { throw FileProblem("closed may not be read by this user") }
            return try files.entries(of: folder).map { FileEntry(name: $0.name, kind: $0.kind, isLink: $0.name == "link") }
        }
    }

    @Test func foldersThatCannotBeReadAreSaid() {
        let model = "name: a\nentrypoint: [./run]\n"
        let files = Closed(files: MemoryFiles(["closed/model.yaml": model, "link/model.yaml": "[", "open/model.yaml": model]))
        let report = Compiler(files).check(["."])
        #expect(report.files == ["open/model.yaml"], "git follows no links to folders")
        #expect(report.isUnreadable && report.diagnostics.map(\.headline) == ["closed may not be read by this user"])
    }

    @Test func inputThatCannotBeReadIsSaid() {
        let report = Compiler(Closed(files: MemoryFiles([:]))).check(["-"])
        #expect(report.diagnostics.map(\.headline) == ["standard input is larger than 16 MiB"])
    }

    @Test func aNameThatWasMisspeltIsNotWrittenTwice() {
        let found = Compiler(MemoryFiles(["tool/model.yaml": "nmae: detector\nentrypoint: [./run]\n"])).check(["tool"]).diagnostics
        #expect(found.first { $0.code.slug == "missing-name" }?.fixes.isEmpty == true)
        #expect(found.first { $0.code.slug == "unknown-key" }?.fixes.count == 1)
    }

    @Test func whatAnAliasRepeatsIsNotMended() {
        let text = "name: a\nentrypoint: [./run]\nenv: {A: &n 9005}\nport: *n\n"
        let found = Compiler(MemoryFiles(["model.yaml": text])).check(["model.yaml"]).diagnostics
        #expect(found.map(\.code.slug) == ["wrong-type"] && found[0].fixes.isEmpty)
    }

    @Test func blocksThatAreOffAreNotJudged() {
        let files = [
            "p/model.yaml": "name: p\nmulti_node: {enabled: false, split_mode: batch}\nchained_models: [{model_id: a}]\n",
            "a/model.yaml": "name: a\nentrypoint: [./run]\n",
        ]
        #expect(Compiler(MemoryFiles(files)).check(["p"]).diagnostics.isEmpty)
    }

    @Test func aSchemaOfNoKeywordsIsSaid() {
        let text = "name: a\nentrypoint: [./run]\ninput_schema: {text: string, n: integer}\n"
        let found = Compiler(MemoryFiles(["model.yaml": text])).check(["model.yaml"]).diagnostics
        #expect(found.map(\.code.slug) == ["keyword-unused"])
    }
}
