/// How messages quote what a model wrote.
package enum Quotation {
    /// More of a reply is not quoted.
    static let limit = 200

    /// The beginning of `bytes` in typographic quotes, with control characters escaped; “nothing” of none.
    static func beginning(of bytes: some Collection<UInt8>) -> String {
        if bytes.isEmpty { return "nothing" }
        let quoted = printable(Array(bytes.prefix(limit)), keepingLines: false)
        return bytes.count > limit ? "“\(quoted)”…" : "“\(quoted)”"
    }

    /// Text that cannot move a terminal's cursor: control characters become `\xNN`, or `\n` and `\t`.
    package static func printable(_ bytes: [UInt8], keepingLines: Bool) -> String {
        var out = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0x0A: out += keepingLines ? "\n" : "\\n"
            case 0x09: out += keepingLines ? "\t" : "\\t"
            case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069:
                out += "\\x" + String(scalar.value, radix: 16)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
