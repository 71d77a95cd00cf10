internal import ImflowExecution

/// Where the tiles' outputs lie along one side of the stitched image, in its px. Outputs may be larger or smaller than
/// their tiles by one factor, `numerator / denominator`.
struct StitchAxis: Sendable, Equatable {
    let numerator: Int
    let denominator: Int
    private(set) var starts: [Int] = []
    private(set) var ends: [Int] = []
    /// What two neighbours have in common; 0 with one tile.
    private(set) var overlap = 0

    var total: Int { ends.last ?? 0 }
    var count: Int { starts.count }

    /// - Parameter outputs: by tile, what its output shows of the real pixels; nil where all outputs are missing.
    init(_ axis: TileAxis, scale: (numerator: Int, denominator: Int), outputs: [Int?]) throws(Failure) {
        (numerator, denominator) = scale
        for index in 0..<axis.count {
            let (place, rest) = (axis.start(index) * numerator).quotientAndRemainder(dividingBy: denominator)
            guard rest == 0 else {
                throw Failure(
                    .app,
                    "tiles cannot be stitched: at a scale of \(numerator)/\(denominator) their step of \(axis.step) px "
                        + "is no whole number; make `tile_size` and `tile_overlap` multiples of \(denominator)"
                )
            }
            let whole = (axis.extent(index) * numerator + denominator / 2) / denominator
            starts.append(place)
            ends.append(place + max(1, outputs[index] ?? whole))
        }
        if axis.count > 1 { overlap = ends[0] - starts[1] }
    }

    /// The part of the image that a hard blend takes from a tile: up to the middle of each overlap, and up to the
    /// border.
    func cell(_ index: Int) -> Range<Int> {
        let low = index == 0 ? 0 : middle(index)
        let high = index == count - 1 ? total : middle(index + 1)
        return low..<max(low, high)
    }

    private func middle(_ index: Int) -> Int { starts[index] + (ends[index - 1] - starts[index]) / 2 }

    /// What a tile and the one before it both show; empty where they only meet.
    func zone(before index: Int) -> Range<Int> {
        let low = starts[index]
        return low..<max(low, min(ends[index - 1], ends[index]))
    }

    /// From a tile's start to the next one's.
    func stretch(_ index: Int) -> Range<Int> { starts[index]..<(index == count - 1 ? total : starts[index + 1]) }

    /// The tiles that show something of `range`.
    func tiles(in range: Range<Int>) -> [Int] {
        starts.indices.filter { starts[$0] < range.upperBound && ends[$0] > range.lowerBound }
    }

    /// A tile's weight at `position` in a feather blend: it rises from the tile's edge over the overlap, linearly, in
    /// steps of a whole unit, so that weights are exact. Borders of the image have no ramp.
    func weight(_ index: Int, at position: Int) -> Int {
        let full = max(1, 2 * overlap)
        let rising = index == 0 ? full : 2 * (position - starts[index]) + 1
        let falling = index == count - 1 ? full : 2 * (ends[index] - position) - 1
        return min(full, rising, falling)
    }
}
