internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// `concat-text`: the units' texts in order. No units: `""`. A unit's text is its result when that is a string, else
/// the result's member `text`, else its only string member.
///
/// After a `sequence` split with overlap, what two neighbouring texts both say is there once (``TextJoin``). Words and
/// lines that a model stripped of the white space between windows are set apart again by one space or one line end. After
/// a `lines` split the texts are joined by line ends. All other texts are joined as they are.
///
/// Of a run the first and the last text are in memory, since what is next to them is not known yet; what is between them
/// is not.
struct ConcatText: MergeFold {
    private struct Edge {
        var unit: Int
        var text: [UInt8]
        /// What stays of it, as far as the texts on both sides are known.
        var kept: Range<Int>

        init(_ unit: Int, _ text: [UInt8]) { (self.unit, self.text, kept) = (unit, text, 0..<text.count) }

        mutating func cut(before skip: Int) { kept = skip..<max(kept.upperBound, skip) }
        mutating func cut(after keep: Int) { kept = kept.lowerBound..<max(kept.lowerBound, keep) }
    }

    private let join: TextJoin
    private let content: ContentStore
    private let bufferSize: Int
    /// Whether nothing comes before this run: then its first text need not wait.
    private let isStart: Bool
    private var first: Edge?
    /// Of two texts and more.
    private var last: Edge?
    /// A quote, then the JSON text of what is between the two; the first text too, when ``isStart`` and there is a last.
    private let middle: ContentWriter

    init(
        split: SplitPlan, isStart: Bool = false, content: ContentStore, bufferSize: Int = ContentWriter.bufferSize
    ) throws(Failure) {
        join = TextJoin(split)
        self.isStart = isStart
        self.content = content
        self.bufferSize = bufferSize
        middle = ContentWriter(content: content, bufferSize: bufferSize)
        try middle.put("\"")
    }

    mutating func add(_ text: UnsafeRawBufferPointer, of unit: Int) throws(Failure) {
        let text = Array(try Self.text(in: try UnitValue.parse(text, of: unit), of: unit).utf8)
        if text.isEmpty, join.skipsEmptyTexts { return }
        try append(Edge(unit, text))
    }

    private static func text(in result: JSONValue, of unit: Int) throws(Failure) -> String {
        if let text = result.stringValue ?? result["text"]?.stringValue { return text }
        let strings = (result.objectValue ?? [:]).values.compactMap(\.stringValue)
        guard strings.count == 1 else {
            throw Failure(
                .app,
                "concat-text needs a text of each unit, but unit \(unit) answered \(result.kindName)"
                    + (result.objectValue == nil ? "" : " with \(strings.count) texts and none named `text`"))
        }
        return strings[0]
    }

    /// The text after the run.
    private mutating func append(_ edge: Edge) throws(Failure) {
        guard first != nil else { return first = edge }
        var edge = edge
        try close(before: &edge)
        last = edge
    }

    /// Settles what stays of the run's last text, and what of the next one.
    private mutating func close(before next: inout Edge) throws(Failure) {
        guard var edge = last ?? first else { return }
        let seam = join.seam(edge.text, next.text, areNeighbours: edge.unit + 1 == next.unit)
        edge.cut(after: seam.keep)
        next.cut(before: seam.skip)
        if last == nil { first = edge }
        if last != nil || isStart { try write(edge) }
        try write(Array(seam.separator.utf8)[...])
    }

    mutating func combine(_ next: ConcatText) throws(Failure) {
        guard var edge = next.first else { return }
        guard next.last != nil else { return try append(edge) }
        if first == nil {
            first = edge
            if isStart { try write(edge) }
        } else {
            try close(before: &edge)
            try write(edge)
        }
        try middle.put(next.middle, from: 1)
        last = next.last
    }

    mutating func finish(in content: ContentStore) throws(Failure) -> Payload {
        guard var edge = last ?? first else {
            try middle.put("\"")
            return try middle.payload()
        }
        edge.cut(after: join.end(of: edge.text))
        if last == nil || isStart {
            try write(edge)
            try middle.put("\"")
            return try middle.payload()
        }
        let whole = try ConcatText(split: SplitPlan(mode: .batch), content: content, bufferSize: bufferSize)
        if let first { try whole.write(first) }
        try whole.middle.put(middle, from: 1)
        try whole.write(edge)
        try whole.middle.put("\"")
        return try whole.middle.payload()
    }

    private func write(_ edge: Edge) throws(Failure) { try write(edge.text[edge.kept]) }

    private func write(_ text: ArraySlice<UInt8>) throws(Failure) {
        guard !text.isEmpty else { return }
        let quoted = JSONValue.string(String(decoding: text, as: UTF8.self)).canonicalBytes()
        try middle.put(Array(quoted.dropFirst().dropLast()))
    }
}
