import ImflowJSON
import ImflowSyntax

/// How a text is written as a scalar of YAML.
enum ScalarText {
    /// `text` in the quotes that open with `quote`; without, plain where that is read as the same text.
    static func written(_ text: String, quote: UInt8?) -> String {
        switch quote {
        case Mark.apostrophe: return "'" + text.replacing("'", with: "''") + "'"
        case Mark.quote: return JSONValue.string(text).text
        default: return isPlain(text) ? text : JSONValue.string(text).text
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != Mark.dash, first != UInt8(ascii: "@") else { return false }
        let isSimple = text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "_-.@".utf8.contains(byte)
        }
        return isSimple && CoreScalar(plain: text) == .string(text)
    }
}
