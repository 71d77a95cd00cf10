package import ImflowPlan

/// A job's `input.split_strategy`: `<mode>_<size>[_overlap_<n>]`, such as `tile_512` or `sequence_2048_overlap_128`.
/// `lines` alone cuts line by line; `lines_<n>` is a sequence of n lines. `audio`'s numbers are seconds.
package struct SplitStrategy: Sendable, Equatable {
    /// The member of a job's input that holds it, and that no model gets.
    package static let key = "split_strategy"

    /// Nil for `none`: not split at all.
    package var mode: SplitMode?
    package var size: Int?
    package var overlap: Int?

    /// Throws a sentence that says what is wrong.
    package init(parsing text: String) throws(QuantityError) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        let form = "write `<mode>_<size>` or `<mode>_<size>_overlap_<n>`: `tile_512`, `sequence_2048_overlap_128`"
        if text == "none" { return }
        guard let word = parts.first, let mode = SplitMode(rawValue: word) else {
            let modes = SplitMode.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            throw QuantityError(message: "`\(text)` names no split mode", help: "the modes are \(modes) and `none`")
        }
        self.mode = mode
        switch parts.count {
        case 1: break
        case 2: size = Self.size(parts[1])
        case 4 where parts[2] == "overlap":
            size = Self.size(parts[1])
            overlap = parts[3] == "0" ? 0 : Self.size(parts[3])
            if overlap == nil { throw QuantityError(message: "`\(text)` has no readable overlap", help: form) }
            guard mode == .tile || mode == .sequence || mode == .audio else {
                throw QuantityError(message: "a split by `\(word)` has no overlap", help: nil)
            }
        default: throw QuantityError(message: "`\(text)` is not a split strategy", help: form)
        }
        guard size != nil || (parts.count == 1 && mode == .lines) else {
            throw QuantityError(message: "`\(text)` has no readable size", help: form)
        }
    }

    /// 1 to 1,000,000.
    private static func size(_ text: String) -> Int? {
        guard text.count <= 7, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let size = Int(text) else {
            return nil
        }
        return (1...1_000_000).contains(size) ? size : nil
    }
}
