internal import ImflowJSON

/// A place in a JSON value (RFC 6901).
struct JSONPointer {
    let tokens: [String]

    /// Nil unless `text` is empty or starts with a slash.
    init?(_ text: String) {
        if text.isEmpty {
            tokens = []
            return
        }
        guard text.hasPrefix("/") else { return nil }
        tokens = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { token in
            Self.replace("~0", "~", in: Self.replace("~1", "/", in: String(token)))
        }
    }

    /// Swift's own `replacing` needs regular expressions, whose module is large.
    private static func replace(_ escape: String, _ character: Character, in text: String) -> String {
        guard text.contains("~") else { return text }
        var out = ""
        var rest = text[...]
        while let first = rest.first {
            if rest.hasPrefix(escape) {
                out.append(character)
                rest = rest.dropFirst(2)
            } else {
                out.append(first)
                rest = rest.dropFirst()
            }
        }
        return out
    }

    /// The text of a pointer to `tokens`.
    static func text(_ tokens: [String]) -> String {
        tokens.map { token in
            "/" + token.map { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }.joined()
        }.joined()
    }

    func value(in root: JSONValue) -> JSONValue? {
        var current = root
        for token in tokens {
            guard let next = Self.child(of: current, token) else { return nil }
            current = next
        }
        return current
    }

    /// `root` with `value` at the place; nil when there is no such place.
    func replacing(in root: JSONValue, by value: JSONValue) -> JSONValue? {
        Self.replacing(in: root, tokens[...], by: value)
    }

    private static func replacing(in root: JSONValue, _ tokens: ArraySlice<String>, by value: JSONValue) -> JSONValue? {
        guard let token = tokens.first else { return value }
        guard let child = child(of: root, token),
            let replaced = replacing(in: child, tokens.dropFirst(), by: value)
        else { return nil }
        switch root {
        case .object(var members):
            members[token] = replaced
            return .object(members)
        case .array(var items):
            guard let index = Int(token) else { return nil }
            items[index] = replaced
            return .array(items)
        default: return nil
        }
    }

    private static func child(of value: JSONValue, _ token: String) -> JSONValue? {
        switch value {
        case .object(let members): return members[token]
        case .array(let items):
            guard token.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let index = Int(token),
                items.indices.contains(index)
            else { return nil }
            return items[index]
        default: return nil
        }
    }
}
