internal import ImflowExecution

/// Finds the rows of a CSV file in one pass, and keeps nothing of them but where they are.
struct CSVScan: RowScan {
    private var machine: CSVMachine
    private let hasHeader: Bool
    /// Of the column names, as far as they were read.
    private var name: [UInt8] = []
    private(set) var names: [String] = []
    /// Where the row that names the columns stands.
    private(set) var header: Range<Int64>?
    private(set) var runs: RowRuns
    /// Of the row that is being read.
    private var start: Int64?
    /// How many fields each row has, and what tells so.
    private var width: (fields: Int, line: Int)?

    init(delimiter: UInt8, hasHeader: Bool, runs: RowRuns) {
        machine = CSVMachine(delimiter: delimiter)
        self.hasHeader = hasHeader
        self.runs = runs
    }

    mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int64) throws(RowMistake) -> Bool {
        for (place, byte) in bytes.enumerated() {
            let event = try machine.next(byte)
            if event == .blank { continue }
            if start == nil { start = offset + Int64(place) }
            if hasHeader, header == nil { try readName(event, byte) }
            if event == .record, try !endRow(at: offset + Int64(place) + 1) { return false }
        }
        if let start, offset + Int64(bytes.count) - start > runs.maximumBytes {
            throw RowMistake(
                line: machine.recordLine,
                text: "the row that begins here has more than \(runs.shownMaximum); is a quote never closed?")
        }
        return true
    }

    mutating func finish(at end: Int64) throws(RowMistake) -> Bool {
        let event = try machine.finish()
        guard event == .record else { return true }
        if hasHeader, header == nil { try readName(event, 0) }
        return try endRow(at: end)
    }

    private mutating func readName(_ event: CSVMachine.Event, _ byte: UInt8) throws(RowMistake) {
        switch event {
        case .text: name.append(byte)
        case .field, .record:
            let text = String(decoding: name, as: UTF8.self)
            if let first = names.firstIndex(of: text) {
                throw RowMistake(
                    line: machine.recordLine,
                    text: "the columns \(first + 1) and \(names.count + 1) have the same name, `\(text.prefix(60))`; "
                        + "rename one, or write row_header: false")
            }
            names.append(text)
            name = []
        case .none, .blank: break
        }
    }

    private mutating func endRow(at end: Int64) throws(RowMistake) -> Bool {
        let row = (start ?? end)..<end
        start = nil
        let fields = machine.fields
        guard let width else {
            width = (fields, machine.recordLine)
            if !hasHeader { return try runs.add(row, line: machine.recordLine) }
            header = row
            return true
        }
        guard fields == width.fields else {
            throw RowMistake(
                line: machine.recordLine,
                text: "the row has \(Self.counted(fields)), and \(hasHeader ? "the header" : "the first row") in line "
                    + "\(width.line) has \(width.fields)")
        }
        return try runs.add(row, line: machine.recordLine)
    }

    private static func counted(_ fields: Int) -> String { fields == 1 ? "1 field" : "\(fields) fields" }
}
