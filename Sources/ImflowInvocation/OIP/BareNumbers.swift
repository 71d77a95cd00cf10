/// Numbers that some servers write into their JSON and JSON does not have.
enum BareNumbers {
    private static let words = ["NaN", "Infinity", "-Infinity", "inf", "-inf", "nan"].map { Array($0.utf8) }

    /// The text with each bare `NaN`, `Infinity` and `-Infinity` in quotes; what stands in strings is left alone.
    static func quoted(_ json: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(json.count + 64)
        var index = 0
        var isInString = false
        while index < json.count {
            let byte = json[index]
            if isInString {
                if byte == UInt8(ascii: "\\"), index + 1 < json.count {
                    out.append(byte)
                    index += 1
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            } else if let word = word(at: index, in: json) {
                out += [UInt8(ascii: "\"")] + standard(word) + [UInt8(ascii: "\"")]
                index += word.count
                continue
            }
            out.append(json[index])
            index += 1
        }
        return out
    }

    private static func word(at index: Int, in json: [UInt8]) -> [UInt8]? {
        switch json[index] {
        case UInt8(ascii: "N"), UInt8(ascii: "I"), UInt8(ascii: "-"), UInt8(ascii: "i"), UInt8(ascii: "n"):
            words.first { json[index...].starts(with: $0) }
        default: nil
        }
    }

    private static func standard(_ word: [UInt8]) -> [UInt8] {
        switch word.first {
        case UInt8(ascii: "-"): words[2]
        case UInt8(ascii: "I"), UInt8(ascii: "i"): words[1]
        default: words[0]
        }
    }
}
