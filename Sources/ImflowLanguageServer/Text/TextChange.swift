/// One replacement in a text: bytes of its old state, and what stands there then.
struct TextChange {
    var range: Range<Int>
    var text: String

    /// The text with all changes in it; they do not overlap.
    static func apply(_ changes: [TextChange], to text: [UInt8]) -> [UInt8] {
        var result = text
        for change in changes.sorted(by: { $0.range.lowerBound > $1.range.lowerBound })
        where change.range.upperBound <= result.count {
            result.replaceSubrange(change.range, with: change.text.utf8)
        }
        return result
    }
}
