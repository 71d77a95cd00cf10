import ImflowDiagnostics

/// Tells texts that look like passwords and keys from others: by the shapes that providers give theirs, and by values
/// of much entropy under names that speak of secrets.
package enum SecretText {
    /// What a text seems to be.
    package enum Kind: Sendable, Equatable {
        /// A token of a known shape, with words for it.
        case token(String)
        /// A random text under the name of a secret.
        case random
    }

    /// Texts longer than this are data.
    private static let maximumBytes = 16_384

    /// What `text`, the value of a member `name`, seems to be; nil: no secret.
    package static func kind(of text: String, under name: String) -> Kind? {
        let bytes = text.utf8
        guard bytes.count >= 8, bytes.count <= maximumBytes else { return nil }
        if let what = SecretToken.kind(of: text) { return .token(what) }
        return isSecretName(name) && isRandom(text) ? .random : nil
    }

    /// Whether a name speaks of a secret: `HF_TOKEN`, `dbPassword`, `api-key`.
    package static func isSecretName(_ name: String) -> Bool {
        // Every such word ends in one of these; most names do not.
        guard let end = name.utf8.last, "ntdeyls".utf8.contains(end | 0x20) else { return false }
        let words = words(of: name)
        guard let last = words.last else { return false }
        switch last {
        case "token", "secret", "password", "passwd", "passphrase", "apikey", "pwd", "credential", "credentials":
            return true
        case "key":
            let kinds: Set<String> = ["api", "access", "secret", "private", "auth", "encryption", "signing"]
            return words.count > 1 && kinds.contains(words[words.count - 2])
        default: return false
        }
    }

    private static func words(of name: String) -> [String] {
        var words: [String] = []
        var word = ""
        var wasLower = false
        for byte in name.utf8.prefix(128) {
            let isUpper = (0x41...0x5A).contains(byte)
            let isWord = isUpper || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
            if !isWord || (isUpper && wasLower), !word.isEmpty {
                words.append(word)
                word = ""
            }
            if isWord { word.unicodeScalars.append(Unicode.Scalar(isUpper ? byte | 0x20 : byte)) }
            wasLower = isWord && !isUpper
        }
        return word.isEmpty ? words : words + [word]
    }

    /// Twelve characters or more of one word, letters and digits or signs mixed, hardly one like another.
    private static func isRandom(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count >= 12, bytes.count <= 512, !SecretToken.isPlaceholder(text),
            bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.contains("://"), bytes.first != UInt8(ascii: "/"),
            bytes.first != UInt8(ascii: ".")
        else { return false }
        let digits = bytes.count { (0x30...0x39).contains($0) }
        let hasUpper = bytes.contains { (0x41...0x5A).contains($0) }
        let hasLower = bytes.contains { (0x61...0x7A).contains($0) }
        guard digits > 0 ? hasUpper || hasLower : hasUpper && hasLower else { return false }
        // Sixteen different bytes carry four bits each; words of a language repeat theirs.
        let distinct = Set(bytes).count
        return digits >= 2 ? distinct >= 8 : distinct >= 14
    }
}
