import ImflowCompiler
import ImflowIR
import ImflowJSON
import ImflowSyntax

/// Documents made from the key table, so that a key that is added is in them.
enum KeySamples {
    /// A document of one of the kinds of files.
    struct Document: Sendable {
        var kind: FileSchema
        var value: JSONValue
    }

    /// A value that `type` takes: the first of its choices, or the last.
    static func value(of type: KeyType, last: Bool = false) -> JSONValue {
        switch type {
        case .text, .word, .name, .jobID: "sample"
        case .modelReference: "worker"
        case .choice(let choices): .string((last ? choices.last : choices.first) ?? "")
        case .choices(let choices): .array(choices.map(JSONValue.string))
        case .names, .texts: ["first", "second"]
        case .boolean: .bool(!last)
        case .integer(let range): .int(Int64(min(max(range.lowerBound, 3), range.upperBound)))
        case .number(let range): .number((range.lowerBound + range.upperBound) / 2)
        case .duration: "1m30s"
        case .bytes: "4Ki"
        case .command: last ? "run 'two words'" : ["run", "two words"]
        case .urlPath: "/sample"
        case .pair(let range): [.int(Int64(range.upperBound)), .int(Int64(max(range.lowerBound, 3)))]
        case .fill: last ? "transparent" : [0, 127.5, 255]
        case .textMap: ["sample": "value"]
        case .condition: "a.b"
        case .members: ["sample": [1, 2.5, nil]]
        case .schema: ["type": "object"]
        case .block(let block), .gpu(let block), .toggle(let block): full(block, last: last)
        case .blocks(let block): [full(block, last: last)]
        }
    }

    /// A mapping with every key of the block.
    static func full(_ block: KeyBlock, last: Bool = false) -> JSONValue {
        .object(JSONObject(block.keys.map { ($0.name, value(of: $0.type, last: last)) }, uniquingKeysWith: { $1 }))
    }

    /// The block as a mapping with `members` and what it cannot do without, at its first place in a file.
    static func document(_ block: KeyBlock, _ members: JSONObject) -> Document {
        var own = members
        for key in block.keys where key.isRequired && own[key.name] == nil { own[key.name] = value(of: key.type) }
        for parent in KeyTable.blocks {
            for key in parent.keys {
                switch key.type {
                case .block(let inner) where inner.name == block.name, .gpu(let inner) where inner.name == block.name,
                    .toggle(let inner) where inner.name == block.name:
                    return document(parent, [key.name: .object(own)])
                case .blocks(let inner) where inner.name == block.name:
                    return document(parent, [key.name: [.object(own)]])
                default: break
                }
            }
        }
        let kinds = [KeyTable.job.name: FileSchema.job, KeyTable.settings.name: .settings]
        return Document(kind: kinds[block.name] ?? .model, value: .object(own))
    }

    /// Values of all kinds, and those around the bounds of `type`.
    static func candidates(_ type: KeyType) -> [JSONValue] {
        var own: [JSONValue] = []
        switch type {
        case .choice(let choices), .choices(let choices): own = choices.flatMap { [.string($0), [.string($0)]] }
        case .integer(let range), .pair(let range):
            own = [range.lowerBound - 1, range.lowerBound, range.upperBound, range.upperBound + 1].map {
                .int(Int64($0))
            }
            own += own.map { [$0, 1] }
        case .number(let range):
            own = [range.lowerBound - 1, range.lowerBound, range.upperBound, range.upperBound + 0.5].map(
                JSONValue.number)
        case .fill: own = [value(of: type), "transparent", "opaque", .array(Array(repeating: 1, count: 1025))]
        case .names, .texts, .command, .blocks: own = [value(of: type), .array(Array(repeating: "a", count: 10_001))]
        default: own = [value(of: type), value(of: type, last: true)]
        }
        return own + common
    }

    private static let common: [JSONValue] = [
        "", " ", "text", "Text With Space", "under_score", "-dash", "a@1", "a@", "@1", "a@1@2", "30s", "1h30m", "30m1h",
        "1.5s",
        ".5s", "0s", "30", "5ms", "9000d", "s", "4Gi", "4GB", "0", "0Gi", "1.5G", "99999999Pi", "/x", "x/",
        "score >= 0.5", "a &&",
        "a 'b", "none", "true", "tile_512", .string(String(repeating: "a", count: 64)), 0, 1, 2, -1, 0.5, 1.5, 1e300,
        -0.5, 1025,
        65_535, 65_536, 65_537, 31_622_400, 31_622_401, 2_147_483_648, true, false, nil, [], ["a"], ["A"], [1], [1, 2],
        [1, 2, 3], [0, 0], [1.5, 1], ["app"], ["app", "infra"], [nil], [""], [[]], [true], [1, "a"], [[:]],
        [["x-a": 1]], [:],
        ["a": "b"], ["a": 1], ["a": nil], ["x-a": 1], ["type": "object"],
    ]

    /// Every key of every block with every candidate, each in a document of its own.
    static let trials: [(block: KeyBlock, key: Key, value: JSONValue, document: Document)] = KeyTable.blocks.flatMap {
        block in
        block.keys.flatMap { key in
            candidates(key.type).map { (block, key, $0, document(block, [key.name: $0])) }
        }
    }
}
