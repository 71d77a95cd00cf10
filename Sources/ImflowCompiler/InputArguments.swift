package import ImflowJSON

/// Why `--input` cannot be read: a sentence for people.
package struct InputArgumentError: Error, Sendable, Equatable {
    package var message: String
}

/// What a repeated `--input key=value` gives, each key once.
package enum InputArguments {
    /// The members; a value is JSON, or else a string. Throws where a text has no key, or a key comes again: which of
    /// its values is meant only the author knows. No value is told, since it may be a secret.
    package static func members(_ texts: [String]) throws(InputArgumentError) -> JSONObject {
        var members: JSONObject = [:]
        for text in texts {
            guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
                throw InputArgumentError(message: "--input takes key=value, not \(text)")
            }
            let key = String(text[..<sign])
            guard members[key] == nil else {
                throw InputArgumentError(message: "--input gives `\(key)` twice: give each key once")
            }
            let value = String(text[text.index(after: sign)...])
            members[key] = (try? JSONValue.parse(value)) ?? .string(value)
        }
        return members
    }
}
