/// The form of names: of models and stages, and of jobs.
package enum NameForm {
    package static let maximumLength = 63

    /// Whether `text` is a model's or a stage's name: `[a-z0-9][a-z0-9._-]{0,62}`.
    package static func isName(_ text: String) -> Bool {
        isForm(text) { byte in (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
    }

    /// Whether `text` is a job's id: like a name, with capital letters.
    package static func isJobID(_ text: String) -> Bool {
        isForm(text) { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
        }
    }

    private static func isForm(_ text: String, _ isFirst: (UInt8) -> Bool) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, isFirst(first), bytes.count <= maximumLength else { return false }
        return bytes.allSatisfy { isFirst($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
    }

    /// `text` made a name: lower case, other characters as `-`; nil when nothing is left.
    package static func nearestName(to text: String) -> String? {
        var bytes: [UInt8] = []
        for byte in text.lowercased().utf8 {
            let fits = (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
            if fits {
                bytes.append(byte)
            } else if let last = bytes.last, last != 0x2D {
                bytes.append(byte == 0x2E || byte == 0x5F ? byte : 0x2D)
            }
            if bytes.count == maximumLength { break }
        }
        while let last = bytes.last, last == 0x2D || last == 0x2E || last == 0x5F { bytes.removeLast() }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}

/// How a file refers to a model: `id` or `id@version`.
package struct ModelReference: Sendable, Hashable, CustomStringConvertible {
    package var id: String
    package var version: String?

    /// The reference to a model that is known by its own name.
    package init(id: String) { self.id = id }

    /// Nil when the id is no name or the version is empty.
    package init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, NameForm.isName(String(first)) else { return nil }
        id = String(first)
        version = parts.count > 1 ? String(parts[1]) : nil
        if version == "" { return nil }
    }

    package var description: String { version.map { "\(id)@\($0)" } ?? id }
}
