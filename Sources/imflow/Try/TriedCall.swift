import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan

/// One call of a try, as it was seen.
struct TriedCall: Sendable {
    typealias Moment = ContinuousClock.Instant

    /// Of a request or a reply in the JSON document, in bytes: what is longer is a text that is cut.
    private static let wholeLimit = 1 << 20
    private static let cutLimit = 4096

    /// From 1.
    let number: Int
    private let began = Moment.now
    private var starting: Moment?
    private var ready: Moment?
    private var asked: Moment?
    private var answered: Moment?
    private var ended: Moment?
    private var exit: Exit?
    private(set) var request: [UInt8] = []
    /// Those of a model that said “later” come first.
    private(set) var replies: [(status: Int?, body: [UInt8])] = []
    private var verdict: SchemaVerdict?
    private(set) var failure: Failure?
    private(set) var isOver = false

    /// Replies that are kept: a model may say “later” for long.
    private static let mostReplies = 100

    /// Whether it can be told when the model is ready to be asked.
    private let tellsReadiness: Bool

    init(number: Int, of model: ModelPlan) {
        self.number = number
        tellsReadiness = model.callProtocol != .jsonl
    }

    mutating func note(_ event: CallEvent) {
        switch event {
        case .starting: starting = .now
        case .started, .staged: break
        case .ready: ready = .now
        case .request(let bytes):
            if asked == nil { asked = .now }
            request = bytes
        case .reply(let status, let body):
            answered = .now
            if replies.count == Self.mostReplies { replies.removeFirst() }
            replies.append((status, body))
        case .ended(let exit):
            ended = .now
            self.exit = exit
        case .answered(let verdict): self.verdict = verdict
        }
    }

    /// Bytes are kept of the first call only, and of one that failed.
    mutating func succeed() -> TriedCall {
        isOver = true
        let whole = self
        if number > 1 { (request, replies) = ([], []) }
        return whole
    }

    mutating func fail(_ failure: Failure) -> TriedCall {
        self.failure = failure
        isOver = true
        return self
    }

    /// From the start of the program until it took requests; nil: it ran already, or does not say when it can be asked.
    var load: Duration? {
        guard tellsReadiness, let starting, let ready else { return nil }
        return ready - starting
    }

    /// Whether what is asked now was asked before, and put off.
    var isAskedAgain: Bool { !replies.isEmpty }

    /// From the request to the answer; of a program that is started for the call, from its start to its end.
    var answer: Duration? {
        if let starting, let ended { return ended - starting }
        guard let asked, let answered else { return nil }
        return answered - asked
    }

    static func text(_ duration: Duration?) -> String {
        guard let duration else { return "an unknown time" }
        let milliseconds = duration / .milliseconds(1)
        if milliseconds < 10 { return "\((milliseconds * 100).rounded() / 100) ms" }
        return milliseconds < 10_000 ? "\(Int(milliseconds.rounded())) ms" : "\((milliseconds / 100).rounded() / 10) s"
    }

    static func json(_ duration: Duration?) -> JSONValue {
        duration.map { .number((($0 / .milliseconds(1)) * 1000).rounded() / 1000) } ?? .null
    }

    func json(redact: (String) -> String, verdict shown: (SchemaVerdict) -> JSONValue) -> JSONValue {
        var members: JSONObject = [
            "call": .int(Int64(number)), "load_ms": Self.json(load), "answer_ms": Self.json(answer),
            "output_verdict": verdict.map(shown) ?? .null,
        ]
        if let exit { members["ended"] = .string(exit.sentence) }
        if let failure {
            members["cause"] = .string(failure.cause.rawValue)
            members["message"] = .string(failure.message)
        }
        guard number == 1 || failure != nil else { return .object(members) }
        members["request"] = Self.json(request, redact)
        members["replies"] = .array(
            replies.map { reply in
                ["status": reply.status.map { .int(Int64($0)) } ?? .null, "body": Self.json(reply.body, redact)]
            })
        return .object(members)
    }

    private static func json(_ bytes: [UInt8], _ redact: (String) -> String) -> JSONValue {
        if bytes.count <= wholeLimit {
            let text = redact(String(decoding: bytes, as: UTF8.self))
            return (try? JSONValue.parse(Array(text.utf8))) ?? .string(text)
        }
        return .string(redact(String(decoding: bytes.prefix(cutLimit), as: UTF8.self)) + "…")
    }
}

/// How long the calls of a try took.
struct TryTimes {
    private let load: Duration?
    private let first: Duration?
    /// Of a warm model those after the first, else all; in order of their length.
    private let others: [Duration]
    private let isWarm: Bool

    /// Nil: no call was answered.
    init?(_ calls: [TriedCall], isWarm: Bool) {
        guard !calls.isEmpty else { return nil }
        load = calls[0].load
        first = calls[0].answer
        others = calls.dropFirst(isWarm ? 1 : 0).compactMap(\.answer).sorted()
        self.isWarm = isWarm
    }

    private var median: Duration? {
        guard !others.isEmpty else { return nil }
        let middle = others.count / 2
        return others.count % 2 == 1 ? others[middle] : (others[middle - 1] + others[middle]) / 2
    }

    var text: String {
        var parts: [String] = []
        if let load { parts.append("ready after \(TriedCall.text(load))") }
        if isWarm { parts.append("first answer \(TriedCall.text(first))\(load == nil ? " (loading included)" : "")") }
        if let fastest = others.first, let slowest = others.last {
            let name = isWarm ? "\(others.count) warm" : others.count == 1 ? "1 start" : "\(others.count) starts"
            parts.append(
                others.count == 1
                    ? "\(name): \(TriedCall.text(fastest))"
                    : "\(name): \(TriedCall.text(fastest)) / \(TriedCall.text(median)) / \(TriedCall.text(slowest)) (min / median / max)")
        }
        return "times      " + parts.joined(separator: ", ")
    }

    var json: JSONValue {
        [
            "load_ms": TriedCall.json(load), "first_ms": TriedCall.json(first), "calls": .int(Int64(others.count)),
            "min_ms": TriedCall.json(others.first), "median_ms": TriedCall.json(median), "max_ms": TriedCall.json(others.last),
        ]
    }
}
