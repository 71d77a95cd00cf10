import ImflowContent
import ImflowExecution
import ImflowPlan
import Testing

@testable import ImflowData

/// Label maps: objects that seams cut are one again, and numbered by their first pixel.
@Suite struct StitchLabelTests {
    private static let formats: [SampleFormat] = [.uint8, .uint16, .uint32, .int32]

    /// Stitches the label maps that `model` makes of the tiles of `map`.
    private func stitch(
        _ map: LabelMap, _ split: SplitPlan, shuffledBy seed: UInt64? = nil,
        model: (LabelMap, TileGeometry) throws -> PixelBlock?
    ) throws -> LabelMap {
        let workshop = try ImageWorkshop()
        let reference = try workshop.stitch(map.block(), split, .stitch(content: .labels), shuffledBy: seed) {
            try model(LabelMap($0), $1)
        }
        let block = try workshop.pixels(of: reference)
        #expect(block.shape.format == .uint32 && block.shape.bands == 1)
        return LabelMap(block)
    }

    private func drawnSplit(_ map: LabelMap, _ random: inout ImageRandom, leastOverlap: Int) -> SplitPlan {
        let width = Int.random(in: max(4, map.width / 4)...16, using: &random)
        let height = Int.random(in: max(4, map.height / 4)...16, using: &random)
        return SplitPlan(
            mode: .tile, tileWidth: width, tileHeight: height,
            tileOverlapX: Int.random(in: leastOverlap...max(leastOverlap, width / 2), using: &random),
            tileOverlapY: Int.random(in: leastOverlap...max(leastOverlap, height / 2), using: &random),
            tilePad: Bool.random(using: &random))
    }

    /// A model that finds connected parts finds those of the whole image, whatever winds across how many seams.
    @Test(arguments: 1...24) func connectedPartsOfTilesAreThoseOfTheImage(seed: Int) throws {
        var random = ImageRandom(UInt64(seed))
        let density = Int.random(in: 30...75, using: &random)
        let noise = LabelMap(Int.random(in: 1...40, using: &random), Int.random(in: 1...40, using: &random)) { _, _ in
            Int.random(in: 0..<100, using: &random) < density ? 1 : 0
        }
        let isDiagonal = seed % 2 == 0
        let split = drawnSplit(noise, &random, leastOverlap: 1)
        let found = try stitch(noise, split, shuffledBy: UInt64(seed)) { tile, geometry in
            // Numbers that say nothing, from tile to tile of another width.
            let parts = tile.components(diagonals: isDiagonal)
            let most = Int(parts.labels.max() ?? 0)
            let turned = LabelMap(tile.width, tile.height) { x, y in
                parts[x, y] == 0 ? 0 : most + geometry.index % 3 + 1 - Int(parts[x, y])
            }
            return turned.block(Self.formats[geometry.index % 4])
        }
        #expect(found == noise.components(diagonals: isDiagonal))
    }

    /// Connected cells that touch each other everywhere.
    private func cells(_ width: Int, _ height: Int, _ random: inout ImageRandom) -> LabelMap {
        let centres = (1...12).map { _ in
            (Int.random(in: 0..<width, using: &random), Int.random(in: 0..<height, using: &random))
        }
        return LabelMap(width, height) { x, y in
            let distances = centres.map { ($0.0 - x) * ($0.0 - x) + ($0.1 - y) * ($0.1 - y) }
            return (distances.firstIndex(of: distances.min() ?? 0) ?? 0) + 1
        }.components()
    }

    @Test(arguments: 1...12) func objectsThatTouchStayApart(seed: Int) throws {
        var random = ImageRandom(UInt64(seed))
        let truth = cells(45, 37, &random)
        let split = drawnSplit(truth, &random, leastOverlap: 2)
        let found = try stitch(truth, split) { tile, _ in tile.canonical.block(.uint8) }
        #expect(found == truth.canonical)
    }

    @Test(arguments: [1, 2, 3]) func numbersOfTilesAndTheirOrderMeanNothing(seed: UInt64) throws {
        var random = ImageRandom(seed)
        let truth = cells(33, 29, &random)
        let found = try stitch(truth, .tiles(9, overlap: 3), shuffledBy: seed) { tile, _ in
            let order = (1...64).shuffled(using: &random)
            return LabelMap(tile.width, tile.height) { order[Int(tile[$0, $1]) - 1] * 1000 }.block(.uint16)
        }
        #expect(found == truth.canonical)
    }

    /// Boxes that keep a distance, and tiles that only meet.
    @Test(arguments: 1...6) func withoutOverlapWhatFacesEachOtherIsJoined(seed: Int) throws {
        var random = ImageRandom(UInt64(seed))
        let (stepX, stepY) = (Int.random(in: 4...9, using: &random), Int.random(in: 4...9, using: &random))
        let truth = LabelMap(50, 41) { x, y in
            x % stepX == 0 || y % stepY == 0 ? 0 : (y / stepY) * 50 + x / stepX + 1
        }
        let found = try stitch(truth, .tiles(Int.random(in: 9...17, using: &random))) { tile, _ in
            tile.canonical.block(.uint16)
        }
        #expect(found == truth.canonical)
    }

