import ImflowDiagnostics

/// Decides what of a source is text, before a parser sees it: size, encoding, NUL and control characters. A parser
/// reads ahead of what it reports, so only a check of its own can name the first bad byte and save all before it.
enum TextCheck {
    /// Nothing can be read.
    case unreadable(Diagnostic)
    /// No bytes, or only a byte order mark.
    case empty
    /// The bytes before `end` are text; with a diagnostic, the byte at `end` is not.
    case readable(end: Int, Diagnostic?)

    /// - Parameter controlsAllowed: whether control characters other than NUL are left to the parser.
    static func check(_ source: Source, limits: SyntaxLimits, controlsAllowed: Bool) -> TextCheck {
        let bytes = source.bytes
        guard bytes.count <= limits.bytes else {
            return .unreadable(
                Diagnostic(
                    .tooLarge, "the file has \(bytes.count) bytes; the limit is \(limits.bytes)",
                    at: Span(source, 0..<0), help: "manifests and jobs are small: keep data in files of their own"))
        }
        if bytes.isEmpty || bytes.elementsEqual(byteOrderMark) { return .empty }
        if let name = wideEncoding(bytes) {
            return .unreadable(
                Diagnostic(
                    .notUTF8, "the file is \(name), not UTF-8", at: Span(source, 0..<0),
                    help: "save it as UTF-8, for example with `iconv -f \(name) -t UTF-8`"))
        }
        guard let fault = bytes.withUnsafeBufferPointer({ firstFault($0, controlsAllowed: controlsAllowed) }) else {
            return .readable(end: bytes.count, nil)
        }
        return .readable(end: fault.offset, fault.diagnostic(in: source))
    }

    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    static func emptyDocument(_ source: Source) -> Diagnostic {
        let isBare = source.bytes.isEmpty || source.bytes.elementsEqual(byteOrderMark)
        return Diagnostic(
            .emptyDocument, isBare ? "the file is empty" : "the file holds nothing but space and comments",
            at: Span(source, 0..<0),
            help: "a model.yaml or a job.json has at least one key")
    }

    /// UTF-16 and UTF-32 by their byte order marks, or by the NUL beside an ASCII character that they begin with.
    private static func wideEncoding(_ bytes: [UInt8]) -> String? {
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32" }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
        guard bytes.count >= 4, bytes.count % 2 == 0 else { return nil }
        let nul = bytes[..<4].map { $0 == 0 }
        if nul == [false, true, false, true] { return "UTF-16LE" }
        if nul == [true, false, true, false] { return "UTF-16BE" }
        return nil
    }

    private struct Fault {
        var offset: Int
        /// The control character; nil when the bytes are not UTF-8.
        var control: Unicode.Scalar?

        func diagnostic(in source: Source) -> Diagnostic {
            guard let control else {
                return Diagnostic(
                    .notUTF8, "the file is not UTF-8: byte \(hex(UInt32(source.bytes[offset]), 2)) is out of place",
                    at: source.characterSpan(at: offset),
                    help: "save it as UTF-8, for example with `iconv -f LATIN1 -t UTF-8`")
            }
            guard control.value != 0 else {
                return Diagnostic(
                    .nulByte, "the file has a NUL byte, so it is no text", at: source.characterSpan(at: offset))
            }
            return Diagnostic(
                .invalidSyntax, "the control character U+\(hex(control.value, 4)) is not allowed in YAML",
                at: source.characterSpan(at: offset), help: "write it as an escape in double quotes, or remove it")
        }

        private func hex(_ value: UInt32, _ width: Int) -> String {
            let digits = String(value, radix: 16, uppercase: true)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
    }

    private static func firstFault(_ bytes: UnsafeBufferPointer<UInt8>, controlsAllowed: Bool) -> Fault? {
        var offset = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte >= 0x20 && byte < 0x7F || byte == 0x0A || byte == 0x0D || byte == 0x09 {
                offset += 1
                continue
            }
            var rest = bytes[offset...].makeIterator()
            var parser = Unicode.UTF8.ForwardParser()
            guard case .valid(let encoded) = parser.parseScalar(from: &rest) else {
                return Fault(offset: offset, control: nil)
            }
            let scalar = Unicode.UTF8.decode(encoded)
            if scalar.value == 0 || !controlsAllowed && isForbidden(scalar) {
                return Fault(offset: offset, control: scalar)
            }
            offset += encoded.count
        }
        return nil
    }

    /// Outside YAML's `c-printable` (YAML 1.2.2 section 5.1).
    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0x85, 0x86..<0xA0, 0xFFFE, 0xFFFF: true
        default: false
        }
    }
}

extension Source {
    /// The character at `offset`, or nothing at the end of a line or of the text.
    func characterSpan(at offset: Int) -> Span {
        let start = min(max(offset, 0), bytes.count)
        guard start < bytes.count, bytes[start] != 0x0A, bytes[start] != 0x0D else { return Span(self, start..<start) }
        var end = start + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80, end - start < 4 { end += 1 }
        return Span(self, start..<end)
    }
}
