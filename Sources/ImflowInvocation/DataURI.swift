/// `data:` URIs (RFC 2397) in base64, by which Cog hands files over.
enum DataURI {
    private static let types: [(ending: String, type: String)] = [
        ("png", "image/png"), ("jpg", "image/jpeg"), ("jpeg", "image/jpeg"), ("gif", "image/gif"),
        ("webp", "image/webp"), ("tif", "image/tiff"), ("tiff", "image/tiff"), ("bmp", "image/bmp"),
        ("svg", "image/svg+xml"), ("wav", "audio/x-wav"), ("mp3", "audio/mpeg"), ("flac", "audio/flac"),
        ("ogg", "audio/ogg"), ("mp4", "video/mp4"), ("webm", "video/webm"), ("pdf", "application/pdf"),
        ("zip", "application/zip"), ("json", "application/json"), ("csv", "text/csv"), ("html", "text/html"),
        ("txt", "text/plain"),
    ]
    private static let unknown = (ending: "bin", type: "application/octet-stream")

    /// - Parameter name: the file's, whose ending says its type.
    static func text(of bytes: [UInt8], name: String) -> String {
        let ending = name.split(separator: ".", omittingEmptySubsequences: false).last.map { $0.lowercased() }
        let type = types.first { $0.ending == ending } ?? unknown
        return "data:\(type.type);base64," + Base64.text(of: bytes)
    }

    /// The bytes, and the ending of a file that holds them; nil: this is no `data:` URI in base64.
    static func file(_ text: String) -> (bytes: [UInt8], ending: String)? {
        guard text.hasPrefix("data:"), let comma = text.utf8.firstIndex(of: UInt8(ascii: ",")) else { return nil }
        let head = text[..<comma].dropFirst("data:".count)
        guard head.hasSuffix(";base64") else { return nil }
        let type = head.prefix { $0 != ";" }.lowercased()
        guard let bytes = Base64.bytes(of: text[text.index(after: comma)...].utf8) else { return nil }
        let known = types.first { $0.type == type } ?? (type == "audio/wav" ? ("wav", type) : unknown)
        return (bytes, known.ending)
    }
}
