internal import ImflowExecution
internal import ImflowJSON

/// A unit's result, as a value.
enum UnitValue {
    /// `text` is canonical.
    static func parse(_ text: UnsafeRawBufferPointer, of unit: Int) throws(Failure) -> JSONValue {
        do throws(JSONError) { return try JSONValue.parse(Array(text)) } catch {
            throw Failure(.infra, "the stored result of unit \(unit) is not JSON: \(error)")
        }
    }
}
