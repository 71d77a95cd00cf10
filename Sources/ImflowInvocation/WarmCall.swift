import ImflowExecution
import ImflowJSON

/// How a protocol asks a warm instance for one result.
protocol WarmCall: Sendable {
    func result(of request: WarmRequest) async throws(ExchangeFailure) -> JSONValue
}

/// One unit's request to a warm instance, before a protocol gives it its form.
struct WarmRequest: Sendable {
    let attempt: CallAttempt
    let unit: StagedUnit
    /// As the model is to see it: an object, whose files are in ``folder``.
    let input: JSONValue
    let folder: UnitFolder
    /// The API's, which an instance's environment cannot say.
    let token: String?
    /// Unique to this attempt and unit.
    let id: String

    /// The request of `rest` and `jsonl`: one line of JSON, without a newline.
    var bytes: [UInt8] { attempt.request(input: input, unit: unit, token: token) }
}
