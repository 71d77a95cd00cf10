internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// Stored values that are read whole: as values they take many times the memory of their text.
enum WholeValue {
    /// The longest canonical text, in bytes. A model's own answer is at most half as long.
    static let limit = 128 << 20
    static var limitText: String { "\(limit >> 20) MiB" }

    /// `what` is what messages call the value.
    /// - Throws: cause `infra` when it cannot be read, `app` when it is larger than ``limit``.
    static func read(_ payload: Payload, content: ContentStore, _ what: String) throws(Failure) -> JSONValue {
        guard payload.size <= limit else {
            throw Failure(
                .app,
                "\(what) (\(payload.hash)) has \(payload.size) bytes, more than the \(limitText) that are read at once;"
                    + " let the stage before it answer with files or with less, or take it as the job's result, "
                    + "which may be of any size")
        }
        do throws(ContentError) {
            return try content.value(of: payload)
        } catch {
            throw Failure(.infra, "\(what) (\(payload.hash)) cannot be read: \(error.sentence)")
        }
    }
}
