package import ImflowDiagnostics
package import ImflowJSON
package import ImflowPlan

/// What the command line says beside a file.
package struct CompileOptions: Sendable {
    /// `--models`: folders, as given.
    package var models: [String] = []
    /// The folders of $IMFLOW_MODELS.
    package var environmentModels: [String] = []
    /// `--model`: an id, `id@version`, or a path to a manifest or its folder.
    package var model: String?
    /// `--job-id`; wins over the file's.
    package var jobID: String?
    /// `--shard-count`; wins over the file's.
    package var shardCount: Int?
    /// `--input key=value`: members laid over the file's; relative paths start in the current folder.
    package var input: JSONObject = [:]
    /// Whether the job is to be run now: then it must name a model, and what its files leave open counts as absent.
    package var isSubmitted = false

    package init() {}
}

/// What compiling a job gives.
package struct Compilation: Sendable {
    /// In the order of a report.
    package var diagnostics: [Diagnostic]
    /// Nil exactly when there is an error.
    package var plan: Plan?
    /// As given; nil: to be generated.
    package var jobID: String?
    /// Every text that was read for it.
    package var sources: [Source]

    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
    /// Whether a file could not be read at all.
    package var isUnreadable: Bool { diagnostics.contains { $0.code == .unreadableFile } }
}

/// What checking files gives.
package struct CheckReport: Sendable {
    /// In the order of a report.
    package var diagnostics: [Diagnostic]
    /// The names of the files that were checked.
    package var files: [String]

    package var isUnreadable: Bool { diagnostics.contains { $0.code == .unreadableFile } }
}
