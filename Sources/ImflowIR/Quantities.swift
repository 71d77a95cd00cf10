import ImflowDiagnostics
package import ImflowPlan

/// A text that means an amount, or the reason why it does not.
package struct QuantityError: Error, Equatable {
    package var message: String
    package var help: String?
    /// What the author surely or probably meant.
    var meant: Meant?

    /// An amount in the form that is read, and whether nothing else can have been meant.
    struct Meant: Equatable {
        var text: String
        var applicability: FixIt.Applicability
    }
}

extension TimeSpan {
    /// The longest time a file may name.
    package static let longest = TimeSpan(seconds: 366 * 86_400)

    private static let units: [(suffix: String, milliseconds: Double)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// Reads `500ms`, `30s`, `2m`, `1.5h`, `1d`, and sums of these, largest first: `1h30m`.
    package static func parse(_ text: String) throws(QuantityError) -> TimeSpan {
        var rest = Substring(text)
        var total = 0.0
        var previous = Double.infinity
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { !(("0"..."9").contains($0) || $0 == ".") }
            rest = rest.dropFirst(name.count)
            guard let amount = decimal(digits), let unit = units.first(where: { $0.suffix == name }) else {
                throw QuantityError(
                    message: "`\(text)` is not a length of time", help: help(for: text), meant: QuantityWords.time(text))
            }
            guard unit.milliseconds < previous else {
                throw QuantityError(
                    message: "`\(text)` is not a length of time", help: "larger units go first: `1h30m`")
            }
            previous = unit.milliseconds
            total += amount * unit.milliseconds
        }
        return try checked(milliseconds: total, text)
    }

    private static func help(for text: String) -> String {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.count <= 4 && $0.allSatisfy(\.isNumber) }) else {
            return "write it as `500ms`, `30s`, `2m` or `1h30m`"
        }
        return
            "write `\(parts[0])h\(parts[1])m` for hours and minutes, `\(parts[0])m\(parts[1])s` for minutes and seconds"
    }

    /// A plain number means seconds.
    package static func parse(seconds: Double) throws(QuantityError) -> TimeSpan {
        try checked(milliseconds: seconds * 1000, "\(seconds)")
    }

    private static func checked(milliseconds: Double, _ text: String) throws(QuantityError) -> TimeSpan {
        guard milliseconds >= 0, milliseconds <= Double(longest.milliseconds) else {
            throw QuantityError(message: "`\(text)` is outside 0 to 366 days", help: nil)
        }
        return TimeSpan(milliseconds: Int64(milliseconds.rounded()))
    }

    /// `1h30m`, `500ms`: the form that ``parse(_:)`` reads.
    package var text: String {
        var rest = milliseconds
        var out = ""
        for (suffix, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]
            as [(String, Int64)]
        {
            if rest >= size {
                out += "\(rest / size)\(suffix)"
                rest %= size
            }
        }
        return out.isEmpty ? "0s" : out
    }
}

extension ByteCount {
    private static let suffixes: [(String, Double)] = [
        ("", 1), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("Ki", 1024), ("Mi", 1_048_576),
        ("Gi", 1_073_741_824), ("Ti", 1_099_511_627_776), ("Pi", 1_125_899_906_842_624),
    ]

    /// Reads a Kubernetes-style amount: `4Gi`, `512Mi`, `1.5G`, `1000`.
    package static func parse(_ text: String) throws(QuantityError) -> ByteCount {
        let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        let suffix = String(text.dropFirst(digits.count))
        guard let amount = decimal(digits), let scale = suffixes.first(where: { $0.0 == suffix })?.1 else {
            throw QuantityError(
                message: "`\(text)` is not an amount of memory", help: help(for: suffix, digits: digits),
                meant: QuantityWords.amount(text))
        }
        let bytes = amount * scale
        guard bytes < 9e18 else { throw QuantityError(message: "`\(text)` is more than any machine has", help: nil) }
        return ByteCount(bytes: Int64(bytes.rounded()))
    }

    private static func help(for suffix: String, digits: Substring) -> String {
        let letter = suffix.drop { $0 == " " }.uppercased().first.map(String.init) ?? ""
        guard !digits.isEmpty, ["K", "M", "G", "T", "P"].contains(letter) else {
            return "write it as `4Gi`, `512Mi` or `4G`"
        }
        let decimal = letter == "K" ? "k" : letter
        return "write `\(digits)\(letter)i` (powers of 1024) or `\(digits)\(decimal)` (powers of 1000)"
    }

    /// `4Gi` when it is whole, else bytes.
    package var text: String {
        for (suffix, scale) in [("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)] where bytes > 0 {
            if bytes & ((Int64(1) << Int64(scale)) - 1) == 0 { return "\(bytes >> Int64(scale))\(suffix)" }
        }
        return String(bytes)
    }
}

/// An unsigned decimal such as `1.5`: digits on both sides of at most one point.
private func decimal(_ text: Substring) -> Double? {
    guard let first = text.first, let last = text.last, first != ".", last != ".", text.count <= 18 else { return nil }
    return Double(text)
}
