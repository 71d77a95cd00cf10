import ImflowCompiler

/// URIs of documents, and paths.
package enum DocumentURI {
    /// The absolute path of a `file:` URI (RFC 8089), without `.` and `..`; nil: it is no such URI, or names no path.
    package static func path(_ uri: String) -> String? {
        let scheme = "file:"
        guard uri.lowercased().hasPrefix(scheme) else { return nil }
        var rest = uri.dropFirst(scheme.count)
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            guard let slash = rest.firstIndex(of: "/") else { return nil }
            let host = rest[..<slash].lowercased()
            guard host.isEmpty || host == "localhost" else { return nil }
            rest = rest[slash...]
        }
        let end = rest.firstIndex { $0 == "?" || $0 == "#" } ?? rest.endIndex
        guard rest.hasPrefix("/"), let path = decoded(rest[..<end]) else { return nil }
        return PathText.absolute(path, from: "/")
    }

    /// A path for a document that is in no file yet: its own name in `folder`.
    package static func path(_ uri: String, in folder: String) -> String {
        path(uri) ?? PathText.join(folder, uri.replacing("/", with: "-"))
    }

    /// Percent-decoded; nil: it is no UTF-8 then, or has a NUL.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), value != 0
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
