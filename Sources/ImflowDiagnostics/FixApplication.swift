/// Fixes of several findings applied to one text at once. Where two overlap, the one of the earlier finding wins; the
/// other is left for another round, when its place is known anew. One change that mends several findings is made once.
package struct FixApplication: Sendable {
    /// The new text.
    package let bytes: [UInt8]
    /// The findings whose fix was applied, in the order given; none: the text is as it was.
    package let applied: [Diagnostic]

    /// Applies to `source` a fix of each finding that has one which may be applied unasked.
    /// - Parameters:
    ///   - diagnostics: in the order of a report; those whose fixes are about other texts do nothing here.
    ///   - includesReview: whether fixes that need review are applied, too.
    ///   - limit: the most fixes.
    package init(
        _ diagnostics: [Diagnostic], to source: Source, includesReview: Bool = false, limit: Int = .max
    ) {
        var taken: [FixIt.Edit] = []
        var applied: [Diagnostic] = []
        var byPlace: [Range<Int>: [FixIt.Edit]] = [:]
        for diagnostic in diagnostics where applied.count < limit {
            guard let fix = diagnostic.fix(includesReview: includesReview),
                let edits = Self.edits(of: fix, in: source), let place = edits.first?.span.range
            else { continue }
            if byPlace[place]?.map(\.replacement) != edits.map(\.replacement)
                || byPlace[place]?.map(\.span.range) != edits.map(\.span.range)
            {
                guard let merged = Self.merge(taken, edits) else { continue }
                taken = merged
                byPlace[place] = edits
            }
            applied.append(diagnostic)
        }
        self.applied = applied
        bytes = Self.apply(taken, to: source.bytes)
    }

    /// A text with disjoint edits, sorted by place, applied to it.
    package static func apply(_ edits: [FixIt.Edit], to bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var position = 0
        for edit in edits {
            out += bytes[position..<edit.span.range.lowerBound]
            out += edit.replacement.utf8
            position = edit.span.range.upperBound
        }
        return out + bytes[position...]
    }

    /// The edits of a fix, sorted; nil when they are not all about `source`, overlap, or change nothing.
    private static func edits(of fix: FixIt, in source: Source) -> [FixIt.Edit]? {
        let isInside = fix.edits.allSatisfy {
            $0.span.source.isSameText(as: source) && $0.span.range.upperBound <= source.bytes.count
        }
        guard isInside else { return nil }
        let changing = fix.edits.filter { !source.bytes[$0.span.range].elementsEqual($0.replacement.utf8) }
        let sorted = changing.sorted { $0.span.range.lowerBound < $1.span.range.lowerBound }
        let areDisjoint = zip(sorted, sorted.dropFirst()).allSatisfy { !touches($0, $1) }
        return sorted.isEmpty || !areDisjoint ? nil : sorted
    }

    /// Both, sorted; nil where they touch.
    private static func merge(_ taken: [FixIt.Edit], _ added: [FixIt.Edit]) -> [FixIt.Edit]? {
        var merged = taken
        for edit in added {
            // Reports go from top to bottom: the place is at the end or near it.
            let place = merged.lastIndex { $0.span.range.lowerBound <= edit.span.range.lowerBound }.map { $0 + 1 } ?? 0
            if place > 0, touches(merged[place - 1], edit) { return nil }
            if place < merged.count, touches(edit, merged[place]) { return nil }
            merged.insert(edit, at: place)
        }
        return merged
    }

    /// Whether two edits, the first not behind the second, have bytes in common, or one inserts where the other ends.
    private static func touches(_ first: FixIt.Edit, _ second: FixIt.Edit) -> Bool {
        let (end, start) = (first.span.range.upperBound, second.span.range.lowerBound)
        return end > start || end == start && (first.span.range.isEmpty || second.span.range.isEmpty)
    }
}

extension Source {
    /// Whether it is the same text of the same name; a file that was read twice is.
    func isSameText(as other: Source) -> Bool { self === other || name == other.name && bytes == other.bytes }
}

extension Diagnostic {
    /// The one fix to apply unasked: the only safe one; else, when those that need review count, the only one of all.
    /// Nil: there is none, or there are several.
    package func fix(includesReview: Bool) -> FixIt? {
        let safe = fixes.filter { $0.applicability == .safe }
        let candidates = safe.isEmpty && includesReview ? fixes : safe
        return candidates.count == 1 ? candidates.first : nil
    }
}
