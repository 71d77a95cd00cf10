/// `file://` URLs (RFC 8089) of absolute paths on this machine or in a guest.
enum FileURL {
    /// `folder` and `name` in one URL; all but unreserved characters (RFC 3986) are percent-encoded.
    static func text(folder: String, name: String) -> String {
        let folder = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        return "file://" + encoded(folder, keepingSlash: true) + "/" + encoded(name, keepingSlash: false)
    }

    /// The path that a URL names; nil when `text` is no `file://` URL of an absolute path. Programs often forget to
    /// encode: a text whose percent signs are no escapes is taken as it is.
    static func path(_ text: String) -> String? {
        guard text.hasPrefix("file://") else { return nil }
        var rest = text.dropFirst("file://".count)
        if rest.hasPrefix("localhost/") { rest = rest.dropFirst("localhost".count) }
        guard rest.hasPrefix("/") else { return nil }
        return PercentEncoding.decode(rest).flatMap { String(validating: $0, as: UTF8.self) } ?? String(rest)
    }

    private static func encoded(_ text: String, keepingSlash: Bool) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: out.append(byte)
            case 0x2F where keepingSlash: out.append(byte)
            default: out.append(contentsOf: [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
