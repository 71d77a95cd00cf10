internal import ImflowContent
internal import ImflowExecution

/// Averages overlapping tiles with weights that fall linearly to their edges. Works in pieces from one tile's corner to
/// the next one's, in which the contributing tiles are the same few, and keeps decoded tiles while neighbours need
/// them.
struct FeatherBlend {
    let layout: StitchLayout
    let content: ContentStore

    /// In bytes; beyond it tiles are decoded again.
    private static let cacheSize = 64 << 20

    /// Samples that are summed at a time.
    private static let sumLimit = 1 << 20

    func write(to writer: TIFFWriter) throws(Failure) {
        var cache = DecodedTiles(content: content, budget: Self.cacheSize)
        for row in 0..<layout.y.count {
            for column in 0..<layout.x.count {
                try checkCancellation()
                let (xs, ys) = (layout.x.stretch(column), layout.y.stretch(row))
                // Sums are held in doubles, so a few rows at a time.
                let rows = max(1, Self.sumLimit / max(1, xs.count * layout.shape.bands))
                for y in stride(from: ys.lowerBound, to: ys.upperBound, by: rows) where !xs.isEmpty {
                    let height = min(rows, ys.upperBound - y)
                    let piece = PixelRect(x: xs.lowerBound, y: y, width: xs.count, height: height)
                    try writer.write(try blend(piece, &cache), x: piece.x, y: piece.y)
                }
            }
        }
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
        let shape = layout.shape.resized(width: piece.width, height: piece.height)
        let samples = shape.pixelSize / MemoryLayout<Sample>.size
        var sums = [Double](repeating: 0, count: piece.width * piece.height * samples)
        var weights = [Double](repeating: 0, count: piece.width * piece.height)
        for row in layout.y.tiles(in: piece.y..<piece.maxY) {
            for column in layout.x.tiles(in: piece.x..<piece.maxX) {
                guard let tile = layout.tile(row: row, column: column), let image = tile.image,
                    let part = layout.rect(row: row, column: column).intersection(piece)
                else { continue }
                let block = try cache.block(tile.geometry.index, image)
                add(block, row, column, part, of: piece, samples, to: &sums, &weights, as: type)
            }
        }
        return PixelBlock(shape: shape, bytes: Self.average(sums, weights, samples, as: type))
    }

    private func add<Sample: BlendableSample>(
        _ block: PixelBlock, _ row: Int, _ column: Int, _ part: PixelRect, of piece: PixelRect, _ samples: Int,
        to sums: inout [Double], _ weights: inout [Double], as type: Sample.Type
    ) {
        let place = layout.rect(row: row, column: column)
        let columnWeights = (part.x..<part.maxX).map { Double(layout.x.weight(column, at: $0)) }
        block.bytes.withUnsafeBytes { bytes in
            for y in part.y..<part.maxY {
                let rowWeight = Double(layout.y.weight(row, at: y))
                var source = (y - place.y) * block.shape.rowSize + (part.x - place.x) * block.shape.pixelSize
                var target = (y - piece.y) * piece.width + part.x - piece.x
                for columnWeight in columnWeights {
                    let weight = rowWeight * columnWeight
                    weights[target] += weight
                    for sample in 0..<samples {
                        let value = bytes.loadUnaligned(fromByteOffset: source, as: Sample.self)
                        sums[target * samples + sample] += weight * value.blendValue
                        source += MemoryLayout<Sample>.size
                    }
                    target += 1
                }
            }
        }
    }

    /// Pixels without any weight lie in a hole: they stay zero.
    private static func average<Sample: BlendableSample>(
        _ sums: [Double], _ weights: [Double], _ samples: Int, as type: Sample.Type
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: sums.count * MemoryLayout<Sample>.size)
        bytes.withUnsafeMutableBytes { buffer in
            for pixel in weights.indices where weights[pixel] > 0 {
                for index in pixel * samples..<(pixel + 1) * samples {
                    let value = Sample(blended: sums[index] / weights[pixel])
                    buffer.storeBytes(of: value, toByteOffset: index * MemoryLayout<Sample>.size, as: Sample.self)
                }
            }
        }
        return bytes
    }
}

/// The tiles' decoded outputs that were used last.
private struct DecodedTiles {
    let content: ContentStore
    /// In bytes.
    let budget: Int
    private var blocks: [Int: PixelBlock] = [:]
    /// Least recently used first.
    private var order: [Int] = []
    private var size = 0

    init(content: ContentStore, budget: Int) {
        self.content = content
        self.budget = budget
    }

    mutating func block(_ index: Int, _ image: ContentReference) throws(Failure) -> PixelBlock {
        if let block = blocks[index] {
            order.removeAll { $0 == index }
            order.append(index)
            return block
        }
        let block = try TileOutput(index, image, content).block()
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

/// A sample that can be averaged: exactly in doubles up to 32 bits.
protocol BlendableSample: BitwiseCopyable {
    var blendValue: Double { get }
    /// Rounds to the nearest value, halves away from zero. `blended` lies between values that the type holds.
    init(blended: Double)
}

extension BlendableSample where Self: FixedWidthInteger {
    var blendValue: Double { Double(self) }
    init(blended: Double) { self.init(clamping: Int64(blended.rounded())) }
}

extension UInt8: BlendableSample {}
extension Int8: BlendableSample {}
extension UInt16: BlendableSample {}
extension Int16: BlendableSample {}
extension UInt32: BlendableSample {}
extension Int32: BlendableSample {}

extension Float: BlendableSample {
    var blendValue: Double { Double(self) }
    init(blended: Double) { self.init(blended) }
}

extension Double: BlendableSample {
    var blendValue: Double { self }
    init(blended: Double) { self = blended }
}
