/// Status line and headers of an answer, gathered line by line (RFC 9112, sections 4 and 5).
struct ResponseHead {
    private(set) var status = 0
    private(set) var headers: [(name: String, value: String)] = []
    private var size = 0

    /// Of all lines of one answer, in bytes.
    static let sizeLimit = 256 * 1024

    /// Takes one line, with or without its line break; a status line starts anew. False: too much.
    mutating func add(_ line: some Collection<UInt8>) -> Bool {
        if line.starts(with: "HTTP/".utf8) {
            headers = []
            size = 0
            status = Self.status(of: line)
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            headers.append((Self.text(line[..<colon]), Self.text(line[line.index(after: colon)...])))
        }
        size += line.count
        return size <= Self.sizeLimit
    }

    func header(_ name: String) -> String? { HTTPResponse(status: status, headers: headers).header(name) }

    /// `HTTP/1.1 200 OK`: 200; 0 when there is no such number.
    private static func status(of line: some Collection<UInt8>) -> Int {
        let fields = line.split(separator: 0x20, maxSplits: 2)
        guard fields.count >= 2 else { return 0 }
        return Int(text(fields[1])) ?? 0
    }

    private static func text(_ bytes: some Collection<UInt8>) -> String {
        let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
        var trimmed = Array(bytes.drop(while: blank))
        while let last = trimmed.last, blank(last) { trimmed.removeLast() }
        return String(decoding: trimmed, as: UTF8.self)
    }
}
