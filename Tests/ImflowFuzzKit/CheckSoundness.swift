package import ImflowCompiler
import ImflowDiagnostics

/// What must hold of `check` and `plan` over any files.
package struct CheckSoundness {
    package private(set) var faults: [String] = []
    /// What `check` finds in the whole repository.
    package let report: CheckReport
    /// How many files `plan` accepts.
    package private(set) var planned = 0

    /// - Parameter file: the absolute path of the only manifest that is also planned by itself; nil: all are. Jobs are
    ///   always.
    package init(_ bundle: FileBundle, planning file: String? = nil) {
        let compiler = Compiler(BundleReader(bundle))
        report = compiler.check(["."])
        look(at: report.diagnostics, "check .")
        let again = Compiler(BundleReader(bundle)).check(["."])
        for format in [DiagnosticRenderer.Format.full, .json]
        where DiagnosticRenderer(format).render(report.diagnostics)
            != DiagnosticRenderer(format).render(again.diagnostics)
        {
            faults.append("check . says something else the second time")
        }
        // Settings are about checks alone.
        let plain = Compiler(BundleReader(bundle.without(CheckSettings.fileName)))
        for name in report.files {
            let isAsked = file.map { $0 == PathText.absolute(name, from: FileBundle.folder) } ?? true
            if isAsked || FileNames.isJob(PathText.last(name)) { agree(name, plain) }
        }
    }

    /// Places are exact; findings are sorted, and none is there twice.
    private mutating func look(at found: [Diagnostic], _ what: String) {
        if found.sortedForReport() != found { faults.append("\(what): not sorted, or something twice") }
        for diagnostic in found {
            let labels = [diagnostic.primary] + diagnostic.secondary
            let spans = labels.map(\.span) + diagnostic.fixes.flatMap(\.edits).map(\.span)
            for span in spans where !TreeSoundness.isExact(span) {
                faults.append("\(what): \(diagnostic.code) points at \(span.range)")
            }
        }
        for (one, next) in zip(found, found.dropFirst())
        where one.primary.span == next.primary.span && one.code == next.code && one.headline == next.headline {
            faults.append("\(what): \(one.code) twice at \(one.primary.span): \(one.headline)")
        }
    }

    /// `check FILE` finds no error exactly when `plan FILE` makes a plan, but for what only a call can miss: of a job
    /// that names neither model nor graph (`plan --model` gives it one) `plan` says just that, and `check` notes it; of
    /// a manifest that is a fragment, for others to read, `plan` says that there is nothing to run.
    private mutating func agree(_ name: String, _ compiler: Compiler) {
        let found = compiler.check([name]).diagnostics
        look(at: found, "check \(name)")
        let compilation = compiler.compileJob(name)
        look(at: compilation.diagnostics, "plan \(name)")
        let errors = found.filter { $0.severity == .error }
        let planErrors = compilation.diagnostics.filter { $0.severity == .error }
        if (compilation.plan == nil) == planErrors.isEmpty {
            faults.append("plan \(name): \(planErrors.count) errors and \(compilation.plan == nil ? "no" : "a") plan")
        }
        if compilation.plan != nil { planned += 1 }
        let excused = FileNames.isManifest(PathText.last(name)) ? "nothing-to-run" : "no-model"
        if excused == "no-model", errors.isEmpty, planErrors.contains(where: { $0.code.slug == excused }),
            !found.contains(where: { $0.code.slug == excused })
        {
            faults.append("\(name): plan misses a model, and check does not")
        }
        let others = planErrors.filter { $0.code.slug != excused }
        guard errors.isEmpty != others.isEmpty else { return }
        let odd = DiagnosticRenderer(.concise).render(Array((errors.isEmpty ? others : errors).prefix(3)))
        faults.append("\(name): \(errors.isEmpty ? "plan alone finds" : "check alone finds"): \(odd)")
    }
}
