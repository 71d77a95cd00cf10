/// `lines`: a text's lines without their ends (LF or CRLF). A final line end makes no empty line; empty lines between
/// others count, so that a unit's index is its line's number, from 0.
enum TextLines {
    /// Nil when there are more than `limit`.
    static func lines(of text: String, limit: Int) -> [String]? {
        let bytes = Array(text.utf8)
        var lines: [String] = []
        var start = 0
        while start < bytes.count {
            if lines.count == limit { return nil }
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            let isCRLF = end < bytes.count && end > start && bytes[end - 1] == 0x0D
            lines.append(String(decoding: bytes[start..<(isCRLF ? end - 1 : end)], as: UTF8.self))
            start = end + 1
        }
        return lines
    }
}
