import ImflowContent
import ImflowExecution
import ImflowPlan
import Testing

@testable import ImflowData

/// What tiles promise, over drawn images of every kind of file.
@Suite struct TilePropertyTests {
    /// How an image is kept.
    enum Container: CaseIterable {
        case own, png, strips, tiles, packedStrips, packedTiles, planarStrips, planarTiles, bigEndian, big, bigPacked
        case pyramid, packedPyramid

        func holds(_ shape: PixelShape) -> Bool {
            // Our fixture writes what TIFF readers agree on.
            let isPlain = shape.format == .uint8 || shape.format == .uint16 || shape.format == .float32
            switch self {
            case .own: return true
            case .png: return shape.fitsPNG
            default: return isPlain
            }
        }

        func put(_ block: PixelBlock, _ workshop: ImageWorkshop) throws -> ContentReference {
            var fixture = TIFFFixture(block)
            switch self {
            case .own: return try workshop.putTIFF(block)
            case .png: return try workshop.put(block)
            case .strips: break
            case .tiles: fixture.tile = (16, 32)
            case .packedStrips: fixture.packs = true
            case .packedTiles: (fixture.packs, fixture.tile) = (true, (32, 16))
            case .planarStrips: fixture.planar = true
            case .planarTiles: (fixture.planar, fixture.tile) = (true, (16, 16))
            case .bigEndian: (fixture.bigEndian, fixture.tile) = (true, (16, 16))
            case .big: (fixture.big, fixture.tile) = (true, (16, 16))
            case .bigPacked: (fixture.big, fixture.packs) = (true, true)
            case .pyramid, .packedPyramid:
                let half = PixelShape(
                    max(1, block.shape.width / 2), max(1, block.shape.height / 2), bands: block.shape.bands,
                    block.shape.format)
                fixture.tile = (16, 16)
                fixture.packs = self == .packedPyramid
                fixture.preview = .noise(half, seed: 99)
            }
            return try workshop.put(fixture.bytes, as: "drawn.tif")
        }
    }

    private static let pixels: [(bands: Int, format: SampleFormat)] = [
        (1, .uint8), (3, .uint8), (4, .uint8), (5, .uint8), (2, .uint8), (1, .uint16), (3, .uint16), (4, .uint16),
        (2, .uint16), (1, .float32), (2, .float32), (5, .uint16), (3, .float32),
    ]

    private static func drawn(_ random: inout ImageRandom) -> (PixelShape, SplitPlan) {
        let sides = [1, 1, 2, 3, 17, 31, 61, 64, 96, 127]
        let (bands, format) = pixels.randomElement(using: &random) ?? (3, .uint8)
        let shape = PixelShape(
            sides.randomElement(using: &random) ?? 1, sides.randomElement(using: &random) ?? 1, bands: bands, format)
        let (width, height) = (Int.random(in: 1...50, using: &random), Int.random(in: 1...50, using: &random))
        var plan = SplitPlan(
            mode: .tile, tileWidth: width, tileHeight: height,
            tileOverlapX: Int.random(in: 0...(width - 1) / 2, using: &random),
            tileOverlapY: Int.random(in: 0...(height - 1) / 2, using: &random),
            tilePad: Int.random(in: 0...3, using: &random) == 0)
        plan.tileFile = [nil, .tiff, .auto].randomElement(using: &random) ?? nil
        return (shape, plan)
    }

    @Test(arguments: Container.allCases) func tilesAreTheImage(container: Container) async throws {
        let workshop = try ImageWorkshop()
        for seed in 1...6 as ClosedRange<UInt64> {
            var random = ImageRandom(seed)
            var (shape, plan) = Self.drawn(&random)
            while !container.holds(shape) { (shape, plan) = Self.drawn(&random) }
            let block = PixelBlock.noise(shape, seed: seed)
            let source = try container.put(block, workshop)
            let units = try workshop.split(source, plan)
            // Every tile where tiles are few, else a sample with the corners.
            let chosen = units.count <= 12 ? units : [units[0], units[units.count - 1]] + units.shuffled(using: &random)
            for unit in chosen.prefix(12) {
                let geometry = try TileGeometry(unit)
                let tile = try await workshop.cutDecoded(unit)
                let zero = [UInt8](repeating: 0, count: shape.pixelSize)
                let rect = geometry.rect
                let expected = block.mapped(geometry.tileWidth, geometry.tileHeight) {
                    $0 < rect.width && $1 < rect.height ? block.pixel(rect.x + $0, rect.y + $1) : zero[...]
                }
                #expect(tile.shape.hasSamePixels(as: shape), "seed \(seed)")
                #expect(tile.shape.width == expected.shape.width && tile.bytes == expected.bytes, "seed \(seed)")
            }
        }
    }

    @Test func tilesCoverEveryPixelAndShareNoMoreThanTheOverlap() throws {
        var random = ImageRandom(7)
        for _ in 0..<200 {
            let (shape, plan) = Self.drawn(&random)
            let grid = try TileGrid(imageWidth: shape.width, imageHeight: shape.height, plan: plan)
            var columns = [Int](repeating: 0, count: shape.width)
            var rows = [Int](repeating: 0, count: shape.height)
            for column in 0..<grid.x.count {
                let rect = grid.rect(row: 0, column: column)
                for x in rect.x..<rect.maxX { columns[x] += 1 }
            }
            for row in 0..<grid.y.count {
                let rect = grid.rect(row: row, column: 0)
                for y in rect.y..<rect.maxY { rows[y] += 1 }
            }
            // An overlap of up to half a tile is shared by two.
            #expect(columns.allSatisfy { (1...2).contains($0) } && rows.allSatisfy { (1...2).contains($0) })
            #expect(columns.count { $0 == 2 } == (grid.x.count - 1) * plan.tileOverlapX)
            #expect(rows.count { $0 == 2 } == (grid.y.count - 1) * plan.tileOverlapY)
        }
    }
}
