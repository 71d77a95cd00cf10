import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

@Suite struct TileSplitterTests {
    @Test func countsTiles() throws {
        #expect(try TileGrid(imageWidth: 20_000, imageHeight: 20_000, plan: .tiles(512)).count == 1600)
        #expect(try TileGrid(imageWidth: 1, imageHeight: 1, plan: .tiles(512, overlap: 511)).count == 1)
        #expect(try TileGrid(imageWidth: 512, imageHeight: 513, plan: .tiles(512)).count == 2)
        // 448 px of step: the second tile ends at 960, so 960 px need two and 961 px three.
        #expect(try TileGrid(imageWidth: 960, imageHeight: 1, plan: .tiles(512, overlap: 64)).count == 2)
        #expect(try TileGrid(imageWidth: 961, imageHeight: 1, plan: .tiles(512, overlap: 64)).count == 3)
    }

    @Test func tilesCoverTheSideAndNoneIsNeedless() throws {
        var random = ImageRandom(1)
        for _ in 0..<2000 {
            let tile = Int.random(in: 1...40, using: &random)
            let axis = try TileAxis(
                length: Int.random(in: 1...200, using: &random), tile: tile,
                overlap: Int.random(in: 0..<tile, using: &random), name: "width")
            let last = axis.count - 1
            #expect(axis.start(last) + axis.extent(last) == axis.length)
            for index in 0..<last {
                #expect(axis.extent(index) == tile)
                #expect(axis.start(index + 1) - axis.start(index) == tile - axis.overlap)
            }
            if last > 0 { #expect(axis.start(last - 1) + tile < axis.length) }
        }
    }

    @Test func listsUnitsRowByRow() throws {
        let workshop = try ImageWorkshop()
        let source = try workshop.putTIFF(.noise(PixelShape(5, 3), seed: 1))
        let units = try TileSplitter.split(
            source: source, key: "image_url", plan: .tiles(3, overlap: 1), content: workshop.content)
        let geometry: [JSONValue] = [
            [
                "index": 0, "x": 0, "y": 0, "width": 3, "height": 3, "row": 0, "column": 0, "image_width": 5,
                "image_height": 3,
            ],
            [
                "index": 1, "x": 2, "y": 0, "width": 3, "height": 3, "row": 0, "column": 1, "image_width": 5,
                "image_height": 3,
            ],
        ]
        #expect(units.map { JSONValue.object($0.geometry) } == geometry)
        for unit in units {
            #expect(unit.tile?.key == "image_url")
            #expect(unit.tile?.source == source.text)
            #expect(Unit(unit.json) == unit)
        }
    }

    @Test func paddedTilesTellTheirFullSize() throws {
        let workshop = try ImageWorkshop()
        let source = try workshop.putTIFF(.noise(PixelShape(5, 3), seed: 1))
        let units = try TileSplitter.split(
            source: source, key: "k", plan: .tiles(3, pad: true), content: workshop.content)
        #expect(units[0].geometry["tile_width"] == nil)
        #expect(units[1].geometry["width"] == 2)
        #expect(units[1].geometry["tile_width"] == 3)
        #expect(units[1].geometry["tile_height"] == 3)
    }

    @Test(arguments: [false, true]) func convertsWhatCannotBeReadAtRandom(packs: Bool) async throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(PixelShape(37, 29), seed: 7)
        var fixture = TIFFFixture(block)
        fixture.packs = true
        let source = packs ? try workshop.put(fixture.bytes, as: "scan.tiff") : try workshop.put(block)
        let first = try await workshop.sources.file(source)
        #expect(first.hash != source.hash)
        #expect(first.name == (packs ? "scan.tif" : "block.tif"))
        #expect(try workshop.pixels(of: first).bytes == block.bytes)
        let again = try await TileSources(content: workshop.content).file(source)
        #expect(again == first)
    }