    @Test func withoutOverlapACommonCornerJoinsNothing() throws {
        // Two bars that pass each other at the seam x = 8, and share the contact of one pixel out of five.
        let truth = LabelMap(16, 9) { x, y in x < 8 ? (y < 5 ? 1 : 0) : (y >= 4 ? 2 : 0) }
        let found = try stitch(truth, .tiles(8)) { tile, _ in tile.canonical.block(.uint8) }
        #expect(found[7, 4] == 1 && found[8, 4] == 2)
        // With three of five they are taken for one.
        let close = LabelMap(16, 9) { x, y in x < 8 ? (y < 5 ? 1 : 0) : ((2..<7).contains(y) ? 2 : 0) }
        let joined = try stitch(close, .tiles(8)) { tile, _ in tile.canonical.block(.uint8) }
        #expect(joined[0, 0] == 1 && joined[15, 5] == 1)
    }

    /// Two cells touch near the seam, and the tiles do not agree where: they stay two.
    @Test func tilesThatDisagreeOnABorderByAPixelDoNotJoinTheCells() throws {
        let found = try stitch(LabelMap(20, 10) { _, _ in 0 }, .tiles(12, overlap: 4)) { tile, geometry in
            let border = geometry.column == 0 ? 11 : 10
            return LabelMap(tile.width, tile.height) { x, _ in x + geometry.rect.x < border ? 1 : 2 }.block(.uint8)
        }
        #expect(Set(found.labels) == [1, 2])
        #expect(found[9, 0] == 1 && found[10, 0] == 2)
    }

    @Test func whatOneTileSplitsTheOtherHoldsTogether() throws {
        let found = try stitch(LabelMap(20, 10) { _, _ in 0 }, .tiles(12, overlap: 4)) { tile, geometry in
            LabelMap(tile.width, tile.height) { _, y in geometry.column == 0 && y >= 5 ? 2 : 1 }.block(.uint8)
        }
        #expect(Set(found.labels) == [1])
    }

    @Test func outputsMayBeLargerOrSmaller() throws {
        let truth = LabelMap(48, 40) { x, y in x / 10 + y / 10 * 5 + 1 }
        let split = SplitPlan.tiles(16, overlap: 8)
        let large = try stitch(truth, split) { tile, _ in
            LabelMap(tile.width * 2, tile.height * 2) { Int(tile[$0 / 2, $1 / 2]) }.block(.uint8)
        }
        #expect(large == LabelMap(96, 80) { Int(truth[$0 / 2, $1 / 2]) }.canonical)
        let small = try stitch(truth, split) { tile, _ in
            LabelMap(tile.width / 4, tile.height / 4) { Int(tile[$0 * 4, $1 * 4]) }.block(.uint8)
        }
        #expect(small == LabelMap(12, 10) { Int(truth[$0 * 4, $1 * 4]) }.canonical)
    }

    @Test func holesAreBackgroundAndPartWhatLedThroughThem() throws {
        let bar = LabelMap(24, 4) { _, y in y == 1 ? 1 : 0 }
        let found = try stitch(bar, .tiles(8)) { tile, geometry in geometry.index == 1 ? nil : tile.block(.uint8) }
        #expect(found == LabelMap(24, 4) { x, y in y != 1 || (8..<16).contains(x) ? 0 : x < 8 ? 1 : 2 })
    }

    @Test func nothingToSeeIsAllBackground() throws {
        let found = try stitch(LabelMap(9, 9) { _, _ in 0 }, .tiles(4, overlap: 1)) { tile, _ in tile.block(.uint8) }
        #expect(found.labels.allSatisfy { $0 == 0 })
    }

    @Test func namesTheUnitWhoseOutputIsNoLabelMap() throws {
        func message(_ output: @escaping (LabelMap) -> PixelBlock) throws -> String {
            let failure = try imageFailure {
                _ = try stitch(LabelMap(16, 8) { _, _ in 1 }, .tiles(8)) { tile, geometry in
                    geometry.index == 1 ? output(tile) : tile.block(.uint8)
                }
            }
            #expect(failure.cause == .app && failure.message.contains("unit 1"))
            return failure.message
        }
        #expect(try message { _ in .noise(PixelShape(8, 8, bands: 1, .float32), seed: 1) }.contains("float32"))
        #expect(try message { _ in .noise(PixelShape(8, 8), seed: 1) }.contains("3 bands"))
        #expect(try message { _ in .filled(PixelShape(8, 8, bands: 1, .int16), with: 255) }.contains("negative"))
        #expect(try message { _ in .filled(PixelShape(7, 8, bands: 1), with: 1) }.contains("7 px"))
    }
}
