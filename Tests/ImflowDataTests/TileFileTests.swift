import FoundationEssentials
import Glibc
import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

/// What a model finds in its work folder, by `tile_file`.
@Suite struct TileFileTests {
    private let room: DataRoom
    private let workshop: ImageWorkshop

    init() throws {
        room = try DataRoom()
        workshop = try ImageWorkshop()
    }

    /// A file of the job's, and what it holds.
    private func page(
        _ block: PixelBlock, orientation: Int = 1, packs: Bool = false, named name: String
    ) throws -> JSONValue {
        let path = room.path + "/" + name
        if name.hasSuffix(".png") {
            try VipsImage.writePNG(block, to: path)
        } else {
            var fixture = TIFFFixture(block)
            (fixture.orientation, fixture.packs) = (orientation, packs)
            try Data(fixture.bytes).write(to: URL(filePath: path))
        }
        return .string("file://" + path)
    }

    private func staged(_ plan: SplitPlan, _ url: JSONValue, unit index: Int) async throws -> (unit: Unit, path: String) {
        let (_, shards) = try await room.split(["image_url": url], plan)
        let unit = Array(shards.joined())[index]
        let folder = workshop.path("work")
        try #require(mkdir(folder, 0o700) == 0)
        let input = try await room.staging.stage(StagedUnit(input: [:], unit: unit), into: folder, guestFolder: "/g")
        let text = try #require(input["image_url"]?.stringValue)
        try #require(text.hasPrefix("file:///g/"))
        let path = folder + "/" + text.dropFirst("file:///g/".count)
        var status = stat()
        try #require(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o444)
        return (unit, path)
    }

    private func plan(_ file: TileFile?, pad: Bool = false) -> SplitPlan {
        var plan = SplitPlan.tiles(8, pad: pad)
        plan.tileFile = file
        return plan
    }

    @Test(arguments: [(nil, "png"), (.auto, "png"), (.png, "png"), (.tiff, "tif")] as [(TileFile?, String)])
    func aTileIsAFileOfItsOwn(file: TileFile?, suffix: String) async throws {
        let block = PixelBlock.noise(PixelShape(20, 12), seed: 1)
        let url = try page(block, named: "page.png")
        let (unit, path) = try await staged(plan(file), url, unit: 4)
        #expect(path.hasSuffix("/tile-4.\(suffix)"))
        #expect(try workshop.pixels(at: path).bytes == block.cropped(try TileGeometry(unit).rect).bytes)
    }

    @Test func bySourceTheWholeImageIsLaidThere() async throws {
        let block = PixelBlock.noise(PixelShape(20, 12), seed: 2)
        // A TIFF of which rectangles can be read is that file; of all else one is made.
        let plain = try page(block, named: "scan.tiff")
        let own = try await staged(plan(.source), plain, unit: 5)
        #expect(own.path.hasSuffix("/scan.tiff"))
        #expect(try Data(contentsOf: URL(filePath: own.path)) == Data(contentsOf: URL(filePath: room.path + "/scan.tiff")))
        #expect(own.unit.geometry["x"] == 16 && own.unit.geometry["y"] == 8)
        for (url, name) in [
            (try page(block, named: "scan.png"), "scan.tif"), (try page(block, packs: true, named: "packed.tif"), "packed.tif"),
        ] {
            let (_, path) = try await staged(plan(.source, pad: true), url, unit: 0)
            #expect(path.hasSuffix("/" + name))
            #expect(try workshop.pixels(at: path).bytes == block.bytes)
        }
    }

    /// The geometry is that of the upright image, and so must the file be.
    @Test func bySourceTheImageIsUpright() async throws {
        let block = PixelBlock.noise(PixelShape(20, 12), seed: 3)
        let (unit, path) = try await staged(plan(.source), try page(block, orientation: 6, named: "photo.tif"), unit: 1)
        let upright = try workshop.pixels(at: path)
        #expect(upright.bytes == block.mapped(12, 20) { block.pixel($1, 11 - $0) }.bytes)
        #expect(unit.geometry["image_width"] == 12 && unit.geometry["image_height"] == 20)
    }

    @Test func aPNGThatCannotHoldThePixelsIsRefusedBySplit() async throws {
        let url = try page(.noise(PixelShape(9, 9, bands: 5), seed: 1), named: "bands.tif")
        let refused = await failure { _ = try await room.split(["image_url": url], plan(.png)) }
        #expect(refused?.cause == .app)
        #expect(refused?.message.contains("bands.tif, 5 bands of uint8") == true, "\(refused?.message ?? "")")
        #expect(refused?.message.contains("tiff") == true)
    }

    /// Whose results are shared must have seen the same files.
    @Test func unitsSayWhatTheModelGets() throws {
        let source = try workshop.put(.noise(PixelShape(9, 9), seed: 1))
        var seen: Set<String> = []
        for file in [nil, TileFile.png, .tiff, .source] {
            let unit = try #require(try workshop.split(source, plan(file)).first)
            #expect(Unit(unit.json) == unit && Unit(unit.json)?.tileFile == file)
            seen.insert(unit.json.text)
        }
        #expect(seen.count == 4)
    }
}
