/// Finds the rows of a table in one pass over its file.
protocol RowScan {
    /// The rows found.
    var runs: RowRuns { get }
    /// Takes the bytes that stand at `offset` of the file. False: there are too many rows.
    mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int64) throws(RowMistake) -> Bool
    /// At the end of the file. False: there are too many rows.
    mutating func finish(at end: Int64) throws(RowMistake) -> Bool
}
