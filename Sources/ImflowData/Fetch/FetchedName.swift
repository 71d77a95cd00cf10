/// The name under which a fetched file is known: safe in a path and a URL, its extension kept for whoever opens it.
enum FetchedName {
    private static let longest = 100

    /// `component` is what the URL ends in. Where it has no extension, `mediaType` gives one when it is known.
    static func make(_ component: String, mediaType: String?) -> String {
        let (stem, own) = split(safe(component))
        let ending = own ?? mediaType.flatMap(MediaType.fileExtension)
        let suffix = ending.map { "." + $0 } ?? ""
        return (stem.isEmpty ? "file" : stem.prefix(longest - suffix.utf8.count)) + suffix
    }

    /// Letters, digits, `.`, `_` and `-` of ASCII; anything else becomes `_`; no dot in front, which would hide the file.
    private static func safe(_ text: String) -> Substring {
        let characters = text.unicodeScalars.prefix(4 * longest).map { scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": Character(scalar)
            default: "_"
            }
        }
        return Substring(String(characters)).drop { $0 == "." || $0 == "-" }
    }

    /// `page.v2.png`: `page.v2` and `png`. An extension has a letter and at most 10 characters: `1.41` has none.
    private static func split(_ name: Substring) -> (stem: Substring, ending: Substring?) {
        guard let dot = name.lastIndex(of: ".") else { return (name, nil) }
        let ending = name[name.index(after: dot)...]
        guard (1...10).contains(ending.count), ending.contains(where: \.isLetter),
            ending.allSatisfy({ $0.isLetter || $0.isNumber })
        else { return (name, nil) }
        return (name[..<dot], ending)
    }
}

/// Media types (RFC 6838) of the files that models are given.
enum MediaType {
    /// Without a dot; nil when the type says nothing of the file. `type` may carry parameters.
    static func fileExtension(_ type: String) -> Substring? {
        let essence = type.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        if let known = extensions[essence] { return known }
        if essence.hasSuffix("+json") { return "json" }
        return essence.hasSuffix("+xml") ? "xml" : nil
    }

    private static let extensions: [String: Substring] = [
        "image/png": "png", "image/jpeg": "jpg", "image/jpg": "jpg", "image/tiff": "tif", "image/webp": "webp",
        "image/gif": "gif", "image/bmp": "bmp", "image/svg+xml": "svg", "image/jp2": "jp2", "image/avif": "avif",
        "image/heic": "heic",
        "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav", "audio/mpeg": "mp3",
        "audio/flac": "flac", "audio/x-flac": "flac", "audio/ogg": "ogg", "audio/mp4": "m4a", "audio/webm": "webm",
        "video/mp4": "mp4", "video/webm": "webm", "video/ogg": "ogv",
        "text/plain": "txt", "text/csv": "csv", "text/html": "html", "text/markdown": "md", "text/xml": "xml",
        "text/tab-separated-values": "tsv",
        "application/json": "json", "application/x-ndjson": "jsonl", "application/jsonl": "jsonl",
        "application/yaml": "yaml", "application/xml": "xml", "application/pdf": "pdf", "application/zip": "zip",
        "application/gzip": "gz", "application/x-tar": "tar", "application/vnd.apache.parquet": "parquet",
    ]
}
