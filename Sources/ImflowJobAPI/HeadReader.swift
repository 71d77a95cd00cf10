/// Takes a request's head apart. What it refuses, it refuses with an answer for the client.
struct HeadReader {
    private let lines: [ArraySlice<UInt8>]
    private let limits: ServerLimits

    /// - Parameter bytes: up to the empty line, without the line end before it.
    init(_ bytes: [UInt8], limits: ServerLimits) {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        var at = 0
        while at + 1 < bytes.count {
            if bytes[at] == 0x0D, bytes[at + 1] == 0x0A {
                lines.append(bytes[start..<at])
                at += 2
                start = at
            } else {
                at += 1
            }
        }
        lines.append(bytes[start...])
        self.lines = lines
        self.limits = limits
    }

    func head() throws(APIResponse) -> RequestHead {
        let parts = (lines.first ?? []).split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].count <= 32, parts[0].allSatisfy(Self.isToken) else {
            throw .problem(400, "the first line is no request line: METHOD PATH HTTP/1.1")
        }
        let version = String(decoding: parts[2], as: UTF8.self)
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
            throw version.hasPrefix("HTTP/")
                ? .problem(505, "only HTTP/1.1 is spoken here")
                : .problem(400, "the first line does not end in HTTP/1.1")
        }
        let fields = try fields()
        if version == "HTTP/1.1", fields["host"] == nil { throw .problem(400, "the field Host is missing") }
        let (path, query) = try target(parts[1])
        return RequestHead(
            method: String(decoding: parts[0], as: UTF8.self), path: path, query: query, fields: fields,
            contentLength: try contentLength(fields))
    }

    private func fields() throws(APIResponse) -> [String: String] {
        guard lines.count - 1 <= limits.fields else {
            throw .problem(431, "more than \(limits.fields) header fields")
        }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: 0x3A), colon > line.startIndex,
                line[..<colon].allSatisfy(Self.isToken)
            else { throw .problem(400, "a header field is not written as Name: value") }
            let value = line[(colon + 1)...].drop(while: Self.isBlank)
            let end = value.lastIndex { !Self.isBlank($0) }.map { $0 + 1 } ?? value.startIndex
            guard value[..<end].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw .problem(400, "the value of a header field holds a control character")
            }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let text = String(decoding: value[..<end], as: UTF8.self)
            if let before = fields[name] {
                guard !["host", "authorization", "content-length"].contains(name) || before == text else {
                    throw .problem(400, "the field \(name) stands twice and says two things")
                }
                if before != text { fields[name] = "\(before), \(text)" }
            } else {
                fields[name] = text
            }
        }
        return fields
    }

    private func contentLength(_ fields: [String: String]) throws(APIResponse) -> Int {
        if fields["transfer-encoding"] != nil {
            throw .problem(501, "transfer codings are not supported: send the body with Content-Length")
        }
        guard let text = fields["content-length"] else { return 0 }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .problem(400, "Content-Length is no number of bytes")
        }
        // More digits than an Int has are too many bytes, whatever they say.
        guard let length = Int(text), length <= limits.bodyBytes else {
            throw .problem(413, "the body has more than \(limits.bodyBytes) bytes: hand large data over as files")
        }
        return length
    }

    /// Of `/path?query`, or of a whole URL as it is sent to proxies (RFC 9112 section 3.2).
    private func target(_ bytes: ArraySlice<UInt8>) throws(APIResponse) -> ([String], [String: String]) {
        var rest = bytes
        if rest.first != 0x2F {
            let scheme = Array("http://".utf8)
            guard rest.starts(with: scheme) else { throw .problem(400, "the request's path does not begin with /") }
            rest = rest.dropFirst(scheme.count)
            rest = rest[(rest.firstIndex(of: 0x2F) ?? rest.endIndex)...]
        }
        guard rest.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .problem(400, "the request's path holds a byte that must be percent-encoded")
        }
        let mark = rest.firstIndex(of: 0x3F) ?? rest.endIndex
        var path: [String] = []
        for part in rest[..<mark].split(separator: 0x2F) { path.append(try Self.decoded(part)) }
        var query: [String: String] = [:]
        for pair in rest[mark...].dropFirst().split(separator: 0x26) {
            let equals = pair.firstIndex(of: 0x3D) ?? pair.endIndex
            let name = try Self.decoded(pair[..<equals], plusIsSpace: true)
            let value = try Self.decoded(pair[equals...].dropFirst(), plusIsSpace: true)
            guard query.updateValue(value, forKey: name) == nil else {
                throw .problem(400, "the parameter \(name) stands twice")
            }
        }
        return (path, query)
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) throws(APIResponse) -> String {
        var out: [UInt8] = []
        var at = bytes.startIndex
        while at < bytes.endIndex {
            switch bytes[at] {
            case 0x25:
                guard at + 2 < bytes.endIndex, let high = digit(bytes[at + 1]), let low = digit(bytes[at + 2]) else {
                    throw .problem(400, "a % in the request's path is not followed by two hexadecimal digits")
                }
                out.append(high << 4 | low)
                at += 3
            case 0x2B where plusIsSpace:
                out.append(0x20)
                at += 1
            case let byte:
                out.append(byte)
                at += 1
            }
        }
        guard !out.contains(0), let text = String(validating: out, as: UTF8.self) else {
            throw .problem(400, "the request's path does not decode to UTF-8")
        }
        return text
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// RFC 9110 section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
