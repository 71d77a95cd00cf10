/// Replaces secrets in a stream of bytes by `***`, also where a piece ends within one. Secrets of fewer than 4 bytes
/// are left alone: they are words of every text.
package struct SecretRedactor: Sendable {
    static let shortestSecret = 4
    private static let mask = Array("***".utf8)

    /// The longest first, so that one that begins another does not hide it.
    package let secrets: [[UInt8]]
    private let begins: Set<UInt8>
    /// The end of what was taken, as far as it may become a secret: fewer bytes than the longest has.
    private var held: [UInt8] = []

    package init(_ secrets: some Sequence<String>) { self.init(bytes: secrets.map { Array($0.utf8) }) }

    package init(bytes secrets: [[UInt8]]) {
        self.secrets = Set(secrets).filter { $0.count >= Self.shortestSecret }
            .sorted { $0.count > $1.count }
        begins = Set(self.secrets.compactMap(\.first))
    }

    /// Nothing is ever replaced or held back.
    package var isIdle: Bool { secrets.isEmpty }

    /// - Returns: what can be shown by now; never more bytes than were taken.
    package mutating func take(_ bytes: some Collection<UInt8>) -> [UInt8] { replace(in: held + bytes, isLast: false) }

    /// - Returns: what was held back. What is taken then is a new stream.
    package mutating func finish() -> [UInt8] { replace(in: held, isLast: true) }

    private mutating func replace(in bytes: [UInt8], isLast: Bool) -> [UInt8] {
        held = []
        var shown: [UInt8] = []
        shown.reserveCapacity(bytes.count)
        var position = 0
        while position < bytes.count {
            guard begins.contains(bytes[position]) else {
                shown.append(bytes[position])
                position += 1
                continue
            }
            let rest = bytes[position...]
            if !isLast, secrets.contains(where: { $0.count > rest.count && $0.starts(with: rest) }) {
                held = Array(rest)
                break
            }
            if let secret = secrets.first(where: { rest.starts(with: $0) }) {
                shown += Self.mask
                position += secret.count
            } else {
                shown.append(bytes[position])
                position += 1
            }
        }
        return shown
    }
}
