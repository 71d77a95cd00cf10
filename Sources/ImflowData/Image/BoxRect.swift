/// A rectangle in px, of real numbers.
struct BoxRect: Sendable, Equatable {
    var minX: Double
    var minY: Double
    var maxX: Double
    var maxY: Double

    var width: Double { maxX - minX }
    var height: Double { maxY - minY }
    var area: Double { width * height }

    func union(_ other: BoxRect) -> BoxRect {
        BoxRect(
            minX: min(minX, other.minX), minY: min(minY, other.minY), maxX: max(maxX, other.maxX),
            maxY: max(maxY, other.maxY))
    }

    /// Nil when they have no area in common.
    func intersection(_ other: BoxRect) -> BoxRect? {
        let rect = BoxRect(
            minX: max(minX, other.minX), minY: max(minY, other.minY), maxX: min(maxX, other.maxX),
            maxY: min(maxY, other.maxY))
        return rect.minX < rect.maxX && rect.minY < rect.maxY ? rect : nil
    }

    /// Whether they have a point in common, borders included.
    func meets(_ other: BoxRect) -> Bool {
        minX <= other.maxX && other.minX <= maxX && minY <= other.maxY && other.minY <= maxY
    }

    func contains(_ other: BoxRect, tolerance: Double = 0) -> Bool {
        minX - tolerance <= other.minX && minY - tolerance <= other.minY && maxX + tolerance >= other.maxX
            && maxY + tolerance >= other.maxY
    }

    /// Intersection over union, 0…1.
    func iou(_ other: BoxRect) -> Double {
        if self == other { return 1 }
        guard let common = intersection(other)?.area else { return 0 }
        return common / (area + other.area - common)
    }

    /// Intersection over the smaller of the two, 0…1.
    func ios(_ other: BoxRect) -> Double {
        if self == other { return 1 }
        guard let common = intersection(other)?.area else { return 0 }
        return common / min(area, other.area)
    }

    /// Parts of a rectangle of which a coverage is put together: the largest.
    private static let coverParts = 64

    /// The share of this rectangle, 0…1, that lies in any of `others`; a little less when many of them share in it.
    func coverage(by others: [BoxRect]) -> Double {
        var parts = others.compactMap { intersection($0) }
        guard area > 0, !parts.isEmpty else { return 0 }
        if parts.count > Self.coverParts {
            parts.sort { ($0.area, $0.minY, $0.minX, $0.maxX) > ($1.area, $1.minY, $1.minX, $1.maxX) }
            parts.removeSubrange(Self.coverParts...)
        }
        if parts.count == 1 { return parts[0].area / area }
        // Between two neighbouring x of any part, the covered height is that of a union of intervals.
        let xs = Set(parts.flatMap { [$0.minX, $0.maxX] }).sorted()
        var covered = 0.0
        for (left, right) in zip(xs, xs.dropFirst()) {
            var reached = -Double.infinity
            for part in parts.filter({ $0.minX <= left && $0.maxX >= right }).sorted(by: { $0.minY < $1.minY }) {
                covered += max(0, part.maxY - max(reached, part.minY)) * (right - left)
                reached = max(reached, part.maxY)
            }
        }
        return covered / area
    }
}

/// Edges of a rectangle.
struct BoxEdges: OptionSet, Sendable {
    let rawValue: UInt8
    static let left = BoxEdges(rawValue: 1)
    static let top = BoxEdges(rawValue: 2)
    static let right = BoxEdges(rawValue: 4)
    static let bottom = BoxEdges(rawValue: 8)
}
