import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

extension MergePlan {
    static func stitch(
        _ blend: Blend = .hard, format: Format? = nil, content: Content? = nil, fill: Fill? = nil
    ) -> MergePlan {
        MergePlan(strategy: .tileStitch, blend: blend, format: format, content: content, fill: fill)
    }
}

extension ImageWorkshop {
    /// Splits an image, applies `model` to each tile as a model would, and stitches the outputs; a nil output is a
    /// hole.
    func stitch(
        _ block: PixelBlock, _ split: SplitPlan, _ plan: MergePlan, shuffledBy seed: UInt64? = nil,
        model: (PixelBlock, TileGeometry) throws -> PixelBlock? = { tile, _ in tile }
    ) throws -> ContentReference {
        let source = try putTIFF(block)
        let units = try TileSplitter.split(source: source, key: "k", plan: split, content: content)
        var outputs: [(unit: Unit, image: ContentReference?)] = []
        for unit in units {
            let output = try model(try cut(unit), try TileGeometry(unit))
            outputs.append((unit, try output.map { try put($0) }))
        }
        if let seed {
            var random = ImageRandom(seed)
            outputs.shuffle(using: &random)
        }
        let result = try TileStitcher.stitch(outputs: outputs, plan: plan, split: split, content: content)
        return try #require(result.stringValue.flatMap { ContentReference($0) })
    }
}

/// A label map, row by row.
struct LabelMap: Equatable {
    var width: Int
    var height: Int
    var labels: [UInt32]

    init(_ width: Int, _ height: Int, _ label: (_ x: Int, _ y: Int) -> Int) {
        self.width = width
        self.height = height
        labels = (0..<height).flatMap { y in (0..<width).map { x in UInt32(label(x, y)) } }
    }

    /// Of pixels of 1 band of unsigned whole numbers.
    init(_ block: PixelBlock) {
        self.init(block.shape.width, block.shape.height) { x, y in
            block.pixel(x, y).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
    }

    subscript(x: Int, y: Int) -> UInt32 { labels[y * width + x] }

    func block(_ format: SampleFormat = .uint32) -> PixelBlock {
        PixelBlock(
            shape: PixelShape(width, height, bands: 1, format),
            bytes: labels.flatMap { label in (0..<format.bytes).map { UInt8(truncatingIfNeeded: label >> (8 * $0)) } })
    }

    /// The same objects, numbered by their first pixel.
    var canonical: LabelMap {
        var numbers: [UInt32: UInt32] = [0: 0]
        var map = self
        for (place, label) in labels.enumerated() {
            let number = numbers[label] ?? UInt32(numbers.count)
            numbers[label] = number
            map.labels[place] = number
        }
        return map
    }

    /// The connected parts of equal labels, by a flood from each pixel.
    func components(diagonals: Bool = false) -> LabelMap {
        var map = LabelMap(width, height) { _, _ in 0 }
        var last: UInt32 = 0
        for start in labels.indices where labels[start] != 0 && map.labels[start] == 0 {
            last += 1
            map.labels[start] = last
            var rest = [start]
            while let place = rest.popLast() {
                for (stepX, stepY) in [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)]
                where diagonals || stepX == 0 || stepY == 0 {
                    let (x, y) = (place % width + stepX, place / width + stepY)
                    guard (0..<width).contains(x), (0..<height).contains(y), self[x, y] == labels[start] else { continue }
                    guard map[x, y] == 0 else { continue }
                    map.labels[y * width + x] = last
                    rest.append(y * width + x)
                }
            }
        }
        return map
    }
}
