package import ImflowDiagnostics

extension FixIt {
    /// Puts another name in the place of one, in the quotes that it has. A guess.
    package static func replacing(_ place: Span, by name: String) -> FixIt {
        let quote: String =
            switch place.source.bytes[place.range].first {
            case UInt8(ascii: "\""): "\""
            case UInt8(ascii: "'"): "'"
            default: ""
            }
        return FixIt(
            "replace it by `\(name)`", .needsReview, edits: [FixIt.Edit(place, replacement: quote + name + quote)])
    }
}
