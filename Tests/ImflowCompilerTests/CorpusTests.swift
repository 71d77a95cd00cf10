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

    /// Texts that no file should hold: of a megabyte and more.
    static let uncased: [DiagnosticCode] = [.tooLarge, .tooManyNodes]
    static let ownCodes =
        DiagnosticCode.textCodes.filter { !uncased.contains($0) } + DiagnosticCode.shapeCodes + RuleSet.codes + [
            .unreadableFile, .tooManyFiles, .badSetting, .unreachedModel, .unusedIgnore,
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
