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
        var reach = Reach(context, content: content)
        guard case .object(let literal) = context.literal else {
            throw Failure(.app, "the literal input of \(consumer) is \(context.literal.kindName); it must be an object")
        }
        var bound = JSONObject()
        var unbound: String?
        if let key = context.key {
            if let value = try reach.value(of: key, fallback: context.soleValueFallback) {
                bound[key] = value
            } else if literal[key] == nil {
                unbound = key
            }
        } else {
            bound = try reach.everything()
        }
        bound.merge(literal) { _, literal in literal }
        if let condition = context.when {
            let values = bound.merging(try reach.everything()) { bound, _ in bound }
            guard try ConditionEvaluation(values: values).holds(condition) else { return nil }
        }
        if let unbound {
            throw Failure(
                .app,
                "\(consumer) needs `\(unbound)`, but \(try reach.summary()); name an output_key or fix input_key")
        }
        return bound
    }
}

/// The values that a stage can be bound to. They are read as far as they are asked for: a long chain has many behind it.
private struct Reach {
    private struct Published {
        var stage: String
        var members: JSONObject
        /// The only value there is, named or not.
        var sole: JSONValue?
    }

    private let context: InputContext
    private let content: ContentStore
    /// The nearest ones, as far as they were read.
    private var sources: [Published] = []
    private var jobInput: JSONObject?

    init(_ context: InputContext, content: ContentStore) {
        self.context = context
        self.content = content
    }

    private mutating func source(_ index: Int) throws(Failure) -> Published {
        while sources.count <= index {
            let source = context.sources[sources.count]
            let result = try WholeValue.read(
                source.result, content: content, "the result of stage `\(source.stage)`")
            sources.append(Self.publish(source, result))
        }
        return sources[index]
    }

    /// Empty when the job's input is not in reach.
    private mutating func inputMembers() throws(Failure) -> JSONObject {
        if let jobInput { return jobInput }
        guard let payload = context.jobInput else { return [:] }
        let input = try WholeValue.read(payload, content: content, "the job's input")
        guard case .object(let members) = input else {
            throw Failure(.app, "the job's input is \(input.kindName); it must be an object")
        }
        jobInput = members
        return members
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

    mutating func value(of key: String, fallback: Bool) throws(Failure) -> JSONValue? {
        for index in context.sources.indices {
            if let value = try source(index).members[key] { return value }
        }
        if let value = try inputMembers()[key] { return value }
        return fallback ? sources.first?.sole : nil
    }

    mutating func everything() throws(Failure) -> JSONObject {
        var all = JSONObject()
        for index in context.sources.indices { all.merge(try source(index).members) { nearer, _ in nearer } }
        all.merge(try inputMembers()) { nearer, _ in nearer }
        return all
    }

    /// “`asr` publishes `a`, `b` and the job's input has `c`”.
    mutating func summary() throws(Failure) -> String {
        var parts: [String] = []
        for index in context.sources.indices.prefix(8) {
            let source = try source(index)
            parts.append("`\(source.stage)` publishes \(Self.names(source.members))")
        }
        let more = context.sources.count - parts.count
        if more > 0 { parts.append("\(more) more stages do not publish it either") }
        if context.jobInput != nil { parts.append("the job's input has \(Self.names(try inputMembers()))") }
        return parts.isEmpty ? "nothing is in its reach" : parts.joined(separator: ", and ")
    }

    private static func names(_ members: JSONObject) -> String {
        if members.isEmpty { return "nothing by name" }
        let shown = members.keys.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
        return members.count > 12 ? "\(shown) and \(members.count - 12) more" : shown
    }
}
