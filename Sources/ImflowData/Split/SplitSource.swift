internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// The input member that is split, and what it holds.
struct SplitSource {
    /// Texts are held in memory while they are cut.
    static let maximumTextBytes = 64 << 20

    var key: String
    var value: JSONValue

    /// The member that `split` names, else the only one that fits the mode: a list for `batch`, a file for `tile`, a
    /// text for `lines` and `sequence`. `consumer` is what messages call the stage.
    init(of input: JSONObject, split: SplitPlan, consumer: String) throws(Failure) {
        let mode = "`split_mode: \(split.mode.rawValue)`"
        let wanted = Self.wanted(split.mode)
        if let key = split.key {
            guard let value = input[key] else {
                let names = input.isEmpty ? "no members" : Self.names(Array(input.keys))
                throw Failure(.app, "\(consumer) splits its input member `\(key)`, but the input has \(names)")
            }
            guard Self.fits(value, split.mode) else {
                throw Failure(
                    .app, "\(consumer): \(mode) needs \(wanted), but the input member `\(key)` is \(value.kindName)")
            }
            self.init(key: key, value: value)
            return
        }
        let fitting = input.filter { Self.fits($0.value, split.mode) }
        guard let only = fitting.elements.first else {
            let names = input.isEmpty ? "no members" : Self.names(Array(input.keys))
            throw Failure(.app, "\(consumer): \(mode) needs \(wanted), but the input has \(names)")
        }
        guard fitting.count == 1 else {
            throw Failure(
                .app,
                "\(consumer): \(mode) fits \(fitting.count) input members, \(Self.names(Array(fitting.keys)));"
                    + " name one with split_key")
        }
        self.init(key: only.key, value: only.value)
    }

    private init(key: String, value: JSONValue) {
        self.key = key
        self.value = value
    }

    /// The stored file that the member stands for; nil when it is something else.
    var file: ContentReference? { value.stringValue.flatMap { ContentReference($0) } }

    /// The table's file; a table that is given as its text becomes one.
    func storedTable(format: RowFormat?, content: ContentStore) throws(Failure) -> ContentReference {
        if let file { return file }
        guard format != nil else {
            throw Failure(
                .app,
                "`\(key)` is no URL, so it is taken for a table's text, which needs row_format: csv, tsv or jsonl; "
                    + "a file is named by its URL, under a key that ends in _url")
        }
        do throws(ContentError) {
            let hash = try content.put(Array((value.stringValue ?? "").utf8))
            return ContentReference(hash: hash, name: "table")
        } catch { throw Failure(storing: error) }
    }

    /// The member's text, or its file's: UTF-8, a byte order mark dropped.
    func text(content: ContentStore, consumer: String) throws(Failure) -> String {
        guard let file else { return value.stringValue ?? "" }
        if let size = content.size(of: file.hash), size > Int64(Self.maximumTextBytes) {
            throw Failure(
                .app,
                "\(consumer): the text `\(file.name)` has \(size) bytes; at most \(Self.maximumTextBytes) can be split")
        }
        var bytes: [UInt8]
        do throws(ContentError) { bytes = try content.read(file.hash, limit: Self.maximumTextBytes) } catch {
            throw Failure(.infra, "\(consumer): the text `\(file.name)` cannot be read: \(error.sentence)")
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.app, "\(consumer): `\(file.name)` is not UTF-8 text; convert it (iconv -t UTF-8) first")
        }
        return text
    }

    private static func wanted(_ mode: SplitMode) -> String {
        switch mode {
        case .batch: "a list"
        case .tile: "an image file, given by its URL"
        case .lines, .sequence: "a text or a text file"
        case .rows: "a table, given by its URL or as its text"
        case .audio: "a recording, given by its URL"
        case .candidates: "nothing"
        }
    }

    private static func fits(_ value: JSONValue, _ mode: SplitMode) -> Bool {
        switch mode {
        case .batch: value.arrayValue != nil
        case .tile, .audio: value.stringValue.flatMap { ContentReference($0) } != nil
        case .lines, .sequence, .rows: value.stringValue != nil
        case .candidates: false
        }
    }

    private static func names(_ keys: [String]) -> String {
        let shown = keys.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
        return keys.count > 12 ? "\(shown) and \(keys.count - 12) more" : shown
    }
}
