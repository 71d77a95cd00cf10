import ImflowJSON

/// Strings that may name files. Between a stage and the next, the URL of a file gives way to that of its copy.
enum FileText {
    /// Characters of the shortest URL: `s3://`, `data:`.
    static let shortest = 5

    /// Whether any string in `value` may be the URL of a file.
    static func mayBe(in value: JSONValue) -> Bool {
        var pending = [value]
        while let value = pending.popLast() {
            switch value {
            case .string(let text): if text.utf8.contains(UInt8(ascii: ":")) { return true }
            case .array(let items): pending += items
            case .object(let members): pending += members.values
            default: break
            }
        }
        return false
    }
}
