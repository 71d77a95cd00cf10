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
    /// A number, a list of numbers, or `transparent`.
    case fill
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
    /// A boolean, or a block that says how.
    case toggle(KeyBlock)

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
        case .fill: "a number, a list of numbers, or `transparent`"
        case .textMap: "a mapping of strings to strings"
        case .condition: "a condition such as `score >= 0.5`"
        case .members: "a mapping"
        case .schema: "a JSON Schema: a mapping or a boolean"
        case .block: "a mapping"
        case .blocks: "a list of mappings"
        case .gpu: "`true`, a number of GPUs, or a mapping"
        case .toggle: "`true`, `false` or a mapping"
        }
    }

    static func list(_ words: [String]) -> String { words.map { "`\($0)`" }.joined(separator: ", ") }
}

/// A key of a file. A class, since the reader looks up one for every line it reads.
package final class Key: Sendable {
    package let name: String
    package let type: KeyType
    /// Whether its block means nothing without it.
    package let isRequired: Bool
    /// What counts where the key is absent, as it would be written in the file; nil: no fixed value does.
    package let defaultValue: String?
    /// The first version of imflow that knows the key: `0.1`.
    package let since: String
    /// What it means, in sentences for people; Markdown. Also what counts where it is absent and is no value.
    package let meaning: String
    /// What each of the choices means, Markdown; empty where the type has none.
    package let choiceMeanings: [String: String]

    init(
        _ name: String, _ type: KeyType, required: Bool = false, default defaultValue: String? = nil, since: String,
        _ meaning: String, choices: [String: String] = [:]
    ) {
        self.name = name
        self.type = type
        isRequired = required
        self.defaultValue = defaultValue
        self.since = since
        self.meaning = meaning
        choiceMeanings = choices
    }
}

/// The keys of one mapping in a file.
package struct KeyBlock: Sendable {
    /// What a message calls it: `multi_node`.
    package let name: String
    /// What it is for, in sentences for people; Markdown.
    package let meaning: String
    /// In the order in which they are documented.
    package let keys: [Key]
    /// Those that the block means nothing without.
    let requiredKeys: [Key]
    private let byName: [String: Key]

    init(_ name: String, _ meaning: String, _ keys: [Key]) {
        self.name = name
        self.meaning = meaning
        self.keys = keys
        requiredKeys = keys.filter(\.isRequired)
        byName = Dictionary(keys.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The key of that name.
    package subscript(name: String) -> Key? { byName[name] }
}
