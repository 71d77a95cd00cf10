/// Names a finding by what it says and of which text, so that it is known again when lines above it come or go:
/// the code, the path, the headline and the text of the line, without its indentation.
package enum Fingerprint {
    private static let maximumLineBytes = 1024

    /// One for each finding, in their order, no two alike; 16 hexadecimal digits.
    package static func all(of diagnostics: [Diagnostic], _ context: ReportContext) -> [String] {
        var counts: [UInt64: UInt64] = [:]
        return diagnostics.map { diagnostic in
            let base = hash(diagnostic, context)
            let count = counts[base, default: 0]
            counts[base] = count + 1
            // The second of two like findings is told from the first by its number.
            let value = count == 0 ? base : mix(base, withUnsafeBytes(of: count.littleEndian, Array.init))
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
    }

    private static func hash(_ diagnostic: Diagnostic, _ context: ReportContext) -> UInt64 {
        let source = diagnostic.primary.span.source
        let whole = source.bytes[source.lineRange(diagnostic.primary.span.start.line)]
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let text = whole.drop(while: isBlank).prefix(maximumLineBytes)
        let end = text.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? text.startIndex
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in [diagnostic.code.id, context.path(of: source), diagnostic.headline] {
            value = mix(mix(value, part.utf8), CollectionOfOne(0))
        }
        // A hash of a secret would let who has it try secrets against it.
        let line = text[..<end]
        let hidden = diagnostic.hidden.filter {
            $0.source.name == source.name && $0.range.overlaps(line.startIndex..<line.endIndex)
        }
        guard !hidden.isEmpty else { return mix(value, line) }
        return mix(
            value, line.indices.lazy.filter { index in !hidden.contains { $0.range.contains(index) } }.map { line[$0] })
    }

    /// FNV-1a, 64 bits (draft-eastlake-fnv).
    private static func mix(_ value: UInt64, _ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(value) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
