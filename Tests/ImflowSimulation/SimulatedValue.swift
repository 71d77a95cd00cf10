import ImflowExecution

/// What simulated models compute: nodes of a tree, each naming what it was made of by hash. A value that was made of
/// anything else, of something twice, or in another order, is another value.
enum SimulatedValue {
    /// A hash that is merely distinct: the engine compares hashes, it never makes them.
    static func hash(_ text: String) -> ContentHash {
        let digest = text.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(digest, radix: 16)
        guard let hash = ContentHash(hex: String(repeating: "0", count: 64 - digits.utf8.count) + digits) else {
            preconditionFailure("16 hexadecimal digits and zeros make no hash")
        }
        return hash
    }

    /// Every other value lives in the content store only, where it can be lost.
    static func payload(_ text: String) -> Payload {
        let hash = hash(text)
        let isLarge = hash.hex.utf8.last.map { $0 & 1 == 0 } ?? false
        return Payload(hash: hash, size: text.utf8.count, inline: isLarge ? nil : text)
    }

    /// The node `name(parts…)`.
    static func node(_ name: String, _ parts: [String]) -> Payload {
        payload("\(name)(\(parts.joined(separator: ",")))")
    }

    /// A stage's bound input, as a text that tells every other one apart.
    static func bound(_ context: InputContext) -> String {
        let sources = context.sources.map { "\($0.stage)/\($0.outputKey ?? "")=\($0.result.hash.hex.suffix(16))" }
        let input = context.jobInput.map { String($0.hash.hex.suffix(16)) } ?? "none"
        return "[\(sources.joined(separator: ";"))|\(input)|\(context.key ?? "")]"
    }
}

extension Payload {
    /// Enough of the hash to know the value by, in this world.
    var short: String { String(hash.hex.suffix(16)) }
}