    @Test func takesTIFFAsItIsWhenTilesCanBeCutFromIt() async throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(PixelShape(37, 29), seed: 7)
        var tiled = TIFFFixture(block)
        tiled.tile = (16, 16)
        var packed = tiled
        packed.packs = true
        for fixture in [TIFFFixture(block), tiled, packed] {
            let source = try workshop.put(fixture.bytes, as: "a.tif")
            #expect(try await workshop.sources.file(source) == source)
        }
    }

    /// The upright place of stored pixels by the EXIF standard, table 3 of its orientation tag: where row 0 and column
    /// 0 show.
    @Test(arguments: 1...8, [true, false]) func turnsImagesUpright(orientation: Int, packs: Bool) async throws {
        let workshop = try ImageWorkshop()
        let stored = PixelBlock.noise(PixelShape(5, 3), seed: 3)
        var fixture = TIFFFixture(stored)
        fixture.orientation = orientation
        fixture.packs = packs
        let (w, h) = (5, 3)
        let upright: PixelBlock =
            switch orientation {
            case 2: stored.mapped(w, h) { stored.pixel(w - 1 - $0, $1) }
            case 3: stored.mapped(w, h) { stored.pixel(w - 1 - $0, h - 1 - $1) }
            case 4: stored.mapped(w, h) { stored.pixel($0, h - 1 - $1) }
            case 5: stored.mapped(h, w) { stored.pixel($1, $0) }
            case 6: stored.mapped(h, w) { stored.pixel($1, h - 1 - $0) }
            case 7: stored.mapped(h, w) { stored.pixel(w - 1 - $1, h - 1 - $0) }
            case 8: stored.mapped(h, w) { stored.pixel(w - 1 - $1, $0) }
            default: stored
            }
        let source = try workshop.put(fixture.bytes, as: "photo.tif")
        let units = try workshop.split(source, .tiles(2))
        let image = try await workshop.sources.file(source)
        #expect(try workshop.pixels(of: image).bytes == (orientation == 1 ? stored : upright).bytes)
        #expect(units[0].geometry["image_width"]?.intValue == upright.shape.width)
        let corner = try await workshop.cutDecoded(units[0])
        #expect(corner.bytes == upright.cropped(PixelRect(x: 0, y: 0, width: 2, height: 2)).bytes)
    }

    @Test func refusesWhatIsNoImage() throws {
        let workshop = try ImageWorkshop()
        let inputs: [(name: String, bytes: [UInt8])] = [
            ("empty.png", []), ("nul.png", [0]), ("letter.txt", Array("Dear Sir, not an image.".utf8)),
            ("table.csv", Array("1,2\n3,4\n".utf8)), ("matrix.mat", Array("2 2\n1 2\n3 4\n".utf8)),
            ("drawing.svg", Array("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>".utf8)),
            ("head.tif", [0x49, 0x49, 42, 0]), ("nowhere.tif", [0x49, 0x49, 42, 0, 0xFF, 0xFF, 0xFF, 0x7F]),
            ("head.png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), ("head.jpg", [0xFF, 0xD8, 0xFF, 0xE0]),
        ]
        for (name, bytes) in inputs {
            let source = try workshop.put(bytes, as: name)
            let failure = try imageFailure {
                _ = try TileSplitter.split(source: source, key: "k", plan: .tiles(8), content: workshop.content)
            }
            #expect(failure.cause == .app)
            #expect(failure.message.hasPrefix(name), "\(failure.message)")
            #expect(!failure.message.contains("\n"))
        }
    }

    @Test func refusesTruncatedFiles() async throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(PixelShape(200, 150), seed: 5)
        let png = try workshop.content.read(try workshop.put(block).hash, limit: 1 << 20)
        var packed = TIFFFixture(block)
        packed.packs = true
        // The directory comes first in files that we write, so that the header of a cut one is whole.
        let strips = try workshop.content.read(try workshop.putTIFF(block).hash, limit: 1 << 20)
        for (name, bytes) in [("cut.png", png), ("cut.tif", strips)] {
            for share in [0.3, 0.6, 0.99] {
                let source = try workshop.put(Array(bytes.prefix(Int(Double(bytes.count) * share))), as: name)
                let failure = try await imageFailure {
                    for unit in try workshop.split(source, .tiles(40)) { _ = try await workshop.cutDecoded(unit) }
                }
                #expect(failure.cause == .app)
                #expect(failure.message.hasPrefix(name) && failure.message.contains("truncated"), "\(failure.message)")
            }
        }
        var damaged = packed.bytes
        for index in 8..<2000 { damaged[index] = 0x80 }
        let source = try workshop.put(damaged, as: "damaged.tif")
        let failure = try await imageFailure {
            for unit in try workshop.split(source, .tiles(40)) { _ = try await workshop.cutDecoded(unit) }
        }
        #expect(failure.cause == .app && failure.message.hasPrefix("damaged.tif"))
    }

    @Test func refusesSizesBeyondTheLimits() throws {
        let workshop = try ImageWorkshop()
        func failure(_ width: Int, _ height: Int, tile: Int = 512, packs: Bool = false) throws -> Failure {
            var fixture = TIFFFixture(.noise(PixelShape(4, 3, bands: 1), seed: 1))
            (fixture.declaredWidth, fixture.declaredHeight, fixture.packs) = (width, height, packs)
            let source = try workshop.put(fixture.bytes, as: "huge.tif")
            return try imageFailure {
                _ = try TileSplitter.split(source: source, key: "k", plan: .tiles(tile), content: workshop.content)
            }
        }
        // 2^40 px, 0 px, a side too long; and a PNG that declares 2^20 × 2^20 px.
        for packs in [false, true] {
            for (width, height) in [(1 << 20, 1 << 20), (0, 5), (5, 0), (4_000_000_000, 2), (2, 10_000_001)] {
                let failure = try failure(width, height, packs: packs)
                #expect(failure.cause == .app && failure.message.hasPrefix("huge.tif"), "\(failure.message)")
            }
        }
        var header: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]
        header += [0, 0x10, 0, 0, 0, 0x10, 0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0]
        let source = try workshop.put(header, as: "bomb.png")
        let bomb = try imageFailure {
            _ = try TileSplitter.split(source: source, key: "k", plan: .tiles(512), content: workshop.content)
        }
        #expect(bomb.cause == .app && bomb.message.hasPrefix("bomb.png"))
    }

    @Test func refusesTilesThatCannotBe() throws {
        let workshop = try ImageWorkshop()
        let source = try workshop.putTIFF(.noise(PixelShape(40, 30), seed: 5))
        for (plan, word) in [
            (SplitPlan.tiles(0), "at least 1 px"), (.tiles(-4), "at least 1 px"),
            (.tiles(8, overlap: 8), "tile_overlap"),
            (.tiles(8, overlap: -1), "tile_overlap"), (.tiles(100_000, pad: true), "tile_size"),
        ] {
            let failure = try imageFailure {
                _ = try TileSplitter.split(source: source, key: "k", plan: plan, content: workshop.content)
            }
            #expect(failure.cause == .app && failure.message.contains(word), "\(failure.message)")
        }
        let many = try imageFailure { _ = try TileGrid(imageWidth: 20_000, imageHeight: 20_000, plan: .tiles(9)) }
        #expect(many.message.contains("units"))
    }

    @Test func namesAMissingSource() throws {
        let workshop = try ImageWorkshop()
        let hash = try #require(ContentHash(hex: String(repeating: "a", count: 64)))
        let failure = try imageFailure {
            _ = try TileSplitter.split(
                source: ContentReference(hash: hash, name: "gone.png"), key: "k", plan: .tiles(8),
                content: workshop.content)
        }
        #expect(failure.cause == .infra && failure.message.contains("gone.png"))
    }
}
