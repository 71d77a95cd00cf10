import ImflowJSON

/// One check of one value.
struct SchemaEvaluation {
    enum Step {
        case item(Int)
        case member(String)
    }

    let program: SchemaProgram
    private let workLimit: Int
    /// Where in the value the check is.
    private(set) var path: [Step] = []
    private var violations: [SchemaViolation] = []
    /// Off while a schema is only tried: then the first breach ends the trial, and none is listed.
    private(set) var recording = true
    private var depth = 0
    private var work = 0
    private var stop: SchemaViolation?

    init(program: SchemaProgram, workLimit: Int) {
        self.program = program
        self.workLimit = workLimit
    }

    mutating func violations(of value: JSONValue, at node: Int) -> [SchemaViolation] {
        _ = holds(node, value)
        return stop.map { [$0] } ?? violations
    }

    /// Whether the check took too much, so that its answer says nothing.
    var gaveUp: Bool { stop != nil }

    /// Whether the check goes on to look for further breaches after one.
    var goesOn: Bool { stop == nil && recording && violations.count < SchemaValidator.maximumViolations }

    /// Whether `value`, at the current place, fits the schema at `index`. False when the check gave up.
    mutating func holds(_ index: Int, _ value: JSONValue) -> Bool {
        var node = program.nodes[index]
        // References were shortened: one step is the last.
        if case .reference(let target) = node.rule { node = program.nodes[target] }
        guard spend(1, at: node) else { return false }
        switch node.rule {
        case .everything, .reference: return true
        case .nothing: return breach(node.pointer, "it is \(value.kindName), and nothing is allowed here")
        case .assertions(let assertions):
            depth += 1
            defer { depth -= 1 }
            guard depth <= SchemaValidator.maximumDepth else {
                return giveUp(
                    node, "it is nested deeper than \(SchemaValidator.maximumDepth) levels of schemas, "
                        + "or its schema refers to itself without end")
            }
            var all = true
            for assertion in assertions where !holds(assertion, of: node, value) {
                all = false
                if !goesOn { break }
            }
            return all
        }
    }

    /// Whether the schema holds, with nothing listed.
    mutating func fits(_ index: Int, _ value: JSONValue) -> Bool {
        let before = recording
        recording = false
        defer { recording = before }
        return holds(index, value)
    }

    /// ``holds(_:_:)`` one step further into the value.
    mutating func holds(_ index: Int, _ value: JSONValue, at step: Step) -> Bool {
        path.append(step)
        defer { path.removeLast() }
        return holds(index, value)
    }

    /// Lists a breach at the current place. Always false.
    mutating func breach(_ schema: String, _ sentence: @autoclosure () -> String) -> Bool {
        if goesOn { violations.append(violation(schema, sentence())) }
        return false
    }

    /// Counts work; false when there was too much of it.
    mutating func spend(_ steps: Int, at node: SchemaNode) -> Bool {
        guard stop == nil else { return false }
        work += steps
        if work <= workLimit { return true }
        return giveUp(node, "it takes more than \(workLimit) steps to check")
    }

    /// What the patterns of one match may still spend.
    var workLeft: Int { workLimit - work }

    private mutating func giveUp(_ node: SchemaNode, _ sentence: String) -> Bool {
        if stop == nil { stop = violation(node.pointer, sentence) }
        return false
    }

    private func violation(_ schema: String, _ sentence: String) -> SchemaViolation {
        var pointer = ""
        for step in path {
            switch step {
            case .item(let index): pointer += "/\(index)"
            case .member(let name): pointer += "/" + SchemaPlace.escaped(name)
            }
        }
        return SchemaViolation(instancePointer: pointer, schemaPointer: schema, sentence: sentence)
    }

    private mutating func holds(_ assertion: SchemaAssertion, of node: SchemaNode, _ value: JSONValue) -> Bool {
        let place = node.pointer + "/" + assertion.keyword
        switch assertion.kind {
        case .types, .oneOfValues, .value:
            return holdsAnyKind(assertion.kind, of: node, value, at: place)
        case .all, .any, .one, .not, .condition:
            return holdsCombination(assertion.kind, value, at: place)
        default: break
        }
        switch value {
        case .int, .number: return holdsNumber(assertion.kind, value, at: place)
        case .string(let text): return holdsString(assertion.kind, text, of: node, at: place)
        case .array(let items): return holdsItems(assertion.kind, items, of: node, at: place)
        case .object(let members): return holdsMembers(assertion.kind, members, of: node, at: place)
        case .null, .bool: return true
        }
    }

    private mutating func holdsAnyKind(
        _ kind: SchemaAssertion.Kind, of node: SchemaNode, _ value: JSONValue, at place: String
    ) -> Bool {
        switch kind {
        case .types(let types):
            if types.contains(where: { $0.includes(value) }) { return true }
            let wanted = types.map(\.phrase).joined(separator: " or ")
            let own = types.contains(.integer) && value.doubleValue != nil ? "a number with a fraction" : value.kindName
            return breach(place, "it is \(own), and must be \(wanted)")
        case .oneOfValues(let values):
            guard spend(values.count, at: node) else { return false }
            return values.contains(value) || breach(place, "it is none of the \(values.count) values allowed here")
        case .value(let wanted):
            return value == wanted || breach(place, "it is not the one value allowed here")
        default: return true
        }
    }

    private mutating func holdsCombination(
        _ kind: SchemaAssertion.Kind, _ value: JSONValue, at place: String
    ) -> Bool {
        switch kind {
        case .all(let schemas):
            var all = true
            for schema in schemas where !holds(schema, value) {
                all = false
                if !goesOn { break }
            }
            return all
        case .any(let schemas):
            for schema in schemas where fits(schema, value) { return true }
            return breach(place, "it fits none of the \(schemas.count) schemas, one of which it must fit")
        case .one(let schemas):
            var fitting = 0
            for schema in schemas where fits(schema, value) {
                fitting += 1
                if fitting > 1 { break }
            }
            let found = fitting == 0 ? "none" : "more than one"
            return fitting == 1 || breach(place, "it fits \(found) of the \(schemas.count) schemas, and must fit just one")
        case .not(let schema):
            return !fits(schema, value) || breach(place, "it fits the schema that it must not fit")
        case .condition(let condition, let then, let otherwise):
            guard let next = fits(condition, value) ? then : otherwise else { return true }
            return holds(next, value)
        default: return true
        }
    }
}
