internal import ImflowJSON
package import ImflowPlan

/// A part of a stored file that a unit gets when it is called: as a file of its own, or as the rows that stand there. So a
/// split writes places, and copies nothing.
package struct FileCut: Sendable, Equatable {
    package enum Form: Sendable, Equatable {
        /// A file of the bytes.
        case bytes
        /// The list of the rows in the bytes.
        case rows(RowCut)
        /// A WAV file; the range counts sample frames.
        case audio

        /// Whether the unit gets a file.
        package var isFile: Bool { if case .rows = self { false } else { true } }
    }

    /// The input member that receives it.
    package var key: String
    /// The content reference of the file.
    package var source: String
    /// In bytes, or in what the form counts.
    package var range: Range<Int64>
    package var form: Form

    package init(key: String, source: String, range: Range<Int64>, form: Form) {
        self.key = key
        self.source = source
        self.range = range
        self.form = form
    }

    /// Nil when `json` is no cut.
    init?(_ json: JSONValue) {
        guard let key = json["key"]?.stringValue, let source = json["source"]?.stringValue,
            let range = Self.range(json["range"])
        else { return nil }
        switch json["form"]?.stringValue {
        case "bytes": form = .bytes
        case "audio": form = .audio
        case "rows":
            guard let rows = RowCut(json) else { return nil }
            form = .rows(rows)
        default: return nil
        }
        (self.key, self.source, self.range) = (key, source, range)
    }

    var json: JSONValue {
        var members: JSONObject = ["key": .string(key), "source": .string(source), "range": Self.json(range)]
        switch form {
        case .bytes: members["form"] = "bytes"
        case .audio: members["form"] = "audio"
        case .rows(let rows):
            members["form"] = "rows"
            members.merge(rows.members) { own, _ in own }
        }
        return .object(members)
    }

    fileprivate static func json(_ range: Range<Int64>) -> JSONValue { [.int(range.lowerBound), .int(range.upperBound)] }

    fileprivate static func range(_ json: JSONValue?) -> Range<Int64>? {
        guard let ends = json?.arrayValue, ends.count == 2, let start = ends[0].intValue, let end = ends[1].intValue,
            0 <= start, start <= end
        else { return nil }
        return Int64(start)..<Int64(end)
    }
}

/// How the rows of a ``FileCut`` are read.
package struct RowCut: Sendable, Equatable {
    package var format: RowFormat
    package var delimiter: RowDelimiter?
    /// The bytes of the row that names the columns; nil: they have no names.
    package var header: Range<Int64>?
    /// The content references of the files that the rows name by URLs.
    package var files: [String: String]

    package init(
        format: RowFormat, delimiter: RowDelimiter? = nil, header: Range<Int64>? = nil, files: [String: String] = [:]
    ) {
        self.format = format
        self.delimiter = delimiter
        self.header = header
        self.files = files
    }

    fileprivate init?(_ json: JSONValue) {
        guard let format = json["format"]?.stringValue.flatMap({ RowFormat(rawValue: $0) }) else { return nil }
        self.format = format
        delimiter = json["delimiter"]?.stringValue.flatMap { RowDelimiter(rawValue: $0) }
        header = FileCut.range(json["header"])
        files = (json["files"]?.objectValue ?? [:]).reduce(into: [:]) { $0[$1.key] = $1.value.stringValue }
    }

    fileprivate var members: JSONObject {
        var members: JSONObject = ["format": .string(format.rawValue)]
        if let delimiter { members["delimiter"] = .string(delimiter.rawValue) }
        if let header { members["header"] = FileCut.json(header) }
        if !files.isEmpty {
            let sorted = files.sorted { $0.key < $1.key }
            members["files"] = .object(JSONObject(uniqueKeysWithValues: sorted.map { ($0.key, .string($0.value)) }))
        }
        return members
    }
}
