/// A URI or a relative reference in its parts (RFC 3986, section 5): as much as `$id` and `$ref` need.
struct URIReference {
    var scheme: String?
    var authority: String?
    var path = ""
    var query: String?
    var fragment: String?

    init(_ text: String) {
        var rest = text[...]
        if let hash = rest.firstIndex(of: "#") {
            fragment = String(rest[rest.index(after: hash)...])
            rest = rest[..<hash]
        }
        if let mark = rest.firstIndex(of: "?") {
            query = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        if let colon = rest.firstIndex(of: ":"), Self.isScheme(rest[..<colon]) {
            scheme = rest[..<colon].lowercased()
            rest = rest[rest.index(after: colon)...]
        }
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex(of: "/") ?? rest.endIndex
            authority = String(rest[..<end])
            rest = rest[end...]
        }
        path = String(rest)
    }

    private static func isScheme(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, (first | 0x20) >= 0x61, (first | 0x20) <= 0x7A else { return false }
        return text.utf8.allSatisfy {
            (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E].contains($0)
        }
    }

    var text: String {
        var out = scheme.map { $0 + ":" } ?? ""
        if let authority { out += "//" + authority }
        out += path
        if let query { out += "?" + query }
        if let fragment { out += "#" + fragment }
        return out
    }

    /// The reference as it is meant where the base URI is `base` (section 5.2.2).
    static func resolve(_ reference: String, base: String) -> String {
        var target = URIReference(reference)
        let base = URIReference(base)
        if target.scheme == nil {
            target.scheme = base.scheme
            if target.authority == nil {
                target.authority = base.authority
                if target.path.isEmpty {
                    target.path = base.path
                    target.query = target.query ?? base.query
                    return target.text
                } else if !target.path.hasPrefix("/") {
                    target.path = merged(target.path, base: base)
                }
            }
        }
        target.path = withoutDots(target.path)
        return target.text
    }

    /// What stands before the `#`, and after it; nil when there is none.
    static func parts(of text: String) -> (resource: String, fragment: String?) {
        guard let hash = text.firstIndex(of: "#") else { return (text, nil) }
        return (String(text[..<hash]), String(text[text.index(after: hash)...]))
    }

    /// The text with `%XX` read as UTF-8; nil when that is broken.
    static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let one = Character(Unicode.Scalar(high)).hexDigitValue,
                let two = Character(Unicode.Scalar(low)).hexDigitValue
            else { return nil }
            bytes.append(UInt8(one << 4 | two))
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func merged(_ path: String, base: URIReference) -> String {
        if base.authority != nil, base.path.isEmpty { return "/" + path }
        guard let slash = base.path.lastIndex(of: "/") else { return path }
        return base.path[...slash] + path
    }

    private static func withoutDots(_ path: String) -> String {
        guard path.contains("/") else { return path }
        let rooted = path.hasPrefix("/")
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(rooted ? 1 : 0)
        var out: [Substring] = []
        for part in parts where part != "." {
            if part != ".." { out.append(part) } else if !out.isEmpty { out.removeLast() }
        }
        if let last = parts.last, last == "." || last == ".." { out.append("") }
        return (rooted ? "/" : "") + out.joined(separator: "/")
    }
}
