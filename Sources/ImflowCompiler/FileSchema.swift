/// The JSON Schema (draft-07) of a kind of file, for editors and other checkers: `Grammar/*.schema.json`. It says the
/// shape of one file; what only a check of the whole can tell is not in it.
package enum FileSchema: String, Sendable, CaseIterable {
    case model, job, settings

    /// The schema as a JSON text, with a line feed at its end.
    package var text: String {
        switch self {
        case .model: Self.modelText + "\n"
        case .job: Self.jobText + "\n"
        case .settings: Self.settingsText + "\n"
        }
    }
}
