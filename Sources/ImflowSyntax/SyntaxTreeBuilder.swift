import ImflowDiagnostics

/// Reading cannot go on: a limit is reached. The diagnostic says which.
struct ReadingStopped: Error {
    var diagnostic: Diagnostic
}

/// Builds the arena from what a YAML or JSON reader meets, in document order, and enforces ``SyntaxLimits``.
/// Whatever happens, ``finish(at:complete:)`` gives a well-formed tree.
struct SyntaxTreeBuilder {
    /// An open collection.
    private struct Frame {
        var index: Int
        var anchor: String?
        /// Children so far; in a mapping keys and values alternate.
        var children = 0
        /// Nodes in the subtree with all aliases expanded; saturates.
        var expanded = 1
        /// Levels of collections below, aliases expanded.
        var height = 1
        /// Where the last child ended.
        var end: Int
    }

    private struct Anchor {
        var index: Int
        var expanded = 1
        var height = 0
        var isOpen: Bool
    }

    let source: Source
    let limits: SyntaxLimits
    private(set) var diagnostics: [Diagnostic] = []
    private var records: [SyntaxTree.Record] = []
    private var texts: [String] = []
    private var tags: [Int32: String] = [:]
    private var frames: [Frame] = []
    private var anchors: [String: Anchor] = [:]
    /// Nodes added by all aliases so far; saturates.
    private var expandedNodes = 0
    private var reportedExpansion = false

    init(source: Source, limits: SyntaxLimits) {
        self.source = source
        self.limits = limits
    }

    /// Where the innermost open collection's last child ended, or the collection began.
    var lastEnd: Int { frames.last?.end ?? 0 }

    /// Whether the next node is the value of a mapping's key.
    var expectsValue: Bool {
        guard let frame = frames.last, records[frame.index].kind == .mapping else { return false }
        return frame.children % 2 == 1
    }

    /// Whether nothing has been read yet.
    var isEmpty: Bool { records.isEmpty }

    mutating func report(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

    mutating func scalar(
        _ text: String, style: SyntaxTree.Style, range: Range<Int>, tag: String? = nil, anchor: String? = nil
    ) throws(ReadingStopped) {
        let index = try append(.scalar, style, range, payload: texts.count)
        texts.append(text)
        if let tag { tags[Int32(index)] = tag }
        if let anchor { anchors[anchor] = Anchor(index: index, isOpen: false) }
        close(child: range.upperBound, expanded: 1, height: 0)
    }

    mutating func hole(_ range: Range<Int>, anchor: String? = nil) throws(ReadingStopped) {
        let index = try append(.hole, .plain, range, payload: 0)
        if let anchor { anchors[anchor] = Anchor(index: index, isOpen: false) }
        close(child: range.upperBound, expanded: 1, height: 0)
    }

    mutating func open(
        _ kind: SyntaxTree.Kind, style: SyntaxTree.Style, range: Range<Int>, tag: String? = nil, anchor: String? = nil
    ) throws(ReadingStopped) {
        guard frames.count < limits.depth else {
            throw ReadingStopped(
                diagnostic: Diagnostic(
                    .tooDeep, "nested deeper than \(limits.depth) levels", at: span(range),
                    help: "no more than \(limits.depth) lists and mappings may stand inside one another"))
        }
        let index = try append(kind, style, range, payload: 0)
        if let tag { tags[Int32(index)] = tag }
        if let anchor { anchors[anchor] = Anchor(index: index, isOpen: true) }
        frames.append(Frame(index: index, anchor: anchor, end: range.upperBound))
    }

    /// Closes the innermost collection. `end` nil: it ends where its last child does.
    mutating func close(at end: Int?) {
        guard let frame = frames.popLast() else { return }
        let end = max(end ?? frame.end, frame.end)
        records[frame.index].next = Int32(records.count)
        records[frame.index].end = Int32(end)
        if let anchor = frame.anchor, anchors[anchor]?.index == frame.index {
            anchors[anchor] = Anchor(
                index: frame.index, expanded: frame.expanded, height: frame.height, isOpen: false)
        }
        close(child: end, expanded: frame.expanded, height: frame.height)
    }

    mutating func alias(_ name: String, range: Range<Int>) throws(ReadingStopped) {
        guard let anchor = anchors[name] else {
            report(undefinedAlias(name, range))
            return try hole(range)
        }
        if anchor.isOpen {
            report(
                Diagnostic(
                    .aliasCycle, "`*\(name)` stands inside the value that it names", at: span(range),
                    secondary: [Label(span(of: anchor.index), "the value of `&\(name)` starts here")]))
            return try hole(range)
        }
        let (total, overflow) = expandedNodes.addingReportingOverflow(anchor.expanded)
        guard !overflow, total <= limits.expandedNodes, frames.count + anchor.height <= limits.depth else {
            reportExpansion(name, range, tooMany: overflow || total > limits.expandedNodes)
            return try hole(range)
        }
        expandedNodes = total
        _ = try append(.alias, .plain, range, payload: anchor.index)
        close(child: range.upperBound, expanded: anchor.expanded, height: anchor.height)
    }

    /// Whether the root has been read to its end.
    var isClosed: Bool { !records.isEmpty && frames.isEmpty }

    /// The tree of all there is. Open collections are closed; when reading stopped early, at `offset`, a hole stands
    /// for the value in flight: a key's value, a further item, or the whole document.
    mutating func finish(at offset: Int, complete: Bool, isJSON: Bool = false) -> SyntaxTree {
        if !complete {
            let place = max(offset, lastEnd)
            if !dropTouchedScalar(before: offset), isEmpty || expectsItem { appendHole(at: place) }
            while !frames.isEmpty {
                if expectsValue { appendHole(at: place) }
                close(at: nil)
            }
        }
        return SyntaxTree(
            source: source, records: records, texts: texts, tags: tags, isComplete: complete, isJSON: isJSON)
    }
}

extension SyntaxTreeBuilder {
    private var expectsItem: Bool { frames.last.map { records[$0.index].kind == .sequence } ?? false }

