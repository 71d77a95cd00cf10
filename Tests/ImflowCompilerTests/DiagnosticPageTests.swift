import ImflowChecks
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowSyntax
import Testing

/// The pages that `imflow explain` prints are true: their examples are run.
@Suite struct DiagnosticPageTests {
    static let codes =
        DiagnosticCode.textCodes + DiagnosticCode.shapeCodes + RuleSet.codes + [
            .unreadableFile, .tooManyFiles, .badSetting, .tooManyFindings, .unreachedModel, .unusedIgnore,
        ]

    /// The parts of a page between its `## ` lines.
    struct Sections {
        private let parts: [String: String]

        init(_ page: DiagnosticPage) {
            var parts: [String: String] = [:]
            var name = ""
            for line in page.text.split(separator: "\n", omittingEmptySubsequences: false) {
                if line.hasPrefix("## ") {
                    name = String(line.dropFirst(3))
                } else {
                    parts[name, default: ""] += line + "\n"
                }
            }
            self.parts = parts
        }

        subscript(_ name: String) -> String? { parts[name] }
        var names: Set<String> { Set(parts.keys) }

        /// Why there is no example of the mistake; nil: there is one.
        var reasonNotShown: String? {
            let prefix = "Not shown: "
            return parts["Wrong"]?.split(separator: "\n").first { $0.hasPrefix(prefix) }
                .map { String($0.dropFirst(prefix.count)) }
        }

        /// The files of a section: a line `` `name`: ``, an empty one, and a fence.
        func files(_ section: String) throws -> [String: String] {
            var files: [String: String] = [:]
            var name: String?
            var body: String?
            for line in (parts[section] ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
                if line.hasPrefix("```") {
                    if let text = body {
                        files[try #require(name, "a fence without a file's name")] = text
                        (name, body) = (nil, nil)
                    } else {
                        #expect(name?.hasSuffix("." + line.dropFirst(3)) == true, "the fence \(line) of \(name ?? "-")")
                        body = ""
                    }
                } else if body != nil {
                    body? += line + "\n"
                } else if line.hasPrefix("`"), line.hasSuffix("`:") {
                    let own = String(line.dropFirst().dropLast(2))
                    #expect(files[own] == nil, "\(own) twice")
                    name = own
                }
            }
            #expect(body == nil && name == nil, "a file without a whole fence in \(section)")
            return files
        }
    }

    /// What checking all the files and submitting each job finds.
    private func findings(_ files: [String: String]) -> [Diagnostic] {
        let reader = MemoryFiles(files)
        let jobs = files.keys.filter { $0.hasSuffix("job.json") }.sorted()
        return Compiler(reader).check(["."]).diagnostics
            + jobs.flatMap { reader.compile($0) { $0.isSubmitted = true }.diagnostics }
    }

    private func shown(_ diagnostics: [Diagnostic]) -> String { DiagnosticRenderer(.full).render(diagnostics) }

    @Test(arguments: codes) func everyCodeHasAPage(_ code: DiagnosticCode) throws {
        let page = try #require(DiagnosticPage.named(code.id), "Grammar/diagnostics has no page for \(code)")
        #expect(page.slug == code.slug)
        #expect(page.severity == code.severity)
    }

    @Test func everyPageHasACode() {
        #expect(DiagnosticPage.all.map(\.number) == Set(Self.codes.map(\.number)).sorted())
    }

