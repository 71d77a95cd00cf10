/// Passwords and keys that are known by their shape alone: the tokens of providers, private keys, passwords in URLs.
package enum SecretToken {
    private struct Shape: Sendable {
        var prefix: [UInt8]
        /// Letters, digits, `-` and `_` that must follow.
        var count: Int
        var what: String

        init(_ prefix: String, _ count: Int, _ what: String) {
            self.prefix = Array(prefix.utf8)
            self.count = count
            self.what = what
        }
    }

    private static let shapes = [
        Shape("AKIA", 16, "an access key of AWS"), Shape("ASIA", 16, "an access key of AWS"),
        Shape("ghp_", 30, "a token of GitHub"), Shape("gho_", 30, "a token of GitHub"),
        Shape("ghu_", 30, "a token of GitHub"), Shape("ghs_", 30, "a token of GitHub"),
        Shape("github_pat_", 30, "a token of GitHub"), Shape("glpat-", 20, "a token of GitLab"),
        Shape("hf_", 30, "a token of Hugging Face"), Shape("sk-", 20, "an API key"),
        Shape("sk_live_", 16, "an API key"), Shape("rk_live_", 16, "an API key"),
        Shape("xoxb-", 20, "a token of Slack"), Shape("xoxp-", 20, "a token of Slack"),
        Shape("AIza", 35, "an API key of Google"), Shape("npm_", 30, "a token of npm"),
        Shape("pypi-", 30, "a token of PyPI"),
    ]
    /// How a signed token (RFC 7519) starts: `{"` in base 64. It has dots between its three parts.
    private static let signed = Shape("eyJ", 60, "a signed token")
    private static let keyStart = "-----BEGIN "
    private static let keyEnd = "PRIVATE KEY-----"

    /// What a whole text is; nil: no secret by its shape.
    package static func kind(of text: String) -> String? {
        let text = text.hasPrefix("Bearer ") ? String(text.dropFirst("Bearer ".count)) : text
        switch text.utf8.first ?? 0 {
        // What most tokens begin with, and a URL may.
        case UInt8(ascii: "A"), UInt8(ascii: "a")...UInt8(ascii: "z"): break
        case UInt8(ascii: "-"): return text.hasPrefix(keyStart) && text.contains(keyEnd) ? "a private key" : nil
        default: return nil
        }
        let bytes = Array(text.utf8.prefix(4096))
        if let (token, end) = token(in: bytes, at: 0), end == bytes.count { return token }
        return passwords(in: bytes[...]).isEmpty ? nil : "a URL with a password"
    }

    /// Where secrets stand in a line of text, in its order and apart from one another.
    package static func ranges(in line: ArraySlice<UInt8>) -> [Range<Int>] {
        let bytes = Array(line)
        var found = passwords(in: bytes[...])
        var position = 0
        while position < bytes.count {
            guard isTokenByte(bytes[position]) else {
                position += 1
                continue
            }
            if let (_, end) = token(in: bytes, at: position) {
                found.append(position..<end)
                position = end
            } else {
                while position < bytes.count, isTokenByte(bytes[position]) { position += 1 }
            }
        }
        // A URL's password may be a token.
        var apart: [Range<Int>] = []
        for range in found.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = apart.last, range.lowerBound < last.upperBound {
                apart[apart.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                apart.append(range)
            }
        }
        return apart.map { $0.lowerBound + line.startIndex..<$0.upperBound + line.startIndex }
    }

    /// The token that begins at `start`: what it is, and its end.
    private static func token(in bytes: [UInt8], at start: Int) -> (what: String, end: Int)? {
        let rest = bytes[start...]
        if let shape = shapes.first(where: { rest.starts(with: $0.prefix) }) {
            let body = rest.dropFirst(shape.prefix.count).prefix(while: isTokenByte)
            return body.count >= shape.count && isMixed(body) ? (shape.what, body.endIndex) : nil
        }
        guard rest.starts(with: signed.prefix) else { return nil }
        let body = rest.prefix { isTokenByte($0) || $0 == UInt8(ascii: ".") }
        let dots = body.count { $0 == UInt8(ascii: ".") }
        return body.count >= signed.count && dots == 2 ? (signed.what, body.endIndex) : nil
    }

    /// The passwords of `scheme://user:password@host`, unless a variable or an example stands there.
    private static func passwords(in bytes: ArraySlice<UInt8>) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var rest = bytes
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            rest = rest[(colon + 1)...]
            guard rest.starts(with: "//".utf8) else { continue }
            let host = rest.dropFirst(2).prefix { $0 > 0x20 && !"/\"'`,".utf8.contains($0) }
            guard let at = host.lastIndex(of: UInt8(ascii: "@")),
                let split = host[..<at].firstIndex(of: UInt8(ascii: ":")), at - split > 4
            else { continue }
            if !isPlaceholder(String(decoding: host[(split + 1)..<at], as: UTF8.self)) { found.append(split + 1..<at) }
        }
        return found
    }

    /// Whether a text stands for a secret that is to be put there.
    package static func isPlaceholder(_ text: String) -> Bool {
        if text.contains("${") || text.contains("{{") || text.hasPrefix("<") || text.hasPrefix("$") { return true }
        let lower = text.lowercased()
        let words = ["changeme", "change-me", "change_me", "placeholder", "your-", "your_", "xxxx", "****", "dummy"]
        return words.contains { lower.contains($0) } || lower == "password" || lower == "secret"
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }

    /// Whether a token's body is no word and no row of one sign: `sk-xxxxxxxxxxxxxxxxxxxx` is an example.
    private static func isMixed(_ bytes: ArraySlice<UInt8>) -> Bool {
        Set(bytes).count >= 6 && bytes.contains { (0x30...0x39).contains($0) }
    }
}
