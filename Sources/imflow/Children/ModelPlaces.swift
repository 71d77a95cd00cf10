import ImflowCompiler

/// Where the models of a submission are searched, all absolute: what its models submit is compiled in the same place.
struct ModelPlaces: Sendable {
    /// Of the job's file; else where it was submitted.
    var folder: String
    /// `--models`.
    var given: [String]
    /// Of `$IMFLOW_MODELS`.
    var environment: [String]

    init(_ source: JobSource) {
        folder = source.file.flatMap { $0 == "-" ? nil : PathText.parent($0) } ?? source.folder
        given = source.models
        environment = source.environmentModels
    }
}
