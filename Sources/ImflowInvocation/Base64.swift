import FoundationEssentials

/// RFC 4648, section 4: without line breaks.
enum Base64 {
    /// With padding.
    static func text(of bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// With its padding or without; nil: that is no base64.
    static func bytes(of text: Substring.UTF8View) -> [UInt8]? {
        var digits = Data(text)
        let padding = UInt8(ascii: "=")
        if digits.last != padding {
            let missing = (4 - digits.count % 4) % 4
            guard missing < 3 else { return nil }
            digits.append(contentsOf: repeatElement(padding, count: missing))
        }
        guard digits.count % 4 == 0 else { return nil }
        return Data(base64Encoded: digits).map { Array($0) }
    }
}
