internal import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// A text file of any size, of which the parts are found in one pass.
struct LargeText {
    struct Part {
        var geometry: JSONObject
        var bytes: Range<Int64>
    }

    let path: String
    /// What messages call the file.
    let name: String
    var pieceSize = TextPieces.standardSize

    /// The lines, less their ends, or the windows of a `sequence`; nil when there are more than `limit`. Causes: `app` when
    /// it is not UTF-8, `cancelled`, `infra`.
    func parts(by split: SplitPlan, limit: Int) throws(Failure) -> [Part]? {
        split.mode == .lines ? try lines(limit) : try windows(split, limit)
    }

    private func windows(_ split: SplitPlan, _ limit: Int) throws(Failure) -> [Part]? {
        let pieces = try TextPieces(path: path, name: name, pieceSize: pieceSize)
        var marks = SegmentMarks(
            unit: split.sequenceUnit, length: split.sequenceLength, overlap: split.sequenceOverlap, limit: limit)
        var isWhole = true
        try pieces.forEach { (bytes, offset) throws(Failure) in
            isWhole = marks.take(bytes, at: offset)
            return isWhole
        }
        guard isWhole else { return nil }
        return marks.windows(end: pieces.size)?.enumerated().map { index, window in
            Part(
                geometry: [
                    "index": .int(Int64(index)), "start": .int(Int64(window.start)), "end": .int(Int64(window.end)),
                    "overlap": .int(Int64(window.overlap)),
                ], bytes: window.bytes)
        }
    }

    private func lines(_ limit: Int) throws(Failure) -> [Part]? {
        let pieces = try TextPieces(path: path, name: name, pieceSize: pieceSize)
        var parts: [Part] = []
        var start: Int64?
        // Of the piece before.
        var last: UInt8 = 0
        func add(_ end: Int64) {
            let index = Int64(parts.count)
            let geometry: JSONObject = ["index": .int(index), "start": .int(index), "end": .int(index + 1)]
            parts.append(Part(geometry: geometry, bytes: (start ?? end)..<end))
            start = nil
        }
        try pieces.forEach { (bytes, offset) throws(Failure) in
            var rest = bytes[...]
            while let end = rest.firstLineFeed {
                if start == nil, end > rest.startIndex { start = offset + Int64(rest.startIndex) }
                let before = end > 0 ? bytes[end - 1] : last
                add(offset + Int64(end) - (before == 0x0D && start != nil ? 1 : 0))
                if parts.count > limit { return false }
                rest = rest[(end + 1)...]
            }
            if start == nil, !rest.isEmpty { start = offset + Int64(rest.startIndex) }
            last = bytes.last ?? 0
            return true
        }
        if start != nil { add(pieces.size) }
        return parts.count > limit ? nil : parts
    }
}
