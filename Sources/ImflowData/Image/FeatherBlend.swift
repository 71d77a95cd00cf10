internal import ImflowExecution

/// Averages overlapping tiles with weights that fall linearly to their edges. Works in pieces from one tile's corner to
/// the next one's, in which the contributing tiles are the same few, and keeps decoded tiles while neighbours need
/// them: memory does not grow with the image.
struct FeatherBlend: Sendable {
    let layout: StitchLayout
    let fill: StitchFill

    /// In bytes, by thread; beyond it tiles are decoded again.
    private static let cacheSize = 64 << 20
    /// Samples that are summed at a time.
    private static let sumLimit = 1 << 18
    /// Rows of tiles that a thread takes at a time: the tiles of the row above are decoded once more for each.
    private static let rowsAtOnce = 4

    func write(to writer: TIFFWriter) throws(Failure) {
        let rows = layout.y.count
        try ParallelWork.run(count: (rows + Self.rowsAtOnce - 1) / Self.rowsAtOnce) { (next) throws(Failure) in
            while let piece = next() {
                var cache = DecodedTiles(budget: Self.cacheSize)
                for row in piece * Self.rowsAtOnce..<min(rows, (piece + 1) * Self.rowsAtOnce) {
                    try write(row: row, to: writer, &cache)
                }
            }
        }
    }

    private func write(row: Int, to writer: TIFFWriter, _ cache: inout DecodedTiles) throws(Failure) {
        for column in 0..<layout.x.count {
            try checkCancellation()
            for xs in Self.parts(layout.x, column) {
                // Sums are held in doubles, so a few rows at a time.
                let most = max(1, Self.sumLimit / max(1, xs.count * layout.shape.bands))
                for ys in Self.parts(layout.y, row) where !xs.isEmpty {
                    for y in stride(from: ys.lowerBound, to: ys.upperBound, by: most) {
                        let height = min(most, ys.upperBound - y)
                        let piece = PixelRect(x: xs.lowerBound, y: y, width: xs.count, height: height)
                        try writer.write(try blend(piece, &cache), x: piece.x, y: piece.y)
                    }
                }
            }
        }
    }

    /// A tile's stretch up to where the tile before it ends, and the rest, which often shows one tile alone.
    private static func parts(_ axis: StitchAxis, _ index: Int) -> [Range<Int>] {
        let stretch = axis.stretch(index)
        guard index > 0 else { return [stretch] }
        let end = min(max(axis.ends[index - 1], stretch.lowerBound), stretch.upperBound)
        return [stretch.lowerBound..<end, end..<stretch.upperBound]
    }

    private func blend(_ piece: PixelRect, _ cache: inout DecodedTiles) throws(Failure) -> PixelBlock {
        switch layout.shape.format {
        case .uint8: try blend(piece, &cache, as: UInt8.self)
        case .int8: try blend(piece, &cache, as: Int8.self)
        case .uint16: try blend(piece, &cache, as: UInt16.self)
        case .int16: try blend(piece, &cache, as: Int16.self)
        case .uint32: try blend(piece, &cache, as: UInt32.self)
        case .int32: try blend(piece, &cache, as: Int32.self)
        case .float32, .complex64: try blend(piece, &cache, as: Float.self)
        case .float64, .complex128: try blend(piece, &cache, as: Double.self)
        }
    }

    /// Sums in the tiles' own order, so that the result does not depend on who finished first.
    private func blend<Sample: BlendableSample>(
        _ piece: PixelRect, _ cache: inout DecodedTiles, as type: Sample.Type
    ) throws(Failure) -> PixelBlock {
        var blocks: [(block: PixelBlock, row: Int, column: Int, part: PixelRect)] = []
        for row in layout.y.tiles(in: piece.y..<piece.maxY) {
            for column in layout.x.tiles(in: piece.x..<piece.maxX) {
                guard let tile = layout.tile(row: row, column: column), let file = tile.file,
                    let part = layout.rect(row: row, column: column).intersection(piece)
                else { continue }
                blocks.append((try cache.block(tile.geometry.index, file), row, column, part))
            }
        }
        if blocks.count == 1, let only = blocks.first, only.part == piece, !fill.addsAlpha {
            return copy(only.block, row: only.row, column: only.column, piece)
        }
        let samples = layout.shape.pixelSize / MemoryLayout<Sample>.size
        var sums = WeightedSums(pixels: piece.width * piece.height, samples: samples)
        for (block, row, column, part) in blocks {
            sums.add(
                block, at: layout.rect(row: row, column: column), part, of: piece,
                columnWeights: (part.x..<part.maxX).map { Double(layout.x.weight(column, at: $0)) },
                rowWeights: (part.y..<part.maxY).map { Double(layout.y.weight(row, at: $0)) }, as: type)
        }
        let shape = fill.shape.resized(width: piece.width, height: piece.height)
        return PixelBlock(shape: shape, bytes: sums.average(filling: fill, as: type))
    }

    /// Where one tile is all there is, its weight does not matter.
    private func copy(_ block: PixelBlock, row: Int, column: Int, _ piece: PixelRect) -> PixelBlock {
        let place = layout.rect(row: row, column: column)
        let shape = layout.shape.resized(width: piece.width, height: piece.height)
        var bytes = [UInt8](repeating: 0, count: shape.size)
        bytes.withUnsafeMutableBytes { buffer in
            let part = PixelRect(x: piece.x - place.x, y: piece.y - place.y, width: piece.width, height: piece.height)
            block.copy(part, into: buffer, stride: shape.rowSize)
        }
        return PixelBlock(shape: shape, bytes: bytes)
    }
}

/// The tiles' decoded outputs that were used last.
private struct DecodedTiles {
    /// In bytes.
    let budget: Int
    private var blocks: [Int: PixelBlock] = [:]
    /// Least recently used first.
    private var order: [Int] = []
    private var size = 0

    init(budget: Int) { self.budget = budget }

    mutating func block(_ index: Int, _ file: TileOutputFile) throws(Failure) -> PixelBlock {
        if let block = blocks[index] {
            order.removeAll { $0 == index }
            order.append(index)
            return block
        }
        let block = try TileOutput(file).block()
        while let oldest = order.first, size + block.shape.size > budget {
            order.removeFirst()
            size -= blocks.removeValue(forKey: oldest)?.shape.size ?? 0
        }
        blocks[index] = block
        order.append(index)
        size += block.shape.size
        return block
    }
}
