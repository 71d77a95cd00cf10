/// JSON pointers (RFC 6901) as texts.
package enum JSONPointerText {
    /// The pointer to the member `name`.
    package static func text(_ name: String) -> String {
        var out = "/"
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": out += "~0"
            case "/": out += "~1"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// The names in a pointer, less what stands before its first `/`.
    static func names(in pointer: String) -> [String] {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(unescaped)
    }

    private static func unescaped(_ part: Substring) -> String {
        guard part.utf8.contains(UInt8(ascii: "~")) else { return String(part) }
        var out = ""
        var scalars = part.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "~" else {
                out.unicodeScalars.append(scalar)
                continue
            }
            switch scalars.next() {
            case "0": out += "~"
            case "1": out += "/"
            default: return String(part)
            }
        }
        return out
    }
}
