internal import ImflowJSON

/// The rings of an outline: of one piece, or of several.
struct Outline: Sendable {
    struct Point: Sendable, Equatable {
        var x: PixelNumber
        var y: PixelNumber
    }

    var rings: [[Point]]
    /// Written as a list of rings, rather than one ring alone.
    private var isList: Bool
    /// A ring is a list of points `[x, y]`, rather than `[x1, y1, x2, y2, …]`.
    private let hasPoints: Bool

    /// Nil when it is none: `[x1, y1, x2, y2, …]`, a list of `[x, y]`, or a list of several such rings.
    init?(_ json: [JSONValue]) {
        let first = json.first?.arrayValue
        isList = first != nil && !Self.arePoints(json)
        hasPoints = isList ? first?.first?.arrayValue != nil : first != nil
        var rings: [[Point]] = []
        for item in isList ? json : [.array(json)] {
            guard let ring = item.arrayValue, let points = Self.points(ring, hasPoints) else { return nil }
            rings.append(points)
        }
        self.rings = rings
    }

    private static func arePoints(_ items: [JSONValue]) -> Bool {
        items.allSatisfy { item in item.arrayValue.map { $0.count == 2 && $0.allSatisfy { PixelNumber($0) != nil } } ?? false }
    }

    private static func points(_ ring: [JSONValue], _ hasPoints: Bool) -> [Point]? {
        if hasPoints {
            guard arePoints(ring) else { return nil }
            return points(ring.flatMap { $0.arrayValue ?? [] }, false)
        }
        let numbers = ring.compactMap { PixelNumber($0) }
        guard numbers.count == ring.count, numbers.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: numbers.count, by: 2).map { Point(x: numbers[$0], y: numbers[$0 + 1]) }
    }

    var json: JSONValue {
        let written = rings.map { ring -> JSONValue in
            hasPoints
                ? .array(ring.map { .array([$0.x.json, $0.y.json]) }) : .array(ring.flatMap { [$0.x.json, $0.y.json] })
        }
        return isList ? .array(written) : written.first ?? .array([])
    }

    mutating func move(by move: TileMove) {
        for ring in rings.indices {
            for point in rings[ring].indices {
                let old = rings[ring][point]
                rings[ring][point] = Point(x: move.x(old.x), y: move.y(old.y))
            }
        }
    }

    /// Adds another's rings; what is one ring becomes a list.
    mutating func append(_ other: Outline) {
        rings += other.rings
        if rings.count != 1 { isList = true }
    }

    /// What of it lies within a rectangle, each ring cut at one edge after the other (Sutherland and Hodgman, 1974).
    /// A ring that the cut parts in two stays one, whose parts a line of no width joins.
    mutating func clip(to rect: BoxRect) {
        rings = rings.compactMap { ring in
            var ring = ring
            ring = Self.cut(ring, at: rect.minX, \.x, \.y, keepsAbove: true)
            ring = Self.cut(ring, at: rect.maxX, \.x, \.y, keepsAbove: false)
            ring = Self.cut(ring, at: rect.minY, \.y, \.x, keepsAbove: true)
            ring = Self.cut(ring, at: rect.maxY, \.y, \.x, keepsAbove: false)
            return ring.count < 3 ? nil : ring
        }
    }

    private static func cut(
        _ ring: [Point], at edge: Double, _ across: WritableKeyPath<Point, PixelNumber>,
        _ along: WritableKeyPath<Point, PixelNumber>, keepsAbove: Bool
    ) -> [Point] {
        func keeps(_ point: Point) -> Bool {
            keepsAbove ? point[keyPath: across].value >= edge : point[keyPath: across].value <= edge
        }
        guard var last = ring.last, !ring.allSatisfy(keeps) else { return ring }
        var kept: [Point] = []
        for point in ring {
            if keeps(point) != keeps(last) {
                let (from, to) = (last[keyPath: across].value, point[keyPath: across].value)
                let (start, end) = (last[keyPath: along], point[keyPath: along])
                let place = start.value + (end.value - start.value) * (edge - from) / (to - from)
                let areIntegers = start.isInteger && end.isInteger
                var crossing = point
                crossing[keyPath: across] = PixelNumber(edge, isInteger: areIntegers && edge == edge.rounded())
                crossing[keyPath: along] = PixelNumber(place, isInteger: areIntegers && place == place.rounded())
                kept.append(crossing)
            }
            if keeps(point) { kept.append(point) }
            last = point
        }
        return kept
    }

    /// In px², by the shoelace formula; rings that wind the other way count as much.
    var area: Double {
        rings.reduce(0) { sum, ring in
            guard var last = ring.last else { return sum }
            var twice = 0.0
            for point in ring {
                twice += last.x.value * point.y.value - point.x.value * last.y.value
                last = point
            }
            return sum + abs(twice) / 2
        }
    }
}
