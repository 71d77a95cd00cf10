import ImflowJSON

/// Turns a schema into a ``SchemaProgram``. Works off a list, so that neither depth nor references can exhaust the stack.
final class SchemaCompiler {
    /// More problems of one schema are not looked for.
    static let maximumProblems = 50
    /// More subschemas than this are refused.
    static let maximumNodes = 50_000

    struct Pending {
        var index: Int
        var value: JSONValue
        var place: SchemaPlace
        var base: String
    }

    private var index: SchemaIndex
    private(set) var program = SchemaProgram()
    private var known: [SchemaPlace: Int] = [:]
    private var pending: [Pending] = []
    /// In no order; at most ``maximumProblems``.
    private(set) var problems: [SchemaProblem] = []
    /// Every schema that is an object, with its node.
    private(set) var objects: [(node: Int, place: SchemaPlace, members: JSONObject)] = []

    /// Compiles all of the schema; the program means something only when there are no problems.
    static func compile(
        _ schema: JSONValue, documents: [String: JSONValue]
    ) -> SchemaCompiler {
        let compiler = SchemaCompiler(offering: documents)
        do throws(SchemaProblem) { try compiler.run(schema) } catch { compiler.add(error) }
        return compiler
    }

    private func run(_ schema: JSONValue) throws(SchemaProblem) {
        try index.add(schema)
        let root = SchemaPlace(document: "", pointer: "")
        _ = node(schema, at: root, base: index.bases[root] ?? "")
        while let next = pending.popLast(), problems.count < Self.maximumProblems {
            do throws(SchemaProblem) { program.nodes[next.index].rule = try rule(of: next) } catch { add(error) }
        }
        shortenReferences()
    }

    func add(_ problem: SchemaProblem) {
        if problems.count < Self.maximumProblems { problems.append(problem) }
    }

    private init(offering documents: [String: JSONValue]) { index = SchemaIndex(offering: documents) }

    /// The node of the schema at `place`, compiled later when it is new; nil when there are too many.
    func node(_ value: JSONValue, at place: SchemaPlace, base: String) -> Int? {
        // Where nothing refers to anything, every place is met once.
        if index.isNeeded, let index = known[place] { return index }
        let number = program.nodes.count
        guard number < Self.maximumNodes else {
            let sentence = "a schema may have at most \(Self.maximumNodes) subschemas"
            if problems.last?.sentence != sentence { add(SchemaProblem(place.description, sentence)) }
            return nil
        }
        if index.isNeeded { known[place] = number }
        program.nodes.append(SchemaNode(pointer: place.description, rule: .everything))
        pending.append(Pending(index: number, value: value, place: place, base: index.isNeeded ? index.bases[place] ?? base : base))
        return number
    }

    private func rule(of next: Pending) throws(SchemaProblem) -> SchemaNode.Rule {
        switch next.value {
        case .bool(let all): return all ? .everything : .nothing
        case .object(let members):
            objects.append((next.index, next.place, members))
            var reader = KeywordReader(compiler: self, place: next.place, base: next.base, members: members)
            if let reference = members["$ref"] {
                // Beside a reference, draft-07 reads nothing but definitions.
                reader.readDefinitions()
                guard let text = reference.stringValue else {
                    throw SchemaProblem(next.place.member("$ref").description, "`$ref` must be a string")
                }
                return try target(of: text, from: next)
            }
            return .assertions(reader.assertions())
        default:
            throw SchemaProblem(
                next.place.description, "a schema must be an object or a boolean, and this is \(next.value.kindName)")
        }
    }

    private func target(of reference: String, from next: Pending) throws(SchemaProblem) -> SchemaNode.Rule {
        let found: SchemaIndex.Found
        do throws(SchemaIndex.Miss) {
            found = try index.find(reference, base: next.base)
        } catch {
            throw SchemaProblem(next.place.member("$ref").description, error.sentence)
        }
        return node(found.value, at: found.place, base: found.base).map { .reference($0) } ?? .everything
    }

    /// Lets references name what they lead to at last, and refuses those that lead nowhere.
    private func shortenReferences() {
        nodes: for index in program.nodes.indices {
            var trail: [Int] = [index]
            var seen: Set<Int> = [index]
            while let last = trail.last, case .reference(let next) = program.nodes[last].rule {
                guard seen.insert(next).inserted else {
                    let pointer = program.nodes[index].pointer + "/$ref"
                    add(SchemaProblem(pointer, "the reference leads to itself and to no schema"))
                    continue nodes
                }
                trail.append(next)
            }
            guard let end = trail.last else { continue }
            for step in trail where step != end { program.nodes[step].rule = .reference(end) }
        }
    }
}
