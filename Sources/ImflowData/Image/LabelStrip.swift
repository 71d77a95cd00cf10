/// Labels of a narrow part of a tile along a seam; 0 is the background.
struct LabelStrip {
    let width: Int
    let height: Int
    let labels: [UInt32]

    /// Whether labels of the strip meet the seam at a pixel.
    private let isAtSeam: [Bool]
    private let isVertical: Bool

    /// - Parameters:
    ///   - rect: the part, within `tile`.
    ///   - seam: the columns (of a vertical seam) or rows of `rect` that lie at the seam's two sides, as far as it has
    ///     them.
    init(_ tile: LabelTile, _ rect: PixelRect, seam: Range<Int>, isVertical: Bool) {
        width = rect.width
        height = rect.height
        self.isVertical = isVertical
        var labels: [UInt32] = []
        labels.reserveCapacity(width * height)
        for y in rect.y..<rect.maxY {
            labels += tile.labels[y * tile.width + rect.x..<y * tile.width + rect.maxX]
        }
        self.labels = labels
        isAtSeam = (0..<(isVertical ? width : height)).map { seam.contains($0) }
    }

    func isAtSeam(_ x: Int, _ y: Int) -> Bool { isAtSeam[isVertical ? x : y] }

    /// The connected pieces (4 neighbours) of equal labels.
    var pieces: LabelPieces {
        var roots = [Int32](repeating: -1, count: labels.count)
        func find(_ start: Int32) -> Int32 {
            var place = start
            while roots[Int(place)] != place {
                roots[Int(place)] = roots[Int(roots[Int(place)])]
                place = roots[Int(place)]
            }
            return place
        }
        for place in labels.indices where labels[place] != 0 {
            roots[place] = Int32(place)
            if place % width > 0, labels[place - 1] == labels[place] { roots[place] = find(Int32(place - 1)) }
            if place >= width, labels[place - width] == labels[place] {
                let (a, b) = (find(Int32(place - width)), find(Int32(place)))
                roots[Int(max(a, b))] = min(a, b)
            }
        }
        return LabelPieces(self, roots: labels.indices.map { labels[$0] == 0 ? -1 : find(Int32($0)) })
    }
}

/// The connected pieces of a strip.
struct LabelPieces {
    struct Piece {
        var label: UInt32
        /// In px.
        var size = 0
        var isAtSeam = false
    }

    private(set) var list: [Piece] = []
    /// By pixel: the place in ``list``, -1 for the background.
    private(set) var indexes: [Int32]

    /// - Parameter roots: by pixel: the first pixel of its piece, -1 for the background.
    fileprivate init(_ strip: LabelStrip, roots: [Int32]) {
        indexes = roots
        for (place, root) in roots.enumerated() where root >= 0 {
            if Int(root) == place {
                indexes[place] = Int32(list.count)
                list.append(Piece(label: strip.labels[place]))
            }
            let index = Int(indexes[Int(root)])
            indexes[place] = Int32(index)
            list[index].size += 1
            if strip.isAtSeam(place % strip.width, place / strip.width) { list[index].isAtSeam = true }
        }
    }

    /// The labels of two tiles that are one object, by the strips that both have along their seam: pieces that reach the
    /// seam and have more than half of the smaller one in common.
    func same(as other: LabelPieces) -> [(label: UInt32, other: UInt32)] {
        var common: [UInt64: Int] = [:]
        for (a, b) in zip(indexes, other.indexes) where a >= 0 && b >= 0 {
            common[UInt64(UInt32(a)) << 32 | UInt64(UInt32(b)), default: 0] += 1
        }
        return common.compactMap { pair, count in
            let (a, b) = (list[Int(pair >> 32)], other.list[Int(pair & 0xFFFF_FFFF)])
            guard a.isAtSeam, b.isAtSeam, 2 * count > min(a.size, b.size) else { return nil }
            return (a.label, b.label)
        }
    }
}
