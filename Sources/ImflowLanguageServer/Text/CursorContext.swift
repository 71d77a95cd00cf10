/// Where a place of a text stands among the keys of its file.
package struct CursorContext: Equatable, Sendable {
    /// One step from a value to a part of it.
    package enum Step: Hashable, Sendable {
        case key(String)
        case item(Int)
    }

    /// How a value is written there.
    package enum Notation: Sendable { case block, flow, json }

    /// From the root: of a key the mapping that it is in, of a value the value itself.
    package var path: [Step]
    /// Whether a key stands here, or would; else a value.
    package var isKey: Bool
    /// The word at the place as bytes of the text, without its quotes; empty where none is.
    package var word: Range<Int>
    /// ``word`` with its quotes.
    package var token: Range<Int>
    /// The other keys of the mapping; of a value none.
    package var siblings: Set<String> = []
    package var notation: Notation

    package init(path: [Step], isKey: Bool, word: Range<Int>, token: Range<Int>? = nil, notation: Notation) {
        self.path = path
        self.isKey = isKey
        self.word = word
        self.token = token ?? word
        self.notation = notation
    }

    /// Whether the word stands in quotes.
    package var isQuoted: Bool { token != word }
}

/// The bytes that give YAML and JSON their form.
enum Mark {
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")
    static let dash = UInt8(ascii: "-")
    static let colon = UInt8(ascii: ":")
    static let comma = UInt8(ascii: ",")
    static let hash = UInt8(ascii: "#")
    static let quote = UInt8(ascii: "\"")
    static let apostrophe = UInt8(ascii: "'")
    static let backslash = UInt8(ascii: "\\")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")

    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }
    static func isBreak(_ byte: UInt8) -> Bool { byte == lineFeed || byte == carriageReturn }
    static func isOpening(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") }
    static func isClosing(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") }
}
