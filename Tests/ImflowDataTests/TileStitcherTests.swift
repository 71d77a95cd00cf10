import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

@Suite struct TileStitcherTests {
    /// Splits an image, applies `model` to each tile as a model would, and stitches the outputs; a nil output is a
    /// hole.
    private func stitch(
        _ block: PixelBlock, _ split: SplitPlan, _ blend: MergePlan.Blend = .hard, in workshop: ImageWorkshop,
        shuffledBy seed: UInt64? = nil, model: (PixelBlock, TileGeometry) -> PixelBlock? = { tile, _ in tile }
    ) throws -> PixelBlock {
        try workshop.pixels(
            of: workshop.stitch(block, split, .stitch(blend), shuffledBy: seed, model: model))
    }

    @Test func overlapsOfMoreThanHalfATileAreStitchedToo() throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(PixelShape(19, 17), seed: 3)
        for blend in [MergePlan.Blend.hard, .feather] {
            #expect(try stitch(block, .tiles(7, overlap: 5), blend, in: workshop).bytes == block.bytes)
        }
    }

    @Test func theOrderOfUnitsChangesNothing() throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(PixelShape(23, 17), seed: 3)
        for blend in [MergePlan.Blend.hard, .feather] {
            let results = try [nil, 1, 2, 3].map { (seed: UInt64?) in
                try stitch(block, .tiles(8, overlap: 3), blend, in: workshop, shuffledBy: seed) { tile, geometry in
                    // Tiles that disagree where they overlap.
                    PixelBlock(shape: tile.shape, bytes: tile.bytes.map { $0 / 2 &+ UInt8(geometry.index) })
                }.bytes
            }
            #expect(Set(results).count == 1)
        }
    }

    /// A box blur whose window is cut at the image's own border.
    private func blur(_ block: PixelBlock, radius: Int) -> PixelBlock {
        let shape = block.shape
        return block.mapped(shape.width, shape.height) { x, y in
            var sums = [Int](repeating: 0, count: shape.bands)
            var count = 0
            for v in max(0, y - radius)...min(shape.height - 1, y + radius) {
                for u in max(0, x - radius)...min(shape.width - 1, x + radius) {
                    count += 1
                    for (band, value) in block.pixel(u, v).enumerated() { sums[band] += Int(value) }
                }
            }
            return sums.map { UInt8($0 / count) }[...]
        }
    }

    @Test(arguments: [1, 2, 3]) func hardBlendOfAFilterEqualsTheFilterOfTheWhole(radius: Int) throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(PixelShape(61, 43), seed: 8)
        let whole = blur(block, radius: radius)
        for overlap in [2 * radius, 2 * radius + 1] {
            let stitched = try stitch(block, .tiles(16, overlap: overlap), in: workshop) { tile, _ in
                blur(tile, radius: radius)
            }
            #expect(stitched.bytes == whole.bytes)
        }
        let tooLittle = try stitch(block, .tiles(16, overlap: 2 * radius - 1), in: workshop) { tile, _ in
            blur(tile, radius: radius)
        }
        #expect(tooLittle.bytes != whole.bytes)
    }

    @Test func featherRisesLinearlyAcrossTheOverlap() throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.filled(PixelShape(12, 1, bands: 1), with: 9)
        let stitched = try stitch(block, .tiles(8, overlap: 4), .feather, in: workshop) { tile, geometry in
            .filled(tile.shape, with: geometry.index == 0 ? 0 : 200)
        }
        #expect(stitched.bytes == [0, 0, 0, 0, 25, 75, 125, 175, 200, 200, 200, 200])
    }

    @Test func featherKeepsConstants() throws {
        let workshop = try ImageWorkshop()
        for (size, overlap) in [(9, 4), (16, 7), (8, 6)] {
            let block = PixelBlock.filled(PixelShape(53, 31, bands: 3), with: 201)
            #expect(try stitch(block, .tiles(size, overlap: overlap), .feather, in: workshop).bytes == block.bytes)
        }
    }

    @Test(arguments: [MergePlan.Blend.hard, .feather]) func outputsMayBeLargerOrSmaller(blend: MergePlan.Blend) throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(PixelShape(52, 36), seed: 8)
        func doubled(_ block: PixelBlock) -> PixelBlock {
            block.mapped(block.shape.width * 2, block.shape.height * 2) { block.pixel($0 / 2, $1 / 2) }
        }
        func quartered(_ block: PixelBlock) -> PixelBlock {
            block.mapped(block.shape.width / 4, block.shape.height / 4) { block.pixel($0 * 4, $1 * 4) }
        }
        let split = SplitPlan.tiles(16, overlap: 4)
        let large = try stitch(block, split, blend, in: workshop) { tile, _ in doubled(tile) }
        #expect(large.shape.width == 104 && large.bytes == doubled(block).bytes)
        let small = try stitch(block, split, blend, in: workshop) { tile, _ in quartered(tile) }
        #expect(small.shape.width == 13 && small.bytes == quartered(block).bytes)
        // 2 px of the image for 3: a scale that is no whole number either way.
        let third = try stitch(block, .tiles(12, overlap: 4), blend, in: workshop) { tile, _ in
            tile.mapped(tile.shape.width * 3 / 2, tile.shape.height * 3 / 2) { tile.pixel($0 * 2 / 3, $1 * 2 / 3) }
        }
        #expect(third.shape.width == 78 && third.shape.height == 54)
    }

    /// 50 px in tiles of 16 leave 2 px, which a quarter rounds to none or one.
    @Test(arguments: [0, 3]) func borderTilesMayRoundEitherWay(rounding: Int) throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(PixelShape(53, 37, bands: 1), seed: 8)
        func quartered(_ block: PixelBlock) -> PixelBlock {
            block.mapped((block.shape.width + rounding) / 4, (block.shape.height + rounding) / 4) {
                block.pixel($0 * 4, $1 * 4)
            }
        }
        let stitched = try stitch(block, .tiles(16), in: workshop) { tile, _ in quartered(tile) }
        #expect(stitched.bytes == quartered(block).bytes)
    }

    @Test func paddedTilesLoseTheirPadding() throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(PixelShape(21, 10), seed: 4)
        let stitched = try stitch(block, .tiles(16, overlap: 2, pad: true), in: workshop) { tile, _ in
            #expect(tile.shape.width == 16 && tile.shape.height == 16)
            return tile.mapped(32, 32) { tile.pixel($0 / 2, $1 / 2) }
        }
        #expect(stitched.bytes == block.mapped(42, 20) { block.pixel($0 / 2, $1 / 2) }.bytes)
    }

    @Test(arguments: [MergePlan.Blend.hard, .feather]) func holesAreBlackOrTransparent(blend: MergePlan.Blend) throws {
        let workshop = try ImageWorkshop()
        for bands in [3, 4] {
            let block = PixelBlock.filled(PixelShape(24, 8, bands: bands), with: 255)
            let stitched = try stitch(block, .tiles(8), blend, in: workshop) { tile, geometry in
                geometry.index == 1 ? nil : tile
            }
            let zero = [UInt8](repeating: 0, count: bands)
            #expect(
                stitched.bytes
                    == block.mapped(24, 8) { x, y in (8..<16).contains(x) ? zero[...] : block.pixel(x, y) }.bytes)
        }
    }

    @Test func featherFillsWhatNeighboursShowOfAHole() throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.filled(PixelShape(14, 1, bands: 1), with: 90)
        let stitched = try stitch(block, .tiles(6, overlap: 2), .feather, in: workshop) { tile, geometry in
            geometry.index == 1 ? nil : tile
        }
        #expect(stitched.bytes == [90, 90, 90, 90, 90, 90, 0, 0, 90, 90, 90, 90, 90, 90])
    }

    @Test func namesTheUnitsThatDoNotAgree() throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(PixelShape(32, 8), seed: 4)
        func message(_ model: @escaping (PixelBlock, TileGeometry) -> PixelBlock?) throws -> String {
            let failure = try imageFailure { _ = try stitch(block, .tiles(8), in: workshop, model: model) }
            #expect(failure.cause == .app)
            return failure.message
        }
        let bands = try message { tile, geometry in
            geometry.index == 2 ? .filled(PixelShape(8, 8, bands: 1), with: 0) : tile
        }
        #expect(bands.contains("unit 0") && bands.contains("unit 2") && bands.contains("1 band of uint8"))
        let size = try message { tile, geometry in
            geometry.index == 3 ? .filled(PixelShape(9, 8), with: 0) : tile
        }
        #expect(size.contains("unit 3") && size.contains("9 px"))
        let none = try message { _, _ in nil }
        #expect(none.contains("no tile has an output"))
        let step = try imageFailure {
            _ = try stitch(block, .tiles(8, overlap: 1), in: workshop) { tile, _ in
                tile.mapped((tile.shape.width + 3) / 4, 2) { tile.pixel($0 * 4, $1 * 4) }
            }
        }
        #expect(step.message.contains("multiples of 4"))
    }

    @Test func namesAnOutputThatIsNoImage() throws {
        let workshop = try ImageWorkshop()
        let source = try workshop.putTIFF(.noise(PixelShape(8, 8), seed: 1))
        let units = try TileSplitter.split(source: source, key: "k", plan: .tiles(8), content: workshop.content)
        let text = try workshop.put(Array("no image".utf8), as: "out.png")
        let failure = try imageFailure {
            _ = try TileStitcher.stitch(
                outputs: [(units[0], text)], plan: MergePlan(), split: .tiles(8), content: workshop.content)
        }
        #expect(failure.cause == .app && failure.message.contains("unit 0") && failure.message.contains("out.png"))
    }

    @Test func findsTheImageInAResult() throws {
        let text = "cas://sha256/" + String(repeating: "a", count: 64) + "/out.png"
        let unit = Unit(geometry: ["index": 4], set: [:])
        let reference = ContentReference(text)
        #expect(try TileStitcher.image(in: .string(text), of: unit) == reference)
        #expect(try TileStitcher.image(in: ["image": .string(text), "ms": 3], of: unit) == reference)
        for result: JSONValue in [
            3, "file:///tmp/a.png", [:], ["a": .string(text), "b": .string(text)], [.string(text)],
        ] {
            let failure = try imageFailure { _ = try TileStitcher.image(in: result, of: unit) }
            #expect(failure.cause == .app && failure.message.contains("unit 4"))
        }
    }
}
