/// Text that cannot drive a terminal: control characters, invisible and direction-changing ones are shown as escapes
/// (`\u{1B}`), so that what a reader sees is what a file holds.
struct VisibleText {
    /// What is printed for one character, and how many terminal columns that takes.
    struct Cell {
        var text: String
        var width: Int
    }

    /// A scalar's cell. `after` is the scalar before it: a joiner and a combining mark belong to it.
    static func cell(_ scalar: Unicode.Scalar, after previous: Unicode.Scalar?) -> Cell {
        if scalar.value >= 0x20, scalar.value < 0x7F { return Cell(text: String(scalar), width: 1) }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark:
            if let previous, !isHidden(previous) { return Cell(text: String(scalar), width: 0) }
            return escape(scalar)
        case _ where scalar == joiner && previous.map(isPictograph) == true: return Cell(text: String(scalar), width: 0)
        case _ where isHidden(scalar): return escape(scalar)
        default:
            let joined = previous == joiner || (isSkinTone(scalar) && previous.map(isPictograph) == true)
            return Cell(text: String(scalar), width: joined ? 0 : isWide(scalar) ? 2 : 1)
        }
    }

    /// One line of safe text; longer than `limit` characters it is cut with `…`.
    static func line(_ text: String, limit: Int = 400) -> String {
        var out = ""
        var previous: Unicode.Scalar?
        for (count, scalar) in text.unicodeScalars.enumerated() {
            if count >= limit { return out + "…" }
            switch scalar {
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            default: out += cell(scalar, after: previous).text
            }
            previous = scalar
        }
        return out
    }

    private static let joiner: Unicode.Scalar = "\u{200D}"

    private static func escape(_ scalar: Unicode.Scalar) -> Cell {
        let text = "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        return Cell(text: text, width: text.utf8.count)
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: scalar.properties.isDefaultIgnorableCodePoint && !scalar.properties.isVariationSelector
        }
    }

    private static func isPictograph(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x2190 && (scalar.properties.isEmoji || scalar.properties.isVariationSelector)
    }

    private static func isSkinTone(_ scalar: Unicode.Scalar) -> Bool { (0x1F3FB...0x1F3FF).contains(scalar.value) }

    /// The wide and full-width blocks of Unicode's East Asian Width, without the exceptions inside them.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
            0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