    private mutating func appendHole(at place: Int) {
        appendUnchecked(.hole, .plain, place..<place, payload: 0)
        close(child: place, expanded: 1, height: 0)
    }

    /// A plain value right before the error is a part of it: in `a: b: c` nobody knows what `b` was to be.
    private mutating func dropTouchedScalar(before offset: Int) -> Bool {
        guard !expectsValue, !frames.isEmpty, let last = records.last, last.kind == .scalar, last.style == .plain,
            last.start < last.end, Int(last.end) <= offset,
            source.bytes[Int(last.end)..<offset].allSatisfy({ $0 == 0x20 })
        else { return false }
        records[records.count - 1].kind = .hole
        return true
    }

    private func span(_ range: Range<Int>) -> Span { Span(source, range) }

    private func span(of index: Int) -> Span {
        let start = Int(records[index].start)
        return Span(source, start..<min(start + 1, source.bytes.count))
    }

    private mutating func append(
        _ kind: SyntaxTree.Kind, _ style: SyntaxTree.Style, _ range: Range<Int>, payload: Int
    ) throws(ReadingStopped) -> Int {
        guard records.count < limits.nodes else {
            throw ReadingStopped(
                diagnostic: Diagnostic(
                    .tooManyNodes, "more than \(limits.nodes) keys and values", at: span(range),
                    help: "large data belongs in files of their own, which the manifest names"))
        }
        return appendUnchecked(kind, style, range, payload: payload)
    }

    @discardableResult
    private mutating func appendUnchecked(
        _ kind: SyntaxTree.Kind, _ style: SyntaxTree.Style, _ range: Range<Int>, payload: Int
    ) -> Int {
        let index = records.count
        records.append(
            SyntaxTree.Record(
                kind: kind, style: style, start: Int32(range.lowerBound), end: Int32(range.upperBound),
                next: Int32(index + 1), payload: Int32(payload)))
        return index
    }

    /// Counts a finished child into the innermost open collection.
    private mutating func close(child end: Int, expanded: Int, height: Int) {
        guard let last = frames.indices.last else { return }
        frames[last].children += 1
        frames[last].end = max(frames[last].end, end)
        let (sum, overflow) = frames[last].expanded.addingReportingOverflow(expanded)
        frames[last].expanded = overflow ? .max : sum
        frames[last].height = max(frames[last].height, height + 1)
    }

    private func undefinedAlias(_ name: String, _ range: Range<Int>) -> Diagnostic {
        var help = "an anchor `&\(name)` must stand before it"
        if let near = nearest(name, in: anchors.keys.sorted()) { help += "; did you mean `*\(near)`?" }
        return Diagnostic(.undefinedAlias, "nothing above is marked `&\(name)`", at: span(range), help: help)
    }

    private mutating func reportExpansion(_ name: String, _ range: Range<Int>, tooMany: Bool) {
        guard !reportedExpansion else { return }
        reportedExpansion = true
        let headline =
            tooMany
            ? "aliases grow this document by more than \(limits.expandedNodes) keys and values"
            : "with its aliases expanded, this document is nested deeper than \(limits.depth) levels"
        report(
            Diagnostic(
                tooMany ? .aliasLimit : .tooDeep, headline, at: span(range), label: "`*\(name)` crosses the limit",
                help: "write the value out, or repeat it less often"))
    }
}
