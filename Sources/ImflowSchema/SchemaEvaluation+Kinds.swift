import ImflowJSON

extension SchemaEvaluation {
    mutating func holdsNumber(_ kind: SchemaAssertion.Kind, _ value: JSONValue, at place: String) -> Bool {
        switch kind {
        case .multiple(let divisor):
            return ExactNumber.isMultiple(value, of: divisor)
                || breach(place, "it is \(value.text), which is no multiple of \(divisor.text)")
        case .maximum(let limit, let exclusive):
            let order = ExactNumber.order(value, limit)
            if order < 0 || order == 0 && !exclusive { return true }
            return breach(place, "it is \(value.text), and must be \(exclusive ? "under" : "at most") \(limit.text)")
        case .minimum(let limit, let exclusive):
            let order = ExactNumber.order(value, limit)
            if order > 0 || order == 0 && !exclusive { return true }
            return breach(place, "it is \(value.text), and must be \(exclusive ? "over" : "at least") \(limit.text)")
        default: return true
        }
    }

    mutating func holdsString(
        _ kind: SchemaAssertion.Kind, _ text: String, of node: SchemaNode, at place: String
    ) -> Bool {
        switch kind {
        case .maximumLength(let limit):
            let count = text.unicodeScalars.count
            return count <= limit || breach(place, "it has \(count) characters, and may have at most \(limit)")
        case .minimumLength(let limit):
            let count = text.unicodeScalars.count
            return count >= limit || breach(place, "it has \(count) characters, and must have at least \(limit)")
        case .pattern(let pattern):
            return matches(pattern, text, of: node)
                || breach(place, "it does not match the pattern `\(pattern.source)`")
        default: return true
        }
    }

    private mutating func matches(_ pattern: Pattern, _ text: String, of node: SchemaNode) -> Bool {
        var steps = 0
        let found = pattern.matches(text, limit: workLeft, steps: &steps)
        return spend(steps, at: node) && found
    }

    mutating func holdsItems(
        _ kind: SchemaAssertion.Kind, _ items: [JSONValue], of node: SchemaNode, at place: String
    ) -> Bool {
        switch kind {
        case .items(let schema): return each(items, from: 0, schema)
        case .tuple(let schemas, let additional):
            var all = true
            for (position, schema) in schemas.enumerated() where position < items.count {
                if holds(schema, items[position], at: .item(position)) { continue }
                all = false
                if !goesOn { return false }
            }
            guard let additional, items.count > schemas.count else { return all }
            return each(items, from: schemas.count, additional) && all
        case .contains(let schema):
            for item in items where fits(schema, item) { return true }
            return breach(place, "it has no item that fits the schema of `contains`")
        case .maximumItems(let limit):
            return items.count <= limit || breach(place, "it has \(items.count) items, and may have at most \(limit)")
        case .minimumItems(let limit):
            return items.count >= limit || breach(place, "it has \(items.count) items, and must have at least \(limit)")
        case .uniqueItems:
            guard spend(items.count, at: node) else { return false }
            return areUnique(items, at: place)
        default: return true
        }
    }

    private mutating func each(_ items: [JSONValue], from start: Int, _ schema: Int) -> Bool {
        if case .everything = program.nodes[schema].rule { return true }
        var all = true
        for position in start..<items.count where !holds(schema, items[position], at: .item(position)) {
            all = false
            if !goesOn { break }
        }
        return all
    }

    private mutating func areUnique(_ items: [JSONValue], at place: String) -> Bool {
        var seen: [[UInt8]: Int] = [:]
        for (position, item) in items.enumerated() {
            if let first = seen.updateValue(position, forKey: item.canonicalBytes()) {
                return breach(place, "its items \(first) and \(position) are equal, and all must differ")
            }
        }
        return true
    }

    mutating func holdsMembers(
        _ kind: SchemaAssertion.Kind, _ members: JSONObject, of node: SchemaNode, at place: String
    ) -> Bool {
        switch kind {
        case .maximumMembers(let limit):
            return members.count <= limit
                || breach(place, "it has \(members.count) members, and may have at most \(limit)")
        case .minimumMembers(let limit):
            return members.count >= limit
                || breach(place, "it has \(members.count) members, and must have at least \(limit)")
        case .required(let names):
            guard spend(names.count, at: node) else { return false }
            return lacksNone(of: names, members, at: place, why: "")
        case .members(let rules): return each(members, rules, of: node)
        case .names(let schema):
            for name in members.keys where !fits(schema, .string(name)) {
                return breach(place, "its member name `\(name)` does not fit the schema of `propertyNames`")
            }
            return true
        case .dependencies(let dependencies): return meets(dependencies, members, at: place)
        default: return true
        }
    }

    private mutating func lacksNone(
        of names: [String], _ members: JSONObject, at place: String, why: String
    ) -> Bool {
        let missing = names.filter { members[$0] == nil }
        if missing.isEmpty { return true }
        let listed = missing.prefix(5).map { "`\($0)`" }.joined(separator: ", ") + (missing.count > 5 ? ", …" : "")
        return breach(place, "it lacks the member\(missing.count > 1 ? "s" : "") \(listed)\(why)")
    }

    private mutating func each(_ members: JSONObject, _ rules: MemberRules, of node: SchemaNode) -> Bool {
        var all = true
        for (name, value) in members {
            if !holds(rules, name, value, of: node) { all = false }
            if !all, !goesOn { break }
        }
        return all
    }

    private mutating func holds(
        _ rules: MemberRules, _ name: String, _ value: JSONValue, of node: SchemaNode
    ) -> Bool {
        var all = true
        var known = false
        if let schema = rules.named[name] {
            known = true
            all = holds(schema, value, at: .member(name))
        }
        for (pattern, schema) in rules.patterns where matches(pattern, name, of: node) {
            known = true
            if !holds(schema, value, at: .member(name)) { all = false }
        }
        guard !known, let additional = rules.additional else { return all }
        if case .nothing = program.nodes[additional].rule {
            return breach(program.nodes[additional].pointer, "it has the member `\(name)`, which is not allowed here")
        }
        return holds(additional, value, at: .member(name))
    }

    private mutating func meets(
        _ dependencies: [(name: String, SchemaAssertion.Dependency)], _ members: JSONObject, at place: String
    ) -> Bool {
        var all = true
        for (name, dependency) in dependencies where members[name] != nil {
            let met =
                switch dependency {
                case .names(let names):
                    lacksNone(of: names, members, at: place, why: ", which must go with `\(name)`")
                case .schema(let schema): holds(schema, .object(members))
                }
            if met { continue }
            all = false
            if !goesOn { break }
        }
        return all
    }
}