    @Test(arguments: DiagnosticPage.all) func examplesAreTrue(_ page: DiagnosticPage) throws {
        let sections = Sections(page)
        if let reason = sections.reasonNotShown {
            #expect(reason.count > 10)
            #expect(try sections.files("Wrong").isEmpty && sections["Right"] == nil)
            return
        }
        let wrong = findings(try sections.files("Wrong"))
        #expect(wrong.contains { $0.code.number == page.number }, "wrong gives:\n\(shown(wrong))")
        let isNote = page.severity == .note
        #expect(
            wrong.allSatisfy { $0.code.number == page.number || $0.severity == .note }, "wrong gives:\n\(shown(wrong))")
        #expect(isNote || wrong.contains { $0.code.number == page.number && $0.severity == page.severity })
        let files = try sections.files("Right")
        #expect(!files.isEmpty)
        let right = findings(files)
        #expect(
            right.allSatisfy { $0.code.number != page.number && $0.severity == .note }, "right gives:\n\(shown(right))")
    }

    @Test func fewPagesLackAnExample() {
        let numbers = DiagnosticPage.all.filter { Sections($0).reasonNotShown != nil }.map(\.number)
        #expect(numbers == [2, 3, 4, 9, 10, 20, 21, 23, 110])
    }

    @Test(arguments: DiagnosticPage.all) func formIsKept(_ page: DiagnosticPage) {
        #expect(page.text.hasPrefix("# \(page.id) \(page.slug) (\(page.severity.rawValue))\n\n\(page.summary)\n\n"))
        #expect(Sections(page).names.isSubset(of: ["", "Wrong", "Right", "Fix", "Silence"]))
        #expect(Sections(page)["Fix"]?.isEmpty == false)
        #expect(page.summary.hasSuffix("."))
    }

    /// What the page says of silencing is tried: a comment above the line of each finding silences all that are no
    /// errors, and an error stands.
    @Test(arguments: DiagnosticPage.all) func silencingIsAsThePageSays(_ page: DiagnosticPage) throws {
        let sections = Sections(page)
        let text = try #require(sections["Silence"])
        let canBe = text.contains("# imflow: ignore[\(page.id)]")
        #expect(canBe || text.contains("cannot be silenced"))
        if page.severity == .error { #expect(text.contains("cannot be silenced")) }
        if sections.reasonNotShown != nil { return }
        var files = try sections.files("Wrong")
        guard !files.keys.contains(where: { $0.hasSuffix(".json") }) else { return }
        let before = findings(files).filter { $0.code.number == page.number }
        for (name, text) in files {
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            let places = Set(before.filter { $0.primary.span.source.name == name }.map(\.primary.span.start.line))
            for line in places.sorted(by: >) where line <= lines.count {
                let indent = String(lines[line - 1].prefix { $0 == " " })
                lines.insert("\(indent)# imflow: ignore[\(page.id)] it is meant", at: line - 1)
            }
            files[name] = lines.joined(separator: "\n")
        }
        let after = findings(files)
        let left = after.contains { $0.code.number == page.number }
        #expect(left == !canBe || page.number == DiagnosticCode.unusedIgnore.number, "gives:\n\(shown(after))")
        // Of a text that was not read to its end nobody knows what the comment is for, and in settings there are none.
        if page.number == 1 || page.number == DiagnosticCode.badSetting.number { return }
        #expect(after.contains { $0.code == .unusedIgnore } == !canBe, "gives:\n\(shown(after))")
    }

    @Test(arguments: ["IMF0101", "imf0101", "IMF101", "0101", "101", "unknown-key", "Unknown-Key"])
    func codesAreFound(_ text: String) { #expect(DiagnosticPage.named(text)?.number == 101) }

    @Test(arguments: ["", "IMF", "0", "9999", "99999999999999999999", "+101", "-1", "unknown", "IMF0101 ", "é"])
    func otherWordsAreNot(_ text: String) { #expect(DiagnosticPage.named(text) == nil) }

    @Test func nearNamesAreGiven() {
        #expect(DiagnosticPage.near("unknwon-key").first == "unknown-key")
        #expect(DiagnosticPage.near("IMF0199") == ["IMF0201", "IMF0202", "IMF0203"])
        #expect(DiagnosticPage.near("cycle") == ["alias-cycle", "stage-cycle", "model-cycle"])
        #expect(DiagnosticPage.near("qqqqqqqqqqqq").isEmpty)
        #expect(DiagnosticPage.near("").isEmpty)
    }
}

extension DiagnosticPage: CustomTestStringConvertible {
    public var testDescription: String { "\(id) \(slug)" }
}
