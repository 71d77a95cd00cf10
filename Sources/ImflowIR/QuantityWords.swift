import ImflowDiagnostics

/// What people write for lengths of time and amounts of memory that the files' own forms do not know.
enum QuantityWords {
    private static let times: [String: String] = [
        "ms": "ms", "msec": "ms", "msecs": "ms", "millisecond": "ms", "milliseconds": "ms", "": "s", "s": "s",
        "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m", "h": "h",
        "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "d": "d", "day": "d", "days": "d",
    ]

    /// `30 seconds` is `30s`, and a number in quotes is one of seconds. `M` may be minutes or months.
    static func time(_ text: String) -> QuantityError.Meant? {
        let (digits, word) = parts(text)
        let unit = word == "m" ? "m" : times[word.lowercased()]
        guard isNumber(digits), let unit else { return nil }
        return QuantityError.Meant(text: digits + unit, applicability: .safe)
    }

    /// `4GiB`, `4 Gi`, `4gi` and `4GB` are `4Gi`, which is no less than either meaning of the last. `4g` may be anything.
    static func amount(_ text: String) -> QuantityError.Meant? {
        let (digits, word) = parts(text)
        var unit = word.lowercased()
        if unit.hasSuffix("bytes") { unit.removeLast(4) }
        let isInBytes = unit.hasSuffix("b")
        if isInBytes { unit.removeLast() }
        let isBinary = unit.hasSuffix("i")
        if isBinary { unit.removeLast() }
        guard isNumber(digits), unit.count == 1, "kmgtp".contains(unit) else { return nil }
        return QuantityError.Meant(
            text: digits + unit.uppercased() + "i", applicability: isBinary || isInBytes ? .safe : .needsReview)
    }

    /// The digits, and the word behind them without the blanks between.
    private static func parts(_ text: String) -> (digits: String, word: String) {
        let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        let rest = text.dropFirst(digits.count).drop { $0 == " " }
        return (String(digits), String(rest.reversed().drop { $0 == " " }.reversed()))
    }

    private static func isNumber(_ digits: String) -> Bool {
        guard let first = digits.first, let last = digits.last, first != ".", last != ".", digits.count <= 18 else {
            return false
        }
        return Double(digits) != nil
    }
}
