package import ImflowJSON

/// Turns a call's input into what a model is handed, and a model's result into what is kept.
/// Implemented where data is known (`ImflowData`), used where models are called (`ImflowInvocation`).
package protocol InputStaging: Sendable {
    /// What `work` calls the model with, one element per call, in order; no files are made yet.
    /// Throws ``Failure``; nil when the stage's condition is false.
    func resolve(_ work: CallWork) async throws -> StagedCall?

    /// Makes the files of one call under `folder` (an existing, empty folder; staged files are read-only, and may be those
    /// of the content store by another name until ``release(_:)``), and answers
    /// the `input` object for the request. File members are `file://` URLs below `guestFolder`, the path under which the
    /// model sees `folder`. Throws ``Failure``.
    func stage(_ unit: StagedUnit, into folder: String, guestFolder: String) async throws -> JSONValue

    /// The model is done with what was staged in `folder` or below it. A file that it changed although the content store
    /// shares it is taken out of the store, and a ``Failure`` with cause `app` that names the file.
    func release(_ folder: String) async throws

    /// Stores every file that `result` names by a `file://` URL below `guestFolder` and puts its content reference in its
    /// place. A URL that escapes the folder, or names no file, is a ``Failure`` with cause `app`.
    /// - Parameter ended: the model has ended, so that nothing writes in the folder any more: files need not be copied.
    func collect(_ result: JSONValue, from folder: String, guestFolder: String, ended: Bool) async throws -> JSONValue

    /// Where the files that `result` names lie: paths below `guestFolder`, each once. What ``collect(_:from:guestFolder:ended:)``
    /// refuses is left out.
    func files(named result: JSONValue, guestFolder: String) -> [String]

    /// The value's canonical bytes, inline or in the content store.
    func store(_ value: JSONValue) async throws -> Payload
}

extension InputStaging {
    package func files(named result: JSONValue, guestFolder: String) -> [String] { [] }
}

/// A call whose input is known.
package struct StagedCall: Sendable {
    package var units: [StagedUnit]
    package var inputHash: ContentHash

    package init(units: [StagedUnit], inputHash: ContentHash) {
        self.units = units
        self.inputHash = inputHash
    }
}

/// One request: `input` before its files are made, and the unit's geometry (empty for a whole stage).
package struct StagedUnit: Sendable {
    package var input: JSONObject
    package var unit: Unit

    package init(input: JSONObject, unit: Unit) {
        self.input = input
        self.unit = unit
    }
}
