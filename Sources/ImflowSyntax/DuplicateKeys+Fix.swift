import ImflowDiagnostics

/// The fix of a member that says what an earlier one of its key says already.
enum RepeatedMember {
    /// A member of a mapping.
    typealias Member = (key: SyntaxNode, value: SyntaxNode)

    /// Removes `repeated` when it is equal to `first` and nothing else goes with it: no comment, anchor or tag.
    /// - Parameter previous: the member right before `repeated`.
    static func removal(of repeated: Member, after previous: Member, first: Member, isFlow: Bool) -> FixIt? {
        guard let value = repeated.value.jsonValue(), value == first.value.jsonValue(),
            let range = isFlow ? flowRange(repeated, previous) : lines(repeated)
        else { return nil }
        let source = repeated.key.span.source
        // An anchor, tag or comment may hide anywhere in it; in a text these characters are rare.
        guard source.bytes[range].allSatisfy({ !"&!#".utf8.contains($0) }) else { return nil }
        return FixIt("remove the repetition", .safe, edits: [FixIt.Edit(Span(source, range), replacement: "")])
    }

    /// From the end of the member before it to its own.
    private static func flowRange(_ repeated: Member, _ previous: Member) -> Range<Int>? {
        let range = previous.value.span.range.upperBound..<repeated.value.span.range.upperBound
        let between = repeated.key.span.source.bytes[range.lowerBound..<repeated.key.span.range.lowerBound]
        let isPlain = between.allSatisfy { [0x20, 0x09, 0x0A, 0x0D, 0x2C].contains($0) }
        return isPlain && between.count(where: { $0 == 0x2C }) == 1 ? range : nil
    }

    /// Its lines, when it has them for itself.
    private static func lines(_ repeated: Member) -> Range<Int>? {
        let source = repeated.key.span.source
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let key = repeated.key.span.range
        let end = max(key.upperBound, repeated.value.span.range.upperBound)
        let first = source.lineRange(repeated.key.span.start.line).lowerBound
        let last = source.position(of: end).line
        let before = source.bytes[first..<key.lowerBound]
        let behind = source.bytes[end..<max(end, source.lineRange(last).upperBound)]
        guard before.allSatisfy(isBlank), behind.drop(while: { $0 == UInt8(ascii: ":") }).allSatisfy(isBlank) else {
            return nil
        }
        return first..<(last < source.lineStarts.count ? source.lineStarts[last] : source.bytes.count)
    }
}
