/// The lines that a fix changes, before and after.
struct FixPreview {
    /// A line without its break; numbers count from 1, removed lines in the old text, others in the new one.
    struct Line: Equatable {
        var number: Int
        var isRemoved: Bool
        var text: String
    }

    /// A preview shows no more; the rest is counted.
    static let maximumLines = 12
    /// Longer lines are not looked at.
    private static let maximumBytes = 1 << 16

    private(set) var lines: [Line] = []
    /// Changed lines that are not shown.
    private(set) var hiddenCount = 0

    /// Empty for a fix without edits, or whose edits are in several texts.
    init(_ fix: FixIt) {
        let edits = fix.edits.sorted { $0.span.range.lowerBound < $1.span.range.lowerBound }
        guard let source = edits.first?.span.source, edits.allSatisfy({ $0.span.source === source }),
            zip(edits, edits.dropFirst()).allSatisfy({ $0.span.range.upperBound <= $1.span.range.lowerBound })
        else { return }
        // Only the lines around the edits are looked at.
        let first = source.line(of: edits[0].span.range.lowerBound)
        let last = source.line(of: edits[edits.count - 1].span.range.upperBound)
        let end = last < source.lineStarts.count ? source.lineStarts[last] : source.bytes.count
        let window = source.lineStarts[first - 1]..<end
        guard window.count <= Self.maximumBytes else { return }
        let old = Source(name: "", bytes: Array(source.bytes[window]))
        let moved = edits.map { edit in
            FixIt.Edit(
                Span(
                    old,
                    edit.span.range.lowerBound - window.lowerBound..<edit.span.range.upperBound - window.lowerBound),
                replacement: edit.replacement)
        }
        show(old, Source(name: "", bytes: FixApplication.apply(moved, to: old.bytes)), from: first)
    }

    private mutating func show(_ old: Source, _ new: Source, from first: Int) {
        let texts = { (source: Source) in
            // A break at the end begins no line.
            let count = source.lineStarts.count - (source.lineStarts.last == source.bytes.count ? 1 : 0)
            return (1..<count + 1).map { source.bytes[source.lineRange($0)] }
        }
        let (oldLines, newLines) = (texts(old), texts(new))
        for change in LineDiff.changes(from: oldLines, to: newLines) {
            for line in change.old {
                add(old, line, isRemoved: true, from: first, beside: change.new.contains(line) ? newLines[line] : [])
            }
            for line in change.new {
                add(new, line, isRemoved: false, from: first, beside: change.old.contains(line) ? oldLines[line] : [])
            }
        }
    }

    private mutating func add(
        _ source: Source, _ index: Int, isRemoved: Bool, from first: Int, beside other: ArraySlice<UInt8>
    ) {
        guard lines.count < Self.maximumLines else {
            hiddenCount += 1
            return
        }
        let range = source.lineRange(index + 1)
        // A long line is shown where it differs.
        let same = zip(source.bytes[range], other).prefix { $0 == $1 }.count
        let excerpt = SourceExcerpt(source, line: range, focus: range.lowerBound + same)
        lines.append(Line(number: first + index, isRemoved: isRemoved, text: excerpt.text))
    }
}
