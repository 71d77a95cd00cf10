/// The candidate that `word` most likely means: fewest edits (insert, delete, replace, swap two neighbours), at most
/// about a third of the word's length. Of equally near ones the first in alphabetical order; nil when none is near.
package func nearest(_ word: String, in candidates: some Sequence<String>) -> String? {
    let letters = Array(word.unicodeScalars.prefix(NameDistance.longest + 1))
    guard !letters.isEmpty, letters.count <= NameDistance.longest else { return nil }
    let threshold = max(1, (letters.count + 1) / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates where candidate != word {
        let distance = NameDistance.between(letters, Array(candidate.unicodeScalars.prefix(NameDistance.longest + 1)))
        guard distance <= threshold else { continue }
        if let best, (best.distance, best.name) <= (distance, candidate) { continue }
        best = (candidate, distance)
    }
    return best?.name
}

/// Edit distance with transpositions (Damerau 1964, optimal string alignment). Case is free of charge, and `-` is `_`.
private enum NameDistance {
    /// Longer words are no names; the work stays bounded.
    static let longest = 64

    static func between(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        let left = left.map(folded)
        let right = right.map(folded)
        guard !right.isEmpty else { return left.count }
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let cost = left[row] == right[column] ? 0 : 1
                var value = min(last[column] + cost, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    value = min(value, beforeLast[column - 1] + 1)
                }
                current.append(value)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }

    /// Keys and ids differ by case and by `-` for `_` more often than by any letter.
    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "A"..."Z": Unicode.Scalar(UInt8(scalar.value) | 0x20)
        case "-": "_"
        default: scalar
        }
    }
}
