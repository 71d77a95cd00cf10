package import ImflowChecks
package import ImflowDiagnostics
package import ImflowIR

/// What a check of one file says.
package struct SessionReport: Sendable {
    /// The text that was checked.
    package var source: Source
    /// What is wrong in it, in the order of a report.
    package var own: [Diagnostic]
    /// Errors in the models that it calls.
    package var elsewhere: [Diagnostic]
    /// The file with all that it refers to; nil: it could not be typed.
    package var scope: Scope?
}

/// What was read of a file.
package struct SessionFile: Sendable {
    package var source: Source
    /// Nil: the file is none, or cannot be typed.
    package var manifest: Manifest?
    /// Nil: the file is none, or cannot be typed.
    package var job: Job?
    /// Whether it was read to its end.
    package var isComplete: Bool

    init(_ file: LoadedFile) {
        source = file.source
        isComplete = file.isComplete
        manifest = file.manifest
        if case .job(let job) = file.content { self.job = job }
    }

    /// The stages of a pipeline or of a job's graph, as declared.
    package var stages: [StageDeclaration] { manifest?.chainedModels?.value ?? job?.stages?.value ?? [] }

    /// The folder from which references are resolved; nil: there are none.
    package var folder: String? { manifest?.folder ?? job?.folder }

    /// Every reference to a model, in the order of the declarations.
    package var references: [Located<ModelReference>] {
        var blocks = [manifest?.multiNode, job?.multiNode]
        blocks += stages.map(\.multiNode)
        return [job?.model].compactMap { $0 } + stages.compactMap(\.model) + blocks.compactMap { $0?.reducer }
    }
}
