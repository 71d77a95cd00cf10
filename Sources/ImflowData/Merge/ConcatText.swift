internal import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// `concat-text`: the units' texts in order. No units: `""`. A unit's text is its result when that is a string, else
/// the result's member `text`, else its only string member.
///
/// After a `sequence` split with overlap, what two neighbouring texts repeat is dropped: the longest run of at most
/// `sequence_overlap` characters, words or lines that ends the one and starts the other. Words and lines that a model
/// stripped of the white space between windows are set apart again by one space or one line end. After a `lines` split
/// the texts are joined by line ends. All other texts are joined as they are.
struct ConcatText {
    let split: SplitPlan

    func merge(_ results: [UnitResult]) throws(Failure) -> JSONValue {
        var texts: [(index: Int, text: String)] = []
        for item in results { texts.append((item.unit.index, try Self.text(of: item))) }
        switch split.mode {
        case .lines: return .string(texts.map { Self.withoutLineEnd($0.text) }.joined(separator: "\n"))
        case .sequence: return .string(sequence(texts))
        default: return .string(texts.map(\.text).joined())
        }
    }

    private static func text(of item: UnitResult) throws(Failure) -> String {
        if let text = item.result.stringValue ?? item.result["text"]?.stringValue { return text }
        let strings = (item.result.objectValue ?? [:]).values.compactMap(\.stringValue)
        guard strings.count == 1 else {
            throw Failure(
                .app,
                "concat-text needs a text of each unit, but \(item.name) answered \(item.result.kindName)"
                    + (item.result.objectValue == nil ? "" : " with \(strings.count) texts and none named `text`"))
        }
        return strings[0]
    }

    private static func withoutLineEnd(_ text: String) -> String {
        guard text.utf8.last == 0x0A else { return text }
        let bytes = text.utf8.dropLast()
        return String(decoding: bytes.last == 0x0D ? bytes.dropLast() : bytes, as: UTF8.self)
    }

    private func sequence(_ texts: [(index: Int, text: String)]) -> String {
        var joined = TextJoin(unit: split.sequenceUnit, overlap: split.sequenceOverlap)
        var previous: Int?
        for (index, text) in texts {
            // Across a hole nothing is repeated.
            joined.append(text, isNeighbour: previous.map { $0 + 1 == index } ?? false)
            previous = index
        }
        return joined.text
    }
}
