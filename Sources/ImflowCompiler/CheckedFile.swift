import ImflowChecks
import ImflowDiagnostics
import ImflowIR

/// What stays of a file that is checked: much less than the file when it is through.
struct CheckedFile: Sendable {
    let path: String
    let source: Source
    /// What is known to be wrong with it so far.
    var findings: [Diagnostic]
    /// What its comments silence.
    let ignores: [InlineIgnore]
    /// Whether it was read to its end.
    let isComplete: Bool
    /// Secrets in it, which no report may show.
    let hidden: [Span]
    /// What it is called, and where it says so, if it is a manifest.
    let manifest: (name: String, place: Span)?
    /// Whether all rules have been held against it.
    private(set) var isThrough = false
    /// The whole file; nil: it is read again when it is needed.
    private(set) var kept: LoadedFile?

    init(_ file: LoadedFile) {
        path = file.path
        source = file.source
        findings = file.diagnostics
        ignores = file.ignores
        isComplete = file.isComplete
        hidden = file.hidden
        manifest = file.manifest.map { ($0.name, $0.place) }
        kept = file
    }

    /// Holds the rules against a manifest that calls nobody, so that it need not be kept: of a large repository that is
    /// nearly all.
    init(checking file: LoadedFile, isKept: Bool) {
        self.init(file)
        guard let manifest = file.manifest, manifest.references.isEmpty else { return }
        let model = CheckedModel(manifest: manifest)
        findings += RuleSet.check(Scope(.model(model), in: Workspace(models: [path: model])))
        isThrough = true
        if !isKept { kept = nil }
    }
}
