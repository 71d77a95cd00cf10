/// What a key's value may be. The reader, the messages and the schema of a file are made from this.
package indirect enum KeyType: Sendable {
    /// A string.
    case text
    /// A string, or a number taken as it is written: `version: 1.0`.
    case word
    /// A model's or stage's name.
    case name
    case jobID
    /// `id` or `id@version`.
    case modelReference
    case choice([String])
    /// A list of choices.
    case choices([String])
    /// A list of names.
    case names
    /// A list of strings.
    case texts
    case boolean
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// `30s`, or a plain number of seconds.
    case duration(zeroAllowed: Bool)
    /// `4Gi`, or a plain number of bytes.
    case bytes
    /// A string or a list of strings.
    case command
    /// An absolute path of a URL: starts with `/`.
    case urlPath
    /// One integer for both axes, or `[width, height]`.
    case pair(ClosedRange<Int>)
    /// A map of strings to strings.
    case textMap
    /// `when`.
    case condition
    /// A JSON object, taken as it is.
    case members
    /// A JSON Schema: an object or a boolean.
    case schema
    case block(KeyBlock)
    /// A list of blocks.
    case blocks(KeyBlock)
    /// A boolean, a count, or a block.
    case gpu(KeyBlock)

    /// What a message says the key takes.
    package var description: String {
        switch self {
        case .text: "a string"
        case .word: "a string or a number"
        case .name, .jobID: "a name"
        case .modelReference: "a model's name"
        case .choice(let choices): "one of \(Self.list(choices))"
        case .choices(let choices): "a list of \(Self.list(choices))"
        case .names: "a list of stage names"
        case .texts: "a list of strings"
        case .boolean: "`true` or `false`"
        case .integer: "a whole number"
        case .number: "a number"
        case .duration: "a length of time such as `30s`"
        case .bytes: "an amount such as `4Gi`"
        case .command: "a string or a list of strings"
        case .urlPath: "a path that starts with `/`"
        case .pair: "a whole number or `[width, height]`"
        case .textMap: "a mapping of strings to strings"
        case .condition: "a condition such as `score >= 0.5`"
        case .members: "a mapping"
        case .schema: "a JSON Schema: a mapping or a boolean"
        case .block: "a mapping"
        case .blocks: "a list of mappings"
        case .gpu: "`true`, a number of GPUs, or a mapping"
        }
    }

    static func list(_ words: [String]) -> String { words.map { "`\($0)`" }.joined(separator: ", ") }
}

/// A key of a file.
package struct Key: Sendable {
    package let name: String
    package let type: KeyType
    /// Whether its block means nothing without it.
    package let isRequired: Bool
    /// What it means, and its default, for people.
    package let meaning: String

    init(_ name: String, _ type: KeyType, required: Bool = false, _ meaning: String) {
        self.name = name
        self.type = type
        isRequired = required
        self.meaning = meaning
    }
}

/// The keys of one mapping in a file.
package struct KeyBlock: Sendable {
    /// What a message calls it: `multi_node`.
    package let name: String
    /// In the order in which they are documented.
    package let keys: [Key]
    private let byName: [String: Key]

    init(_ name: String, _ keys: [Key]) {
        self.name = name
        self.keys = keys
        byName = Dictionary(keys.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The key of that name.
    package subscript(name: String) -> Key? { byName[name] }
}
