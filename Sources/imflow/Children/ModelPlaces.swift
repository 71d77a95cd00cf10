import FoundationEssentials
import ImflowCompiler

/// Where the models of a submission are searched, all absolute: what its models submit is compiled in the same place.
struct ModelPlaces: Codable, Sendable {
    /// Of the job's file; else where it was submitted.
    var folder: String
    /// `--models`.
    var given: [String]
    /// Of `$IMFLOW_MODELS`.
    var environment: [String]
}

extension JobSourceOptions {
    var places: ModelPlaces {
        let options = search.compileOptions
        let path = file.flatMap { $0 == "-" ? nil : absolutePath($0) }
        return ModelPlaces(
            folder: path.map(PathText.parent) ?? FileManager.default.currentDirectoryPath,
            given: options.models.map(absolutePath), environment: options.environmentModels.map(absolutePath))
    }
}
