import ImflowExecution

/// Why a warm instance gave no result, and what that says of the instance.
enum ExchangeFailure: Error {
    /// The instance is as good as before.
    case sound(Failure)
    /// Nobody knows what the instance is doing: it must take no more requests.
    case broken(Failure)
    /// The instance was gone before it saw the request: another one may take it.
    case gone(Failure)

    var failure: Failure {
        switch self {
        case .sound(let failure), .broken(let failure), .gone(let failure): failure
        }
    }

    var discardsInstance: Bool { if case .sound = self { false } else { true } }
}
