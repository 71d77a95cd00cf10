import Foundation
import ImflowChecks
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowPlan
import ImflowSyntax
import Testing

/// `Manifests/err`: the exact words of every finding. `IMFLOW_BLESS=1` writes them anew.
@Suite struct ErrCorpusTests {
    @Test(arguments: Corpus.cases("err")) func findsExactly(_ entry: Corpus.Case) throws {
        let found = entry.run()
        let text = DiagnosticRenderer(.full).render(found.diagnostics)
        let (isSame, expected) = try entry.matches(text, "out")
        #expect(isSame, "found:\n\(text)\nexpected:\n\(expected)")
        let code = "IMF" + entry.name.prefix(4)
        #expect(found.diagnostics.contains { $0.code.id == code }, "\(entry.name) does not give \(code)")
        let slug = found.diagnostics.first { $0.code.id == code }?.code.slug ?? ""
        #expect(entry.name == "\(entry.name.prefix(4))-\(slug)")
    }

    /// `fixed.yaml` stands exactly where safe fixes change a file of the case, and is what they make of it.
    @Test(arguments: Corpus.cases("err")) func fixesExactly(_ entry: Corpus.Case) throws {
        var words = entry.arguments(entry.files)
        guard words.removeFirst() == "check", words.count == 1 else { return }
        let outcome = FixSession(entry.files).run(words)
        #expect(outcome.dropped.isEmpty && !outcome.isCutShort)
        #expect(!outcome.report.diagnostics.contains { $0.fix(includesReview: false) != nil })
        var fixed = entry.files
        for change in outcome.changes { fixed.files[change.path ?? ""] = change.new }
        #expect(FixSession(fixed).run(words).changes.isEmpty)
        let before = entry.run().diagnostics
        #expect(outcome.report.diagnostics.count < before.count || outcome.changes.isEmpty)
        let texts = outcome.changes.map { (name: $0.name, text: String(decoding: $0.new, as: UTF8.self)) }
        let text = texts.count > 1 ? texts.map { "# \($0.name)\n\($0.text)" }.joined() : texts.first?.text
        let (isSame, expected) = try entry.matches(text, "fixed.yaml")
        #expect(isSame, "fixed:\n\(text ?? "(nothing)")\nexpected:\n\(expected)")
    }

    /// Texts that no file should hold: of a megabyte and more.
    static let uncased: [DiagnosticCode] = [.tooLarge, .tooManyNodes]
    static let ownCodes =
        DiagnosticCode.textCodes.filter { !uncased.contains($0) } + DiagnosticCode.shapeCodes + RuleSet.codes + [
            .unreadableFile, .tooManyFiles, .badSetting, .tooManyFindings, .unreachedModel, .unusedIgnore,
        ]

    @Test(arguments: ownCodes) func everyCodeHasACase(_ code: DiagnosticCode) {
        let prefix = code.id.dropFirst(3)
        #expect(Corpus.cases("err").contains { $0.name == "\(prefix)-\(code.slug)" }, "no case for \(code)")
    }

    @Test func numbersAndSlugsAreUnique() {
        let all = Self.ownCodes + Self.uncased
        #expect(Set(all.map(\.number)).count == all.count)
        #expect(Set(all.map(\.slug)).count == all.count)
    }
}

/// `Manifests/ok`: real files without errors; the notes and warnings they draw are in `out`.
@Suite struct OkCorpusTests {
    @Test(arguments: Corpus.cases("ok")) func hasNoErrors(_ entry: Corpus.Case) throws {
        let diagnostics = entry.run().diagnostics
        #expect(!diagnostics.contains { $0.severity == .error })
        let text = DiagnosticRenderer(.full).render(diagnostics)
        let (isSame, expected) = try entry.matches(text, "out")
        #expect(isSame, "found:\n\(text)\nexpected:\n\(expected)")
    }

    /// The fragments of a contract's first page draw notes only, and the graph the one warning that it names.
    @Test func seedDrawsNotesAndOneWarning() throws {
        let entry = try #require(Corpus.cases("ok").first { $0.name == "seed" })
        let warnings = entry.run().diagnostics.filter { $0.severity > .note }
        #expect(warnings.map(\.code.slug) == ["sole-value"])
        #expect(warnings.first?.primary.span.source.name == "graph.job.json")
        #expect(warnings.first?.headline.contains("`text`") == true)
    }
}

/// `Manifests/lower`: jobs and the plans they become.
@Suite struct LowerCorpusTests {
    @Test(arguments: Corpus.cases("lower")) func lowersExactly(_ entry: Corpus.Case) throws {
        let found = entry.run()
        let plan = try #require(found.plan, "\(DiagnosticRenderer(.full).render(found.diagnostics))")
        let text = try Corpus.json(plan)
        let (isSame, expected) = try entry.matches(text, "plan.json")
        #expect(isSame, "lowered to:\n\(text)\nexpected:\n\(expected)")
        #expect(try JSONDecoder().decode(Plan.self, from: Data(text.utf8)) == plan)
    }
}

/// `Manifests/projects`: whole repositories, and what `check .` finds in them, one line a finding.
@Suite struct ProjectCorpusTests {
    @Test(arguments: Corpus.cases("projects")) func findsExactly(_ entry: Corpus.Case) throws {
        let found = Compiler(entry.files).check(["."]).diagnostics
        let text = DiagnosticRenderer(.concise).render(found)
        let (isSame, expected) = try entry.matches(text, "out")
        #expect(isSame, "found:\n\(text)\nexpected:\n\(expected)")
    }

    /// One is clean, and its jobs have plans.
    @Test func theCleanOneIsPlanned() throws {
        let entry = try #require(Corpus.cases("projects").first { $0.name == "page-archive" })
        let compiler = Compiler(entry.files)
        let report = compiler.check(["."])
        #expect(report.diagnostics.isEmpty)
        let jobs = report.files.filter { $0.contains("job.") }
        #expect(jobs.count == 4)
        for job in jobs { #expect(compiler.compileJob(job).plan != nil, "\(job)") }
    }
}
