package import ImflowContent
package import ImflowExecution
package import ImflowJSON

/// Puts a stage's input together from the job's context.
///
/// A finished stage with an output key `k` publishes one value, `k`: its result's member `k` when the result is an
/// object that has it, else the result. Without an output key it publishes its result's members; a result that is no
/// object then has no name, and reaches a later stage only as the sole value of its only upstream.
package struct Binder: Sendable {
    private let content: ContentStore

    package init(content: ContentStore) { self.content = content }

    /// The bound input of whoever `consumer` names in messages (“stage `words`”); nil when the condition is false.
    ///
    /// With a key the input is `{key: value}` from the nearest source that publishes it, then from the job's input,
    /// then (with `soleValueFallback`) the only value that the nearest source publishes. Without a key it is everything
    /// in reach, nearest first. Literal members are laid over; one of the key's name binds the key. The condition sees
    /// everything in reach, the bound input first, and is asked before a missing value is an error.
    package func bind(_ context: InputContext, consumer: String) throws(Failure) -> JSONObject? {
        let reach = try Reach(context, content: content)
        guard case .object(let literal) = context.literal else {
            throw Failure(.app, "the literal input of \(consumer) is \(context.literal.kindName); it must be an object")
        }
        var bound = JSONObject()
        var unbound: String?
        if let key = context.key {
            if let value = reach.value(of: key, fallback: context.soleValueFallback) {
                bound[key] = value
            } else if literal[key] == nil {
                unbound = key
            }
        } else {
            bound = reach.everything
        }
        bound.merge(literal) { _, literal in literal }
        if let condition = context.when {
            let values = bound.merging(reach.everything) { bound, _ in bound }
            guard try ConditionEvaluation(values: values).holds(condition) else { return nil }
        }
        if let unbound {
            throw Failure(
                .app, "\(consumer) needs `\(unbound)`, but \(reach.summary); name an output_key or fix input_key")
        }
        return bound
    }
}

/// The values that a stage can be bound to.
private struct Reach {
    private struct Published {
        var stage: String
        var members: JSONObject
        /// The only value there is, named or not.
        var sole: JSONValue?
    }

    private var sources: [Published] = []
    private var jobInput: JSONObject?

    init(_ context: InputContext, content: ContentStore) throws(Failure) {
        for source in context.sources {
            let result = try Self.read(source.result, content, "the result of stage `\(source.stage)`")
            sources.append(Self.publish(source, result))
        }
        if let payload = context.jobInput {
            let input = try Self.read(payload, content, "the job's input")
            guard case .object(let members) = input else {
                throw Failure(.app, "the job's input is \(input.kindName); it must be an object")
            }
            jobInput = members
        }
    }

    private static func read(_ payload: Payload, _ content: ContentStore, _ what: String) throws(Failure) -> JSONValue {
        do throws(ContentError) {
            return try content.value(of: payload)
        } catch {
            throw Failure(.infra, "\(what) (\(payload.hash)) cannot be read: \(error.sentence)")
        }
    }

    private static func publish(_ source: InputContext.Source, _ result: JSONValue) -> Published {
        if let key = source.outputKey {
            let value = result[key] ?? result
            return Published(stage: source.stage, members: [key: value], sole: value)
        }
        guard case .object(let members) = result else {
            return Published(stage: source.stage, members: [:], sole: result)
        }
        // A bare `nil` beside a JSONValue would be JSON's null.
        let sole: JSONValue? = members.count == 1 ? members.values.first : Optional.none
        return Published(stage: source.stage, members: members, sole: sole)
    }

    func value(of key: String, fallback: Bool) -> JSONValue? {
        for source in sources { if let value = source.members[key] { return value } }
        if let value = jobInput?[key] { return value }
        return fallback ? sources.first?.sole : nil
    }

    var everything: JSONObject {
        var all = JSONObject()
        for source in sources { all.merge(source.members) { nearer, _ in nearer } }
        if let jobInput { all.merge(jobInput) { nearer, _ in nearer } }
        return all
    }

    /// “`asr` publishes `a`, `b` and the job's input has `c`”.
    var summary: String {
        var parts = sources.prefix(8).map { "`\($0.stage)` publishes \(Self.names($0.members))" }
        if sources.count > 8 { parts.append("\(sources.count - 8) more stages do not publish it either") }
        if let jobInput { parts.append("the job's input has \(Self.names(jobInput))") }
        return parts.isEmpty ? "nothing is in its reach" : parts.joined(separator: ", and ")
    }

    private static func names(_ members: JSONObject) -> String {
        if members.isEmpty { return "nothing by name" }
        let shown = members.keys.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
        return members.count > 12 ? "\(shown) and \(members.count - 12) more" : shown
    }
}
