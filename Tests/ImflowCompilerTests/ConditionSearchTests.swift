import ImflowCompiler
import ImflowDiagnostics
import ImflowJSON
import Testing

/// `never-true` against trying all values of a small world.
@Suite struct ConditionSearchTests {
    /// One value of each kind that a comparison with 1, 2, 'a' or 'b' can tell apart.
    private static let world: [JSONValue] = [
        .null, false, true, 0, 1, 2, 3, 1.5, 0.5, "", "A", "a", "aa", "b", "c", .array([]), .array([1]), .object([:]),
        .object(["k": 1]),
    ]

    private indirect enum Tree {
        case atom(name: String, comparison: String, literal: JSONValue)
        case truthy(String)
        case not(Tree)
        case both(Tree, Tree)
        case either(Tree, Tree)

        var text: String {
            switch self {
            case .atom(let name, let comparison, let literal):
                "\(name) \(comparison) \(literal.stringValue.map { "'\($0)'" } ?? literal.canonicalText)"
            case .truthy(let name): name
            case .not(let inner): "!(\(inner.text))"
            case .both(let left, let right): "(\(left.text)) && (\(right.text))"
            case .either(let left, let right): "(\(left.text)) || (\(right.text))"
            }
        }

        /// Whether it holds when a comparison of values without an order makes nothing true and ends nothing.
        func mayHold(_ values: [String: JSONValue], isNegated: Bool = false) -> Bool {
            switch self {
            case .atom, .truthy: holds(values).map { $0 != isNegated } ?? false
            case .not(let inner): inner.mayHold(values, isNegated: !isNegated)
            case .both(let left, let right), .either(let left, let right):
                if case .both = self, !isNegated {
                    left.mayHold(values) && right.mayHold(values)
                } else if case .either = self, isNegated {
                    left.mayHold(values, isNegated: true) && right.mayHold(values, isNegated: true)
                } else {
                    left.mayHold(values, isNegated: isNegated) || right.mayHold(values, isNegated: isNegated)
                }
            }
        }

        /// Nil: the stage ends, since two values have no order.
        func holds(_ values: [String: JSONValue]) -> Bool? {
            switch self {
            case .atom(let name, let comparison, let literal):
                ConditionSearchTests.compare(values[name] ?? .null, comparison, literal)
            case .truthy(let name):
                [.null, false, 0, "", .array([]), .object([:])].contains(values[name] ?? .null) ? false : true
            case .not(let inner): inner.holds(values).map { !$0 }
            case .both(let left, let right): left.holds(values).flatMap { $0 ? right.holds(values) : false }
            case .either(let left, let right): left.holds(values).flatMap { $0 ? true : right.holds(values) }
            }
        }
    }

    private static func compare(_ value: JSONValue, _ comparison: String, _ literal: JSONValue) -> Bool? {
        if comparison == "==" { return value == literal }
        if comparison == "!=" { return value != literal }
        if value == .null || literal == .null { return false }
        let order: Int
        if let left = value.doubleValue, let right = literal.doubleValue {
            order = left < right ? -1 : left > right ? 1 : 0
        } else if let left = value.stringValue, let right = literal.stringValue {
            order = left < right ? -1 : left > right ? 1 : 0
        } else {
            // Two equal booleans are equal before they are ordered by nobody.
            return nil
        }
        switch comparison {
        case "<": return order < 0
        case "<=": return order <= 0
        case ">": return order > 0
        default: return order >= 0
        }
    }

    private static func tree(_ depth: Int, _ random: inout SeededGenerator) -> Tree {
        let name = ["x", "y"][Int.random(in: 0...1, using: &random)]
        switch Int.random(in: 0...(depth == 0 ? 3 : 7), using: &random) {
        case 0: return .truthy(name)
        case 1...3:
            let literals: [JSONValue] = [1, 2, "a", "b", .null, true]
            let comparisons = ["==", "!=", "<", "<=", ">", ">="]
            return .atom(
                name: name, comparison: comparisons[Int.random(in: 0..<6, using: &random)],
                literal: literals[Int.random(in: 0..<6, using: &random)])
        case 4: return .not(tree(depth - 1, &random))
        case 5, 6: return .both(tree(depth - 1, &random), tree(depth - 1, &random))
        default: return .either(tree(depth - 1, &random), tree(depth - 1, &random))
        }
    }

    @Test func agreesWithTryingAll() throws {
        var random = SeededGenerator(state: 7)
        var never = 0
        for _ in 0..<400 {
            let tree = Self.tree(2, &random)
            let worlds = Self.world.flatMap { x in Self.world.map { ["x": x, "y": $0] } }
            let canHold = worlds.contains { tree.mayHold($0) }
            #expect(canHold || !worlds.contains { tree.holds($0) == true }, "\(tree.text)")
            let job: JSONValue = [
                "input": ["x": 1, "y": 1],
                "job_graph": ["stages": [["model": "tool", "when": .string(tree.text)]]],
            ]
            let files = ["job.json": job.canonicalText, "tool/model.yaml": "name: tool\nentrypoint: [./run]\n"]
            let found = Compiler(MemoryFiles(files)).check(["job.json"]).diagnostics.map(\.code.slug)
            #expect(found == (canHold ? [] : ["never-true"]), "\(tree.text)")
            never += canHold ? 0 : 1
        }
        #expect(never > 10)
    }

    /// What is too much to look at is not judged, however many stages have it.
    @Test func manyComparisonsAreBounded() {
        let long = (0..<250).map { "x == \($0)" }.joined(separator: " && ")
        let wide = (0..<7).map { "(x == \($0) || y == \($0))" }.joined(separator: " && ")
        let full = (0..<12).map { "a\($0) > 1" }.joined(separator: " && ")
        for condition in [long, wide, full] {
            let stages = (0..<300).map { _ in "{\"model\": \"tool\", \"when\": \"\(condition)\", \"input_key\": \"x\"}"
            }
            let text = "{\"input\": {\"x\": 1}, \"job_graph\": {\"stages\": [\(stages.joined(separator: ","))]}}"
            let files = ["job.json": text, "tool/model.yaml": "name: tool\nentrypoint: [./run]\n"]
            let found = Compiler(MemoryFiles(files)).check(["job.json"]).diagnostics
            #expect(!found.contains { $0.code.slug == "never-true" })
        }
    }
}
