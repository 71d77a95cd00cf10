/// Where an answer's body ends (RFC 9112, section 6.3).
extension ResponseHead {
    /// The head says where the body ends; else it ends with the connection.
    var announcesBody: Bool { isChunked || contentLength != nil }

    /// The body, when `received` holds all of it; nil while it does not, or when only the connection's end tells.
    func body(in received: [UInt8]) -> [UInt8]? {
        if isChunked { return Self.unchunked(received) }
        guard let contentLength, received.count >= contentLength else { return nil }
        return Array(received[..<contentLength])
    }

    private var isChunked: Bool { header("Transfer-Encoding")?.lowercased().contains("chunked") ?? false }

    private var contentLength: Int? { header("Content-Length").flatMap { Int($0) }.map { max(0, $0) } }

    /// RFC 9112, section 7.1; nil while the last chunk has not come.
    private static func unchunked(_ received: [UInt8]) -> [UInt8]? {
        var body: [UInt8] = []
        var rest = received[...]
        while let lineEnd = rest.firstIndex(of: 10) {
            let digits = rest[..<lineEnd].prefix { $0 != UInt8(ascii: ";") && $0 != 13 && $0 != 0x20 }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0 else { return nil }
            if size == 0 { return body }
            rest = rest[(lineEnd + 1)...]
            guard size <= rest.count - 2 else { return nil }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return nil
    }
}
