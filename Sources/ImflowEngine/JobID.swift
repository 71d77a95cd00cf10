/// The ids of jobs.
package enum JobID {
    /// Letters, digits, `.`, `_` and `-`, at most 64 of them, starting with a letter or a digit: safe in paths, URLs and labels.
    package static func isValid(_ id: String) -> Bool {
        guard let first = id.utf8.first, id.utf8.count <= 64, isAlphanumeric(first) else { return false }
        return id.utf8.allSatisfy { isAlphanumeric($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }

    /// An id of the kind `bd92-e3f1`.
    package static func random(using generator: inout some RandomNumberGenerator) -> String {
        let hex = String(UInt32.random(in: .min ... .max, using: &generator), radix: 16)
        let digits = String(repeating: "0", count: 8 - hex.utf8.count) + hex
        return "\(digits.prefix(4))-\(digits.suffix(4))"
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
