internal import ImflowExecution
internal import ImflowPlan

/// A table file as one pass over it finds it: where its rows stand, a run a unit.
struct RowTable {
    let cut: RowCut
    let runs: [RowRun]

    /// Reads the file at `path`, which may be larger than memory; `name` is what messages call it, and what tells the format
    /// where `plan` does not. Nil when there would be more than `limit` units. Causes: `app` for what is no table, with the
    /// line; `cancelled`; `infra`.
    init?(
        path: String, name: String, plan: SplitPlan, limit: Int, pieceSize: Int = TextPieces.standardSize,
        maximumBytes: Int64 = RowRuns.maximumBytes
    ) throws(Failure) {
        let format = try Self.format(of: name, plan)
        let hasHeader = plan.rowHeader ?? true
        let runs = RowRuns(size: max(plan.batchSize, 1), limit: limit, maximumBytes: maximumBytes)
        let pieces = try TextPieces(path: path, name: name, pieceSize: pieceSize)
        if format == .jsonl {
            let lines = JSONLinesScan(runs: runs)
            guard let found = try Self.scan(lines, pieces, name) else { return nil }
            cut = RowCut(format: .jsonl)
            self.runs = found.runs.runs
        } else {
            let records = CSVScan(delimiter: Self.byte(plan.rowDelimiter, format), hasHeader: hasHeader, runs: runs)
            guard let found = try Self.scan(records, pieces, name) else { return nil }
            cut = RowCut(format: format, delimiter: plan.rowDelimiter, header: found.header)
            self.runs = found.runs.runs
        }
    }

    /// Nil: there are too many rows.
    private static func scan<Scan: RowScan>(
        _ scan: Scan, _ pieces: TextPieces, _ name: String
    ) throws(Failure) -> Scan? {
        var scan = scan
        var isWhole = true
        try pieces.forEach { (bytes, offset) throws(Failure) in
            do throws(RowMistake) { isWhole = try scan.take(bytes, at: offset) } catch { throw error.failure(in: name) }
            return isWhole
        }
        guard isWhole else { return nil }
        do throws(RowMistake) { isWhole = try scan.finish(at: pieces.size) } catch { throw error.failure(in: name) }
        return isWhole ? scan : nil
    }

    private static func format(of name: String, _ plan: SplitPlan) throws(Failure) -> RowFormat {
        if let format = plan.rowFormat { return format }
        let ending = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last?.lowercased()
        switch ending {
        case "csv": return .csv
        case "tsv", "tab": return .tsv
        case "jsonl", "ndjson": return .jsonl
        default:
            throw Failure(
                .app, "the name of the table `\(name)` does not tell how it is written; say row_format: csv, tsv or jsonl")
        }
    }

    /// The character between fields.
    static func byte(_ delimiter: RowDelimiter?, _ format: RowFormat) -> UInt8 {
        switch delimiter ?? (format == .tsv ? .tab : .comma) {
        case .comma: UInt8(ascii: ",")
        case .semicolon: UInt8(ascii: ";")
        case .tab: UInt8(ascii: "\t")
        case .pipe: UInt8(ascii: "|")
        }
    }

    /// The units, which name their rows and hold none of them.
    func units(of source: ContentReference, key: String) -> [Unit] {
        let text = source.text
        return runs.enumerated().map { index, run in
            Unit(
                geometry: [
                    "index": .int(Int64(index)), "start": .int(Int64(run.rows.lowerBound)),
                    "end": .int(Int64(run.rows.upperBound)), "line": .int(Int64(run.line)),
                ],
                set: [:], cut: FileCut(key: key, source: text, range: run.bytes, form: .rows(cut)))
        }
    }
}
