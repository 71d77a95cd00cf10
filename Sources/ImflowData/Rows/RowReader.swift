internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// Reads the rows of one unit.
struct RowReader {
    let content: ContentStore

    /// The rows of `unit`, whose cut is `cut`: objects where the columns have names, lists of texts where they have not, and
    /// whatever the lines of JSON Lines hold. URLs for which the cut has a file are replaced by it.
    func rows(of unit: Unit, _ cut: FileCut, _ rows: RowCut) throws(Failure) -> [JSONValue] {
        guard let source = ContentReference(cut.source) else {
            throw Failure(.infra, "unit \(unit.index) names no table; split it again")
        }
        let file = try ImageFile.reading(content.path(of: source.hash), name: source.name)
        let line = unit.geometry["line"]?.intValue ?? 1
        var found: [JSONValue] = []
        do throws(RowMistake) {
            let bytes = try self.bytes(cut.range, of: file)
            if rows.format == .jsonl {
                found = try Self.values(bytes, line: line)
            } else {
                let byte = RowTable.byte(rows.delimiter, rows.format)
                let names: [String]? =
                    if let header = rows.header {
                        try Self.records(self.bytes(header, of: file), delimiter: byte, line: 1).first
                    } else { nil }
                found = try Self.records(bytes, delimiter: byte, line: line).map { Self.row($0, names) }
            }
        } catch { throw error.failure(in: source.name) }
        guard let count = unit.geometry["end"]?.intValue, count - (unit.geometry["start"]?.intValue ?? 0) == found.count else {
            throw Failure(.infra, "\(source.name) does not hold the rows of unit \(unit.index) any more; split it again")
        }
        return rows.files.isEmpty ? found : found.map { Self.replacing($0, by: rows.files) }
    }

    /// The URLs of files in the rows of `units`, each once.
    func urls(of unit: Unit, _ cut: FileCut, _ rows: RowCut) throws(Failure) -> [String] {
        let members = FileMembers(inputSchema: nil)
        return members.urls(in: try self.rows(of: unit, cut, rows).compactMap(\.objectValue))
    }

    private static func replacing(_ row: JSONValue, by files: [String: String]) -> JSONValue {
        guard let members = row.objectValue else { return row }
        return .object(FileMembers(inputSchema: nil).replacing(members, by: files))
    }

    private func bytes(_ range: Range<Int64>, of file: ImageFile) throws(RowMistake) -> [UInt8] {
        var bytes: [UInt8]?
        if range.count <= RowRuns.maximumBytes {
            bytes = try? file.bytes(at: range.lowerBound, count: Int(range.count))
        }
        guard let bytes else { throw RowMistake(line: 1, text: "the bytes \(range) cannot be read; split it again") }
        return bytes
    }

    private static func values(_ bytes: [UInt8], line first: Int) throws(RowMistake) -> [JSONValue] {
        var values: [JSONValue] = []
        var line = first
        for text in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            if text.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) {
                do throws(JSONError) { values.append(try JSONValue.parse(Array(text))) } catch {
                    throw RowMistake(line: line, text: "this is not one JSON value: \(error)")
                }
            }
            line += 1
        }
        return values
    }

    private static func row(_ fields: [String], _ names: [String]?) -> JSONValue {
        guard let names else { return .array(fields.map(JSONValue.string)) }
        var row = JSONObject()
        for (name, field) in zip(names, fields) { row[name] = .string(field) }
        return .object(row)
    }

    /// The fields of each record.
    static func records(_ bytes: [UInt8], delimiter: UInt8, line: Int) throws(RowMistake) -> [[String]] {
        var machine = CSVMachine(delimiter: delimiter, line: line)
        var records: [[String]] = []
        var record: [String] = []
        var field: [UInt8] = []
        func take(_ event: CSVMachine.Event, _ byte: UInt8) {
            switch event {
            case .none, .blank: break
            case .text: field.append(byte)
            case .field, .record:
                record.append(String(decoding: field, as: UTF8.self))
                field.removeAll(keepingCapacity: true)
                guard event == .record else { return }
                records.append(record)
                record = []
            }
        }
        for byte in bytes { take(try machine.next(byte), byte) }
        take(try machine.finish(), 0)
        return records
    }
}
