internal import ImflowExecution

/// Rows that stand one after the other in a file.
struct RowRun: Equatable {
    /// Of the file.
    var bytes: Range<Int64>
    /// Counted from 0, the header not.
    var rows: Range<Int>
    /// In which the first one begins, from 1.
    var line: Int
}

/// Bundles the rows of a file into runs of equal length, as they are met.
struct RowRuns {
    /// A row, and a run, may have so many bytes: they are held in memory when they are read.
    static let maximumBytes: Int64 = 16 << 20

    private let size: Int
    private let limit: Int
    let maximumBytes: Int64
    private(set) var runs: [RowRun] = []

    /// Runs of `size` rows; the last may have fewer.
    init(size: Int, limit: Int, maximumBytes: Int64 = maximumBytes) {
        self.size = size
        self.limit = limit
        self.maximumBytes = maximumBytes
    }

    /// The most bytes that a row may have, for messages.
    var shownMaximum: String { maximumBytes % (1 << 20) == 0 ? "\(maximumBytes >> 20) MiB" : "\(maximumBytes >> 10) KiB" }

    /// Of the rows.
    var count: Int { runs.last?.rows.upperBound ?? 0 }

    /// Takes the next row. False: there would be more than the limit.
    mutating func add(_ bytes: Range<Int64>, line: Int) throws(RowMistake) -> Bool {
        let row = count
        guard var run = runs.last, run.rows.count < size else {
            guard runs.count < limit else { return false }
            runs.append(RowRun(bytes: bytes, rows: row..<(row + 1), line: line))
            return true
        }
        run.bytes = run.bytes.lowerBound..<bytes.upperBound
        run.rows = run.rows.lowerBound..<(row + 1)
        guard run.bytes.count <= maximumBytes else {
            throw RowMistake(
                line: run.line,
                text: "the \(size) rows of a unit that begin here have more than \(shownMaximum); "
                    + "lower batch_size")
        }
        runs[runs.count - 1] = run
        return true
    }
}
