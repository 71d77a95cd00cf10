import Glibc
import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

@Suite struct TileCutterTests {
    static let shapes = [
        PixelShape(37, 29, bands: 1), PixelShape(37, 29, bands: 2), PixelShape(37, 29), PixelShape(37, 29, bands: 4),
        PixelShape(37, 29, bands: 1, .uint16), PixelShape(37, 29, bands: 4, .uint16), PixelShape(37, 29, bands: 5),
        PixelShape(37, 29, bands: 2, .int16), PixelShape(37, 29, bands: 1, .float32),
        PixelShape(37, 29, bands: 3, .float64),
        PixelShape(37, 29, bands: 1, .complex64), PixelShape(37, 29, bands: 1, .uint32),
    ]

    @Test(arguments: shapes) func cutsTheSourcesOwnPixels(shape: PixelShape) async throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(shape, seed: 11)
        let source = try workshop.put(block)
        let plan = SplitPlan(
            mode: .tile, tileWidth: 16, tileHeight: 11, tileOverlapX: 5, tileOverlapY: 2)
        let units = try TileSplitter.split(source: source, key: "k", plan: plan, content: workshop.content)
        #expect(units.count == 3 * 3)
        for unit in units {
            let rect = try TileGeometry(unit).rect
            let tile = try await workshop.cutDecoded(unit)
            #expect(tile.shape.hasSamePixels(as: shape))
            #expect(tile.bytes == block.cropped(rect).bytes)
        }
    }

    @Test(arguments: [false, true], [false, true]) func readsTilesOfOtherPrograms(packs: Bool, bigEndian: Bool) async throws {
        let workshop = try ImageWorkshop()
        for shape in [PixelShape(50, 41), PixelShape(50, 41, bands: 1, .uint16)] {
            let block = PixelBlock.noise(shape, seed: 12)
            for tile in [nil, (width: 16, height: 32)] {
                var fixture = TIFFFixture(block)
                (fixture.tile, fixture.packs, fixture.bigEndian) = (tile, packs, bigEndian)
                let source = try workshop.put(fixture.bytes, as: "other.tif")
                let units = try TileSplitter.split(
                    source: source, key: "k", plan: .tiles(20, overlap: 3), content: workshop.content)
                for unit in units {
                    let rect = try TileGeometry(unit).rect
                    #expect(try await workshop.cutDecoded(unit).bytes == block.cropped(rect).bytes)
                }
            }
        }
    }

    @Test func equalPixelsAreEqualBytes() async throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(PixelShape(30, 30), seed: 4)
        var files: Set<[UInt8]> = []
        for (round, source) in [try workshop.put(block), try workshop.putTIFF(block), try workshop.put(block)]
            .enumerated()
        {
            let units = try TileSplitter.split(
                source: source, key: "k", plan: .tiles(16), content: workshop.content)
            let name = try await TileCutter(sources: workshop.sources)
                .cut(units[3], into: workshop.folder, named: "t\(round)")
            #expect(name == "t\(round).png")
            let hash = try workshop.content.put(fileAt: workshop.folder + "/" + name, moving: true).hash
            files.insert(try workshop.content.read(hash, limit: 1 << 20))
        }
        #expect(files.count == 1)
    }

    @Test func padsWithZerosAndKeepsCoordinates() async throws {
        let workshop = try ImageWorkshop()
        for bands in [3, 4] {
            let block = PixelBlock.noise(PixelShape(21, 10, bands: bands), seed: 4)
            let source = try workshop.put(block)
            let units = try TileSplitter.split(
                source: source, key: "k", plan: .tiles(16, overlap: 4, pad: true), content: workshop.content)
            #expect(units.count == 2)
            let tile = try await workshop.cutDecoded(units[1])
            let zero = [UInt8](repeating: 0, count: bands)
            let expected = block.mapped(16, 16) { $0 < 9 && $1 < 10 ? block.pixel(12 + $0, $1) : zero[...] }
            #expect(tile.bytes == expected.bytes)
        }
    }

    @Test func makesReadOnlyFiles() async throws {
        let workshop = try ImageWorkshop()
        for format in [SampleFormat.uint8, .float32] {
            let source = try workshop.put(.noise(PixelShape(4, 4, bands: 1, format), seed: 1))
            let units = try TileSplitter.split(
                source: source, key: "k", plan: .tiles(4), content: workshop.content)
            let name = try await TileCutter(sources: workshop.sources)
                .cut(units[0], into: workshop.folder, named: "tile")
            #expect(name == (format == .uint8 ? "tile.png" : "tile.tif"))
            var status = stat()
            try #require(stat(workshop.folder + "/" + name, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o444)
        }
    }

    @Test func refusesUnitsThatAreNotOfTheSource() async throws {
        let workshop = try ImageWorkshop()
        let source = try workshop.putTIFF(.noise(PixelShape(8, 8), seed: 1))
        let units = try TileSplitter.split(source: source, key: "k", plan: .tiles(4), content: workshop.content)
        var outside = units[3]
        outside.geometry["x"] = 6
        outside.geometry["image_width"] = 10
        var huge = units[3]
        huge.geometry["width"] = .int(.max)
        var negative = units[3]
        negative.geometry["y"] = -1
        var sourceless = units[3]
        sourceless.tile = nil
        for unit in [outside, huge, negative, sourceless] {
            let failure = try await imageFailure {
                _ = try await TileCutter(sources: workshop.sources).cut(unit, into: workshop.folder, named: "t")
            }
            #expect(failure.cause == .app && failure.message.contains("unit 3"))
        }
    }

    @Test func cutsOnManyThreadsAtOnce() async throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(PixelShape(128, 128), seed: 9)
        var fixture = TIFFFixture(block)
        (fixture.tile, fixture.packs) = ((32, 32), true)
        let source = try workshop.put(fixture.bytes, as: "a.tif")
        let units = try TileSplitter.split(source: source, key: "k", plan: .tiles(16), content: workshop.content)
        let (cutter, folder) = (TileCutter(sources: workshop.sources), workshop.folder)
        let names = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for unit in units {
                group.addTask {
                    (unit.index, try await cutter.cut(unit, into: folder, named: "tile-\(unit.index)"))
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(names.count == 64)
        for unit in units {
            let name = try #require(names[unit.index])
            #expect(
                try workshop.pixels(at: folder + "/" + name).bytes == block.cropped(try TileGeometry(unit).rect).bytes)
        }
    }
}
