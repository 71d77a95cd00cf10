/// A URL as far as fetching must know it (RFC 3986, section 3).
struct FetchURL {
    /// In lower case.
    let scheme: String
    /// Behind the scheme's colon.
    let rest: Substring
    let text: String

    /// Nil when `text` does not start with a scheme.
    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let scheme = text[..<colon].lowercased()
        guard let first = scheme.utf8.first, (0x61...0x7A).contains(first),
            scheme.utf8.allSatisfy({
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0)
            })
        else { return nil }
        self.scheme = scheme
        self.text = text
        rest = text[text.index(after: colon)...]
    }

    /// For messages: without user, password, query and fragment, which may hold secrets, and not too long.
    var shown: String {
        if scheme == "data" { return "data:" + rest.prefix { $0 != "," }.prefix(60) + ",…" }
        if scheme == "file" { return Self.cut(text) }
        let (authority, path) = parts
        guard let authority else { return Self.cut("\(scheme):\(path)") }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return Self.cut("\(scheme)://\(host)\(path)")
    }

    /// What the path ends in, percent-decoded where that can be; empty when it ends in a slash.
    var lastComponent: String {
        let path = scheme == "file" ? rest : parts.path
        let last = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        return PercentEncoding.decode(last).map { String(decoding: $0, as: UTF8.self) } ?? String(last)
    }

    /// The authority (nil without `//`) and the path, up to the query.
    private var parts: (authority: Substring?, path: Substring) {
        let bare = rest.prefix { $0 != "?" && $0 != "#" }
        guard bare.hasPrefix("//") else { return (nil, bare) }
        let authority = bare.dropFirst(2).prefix { $0 != "/" }
        return (authority, bare.dropFirst(2 + authority.count))
    }

    private static func cut(_ text: String) -> String { text.count <= 200 ? text : text.prefix(200) + "…" }
}
