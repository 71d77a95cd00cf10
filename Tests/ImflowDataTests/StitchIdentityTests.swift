import ImflowContent
import ImflowPlan
import Testing

@testable import ImflowData

/// Stitching what was split gives the image, byte for byte: its pixels and, since equal pixels are equal bytes, its
/// file.
@Suite struct StitchIdentityTests {
    private static let sides = [1, 2, 3, 7, 13, 31, 47, 61, 64, 97]
    private static let formats: [(Int, SampleFormat)] = [
        (1, .uint8), (3, .uint8), (4, .uint8), (2, .uint16), (3, .uint16), (1, .float32), (6, .uint8), (1, .int16),
        (2, .float64), (1, .int32), (1, .complex64), (2, .int8), (1, .uint32), (5, .uint16), (2, .uint8),
    ]

    private func draw(_ seed: Int) -> (PixelBlock, SplitPlan) {
        var random = ImageRandom(UInt64(seed))
        let (bands, format) = Self.formats[seed % Self.formats.count]
        let shape = PixelShape(
            Self.sides.randomElement(using: &random) ?? 1, Self.sides.randomElement(using: &random) ?? 1, bands: bands,
            format)
        // Some dozen tiles at most.
        let width = Int.random(in: max(3, shape.width / 4)...32, using: &random)
        let height = Int.random(in: max(3, shape.height / 4)...32, using: &random)
        let split = SplitPlan(
            mode: .tile, tileWidth: width, tileHeight: height,
            tileOverlapX: Int.random(in: 0..<width, using: &random) * 2 / 3,
            tileOverlapY: Int.random(in: 0..<height, using: &random) / 2, tilePad: seed % 4 == 0)
        return (.noise(shape, seed: UInt64(seed)), split)
    }

    @Test(arguments: 1...40) func stitchingWhatWasSplitGivesTheFile(seed: Int) throws {
        let workshop = try ImageWorkshop()
        let (block, split) = draw(seed)
        let source = try workshop.putTIFF(block)
        for blend in [MergePlan.Blend.hard, .feather] {
            let stitched = try workshop.stitch(block, split, .stitch(blend), shuffledBy: UInt64(seed))
            #expect(stitched.hash == source.hash, "\(block.shape) by \(split.tileWidth), \(blend)")
        }
    }

    @Test(arguments: [1, 2, 3, 4, 16, 17, 32, 47]) func asPNG(seed: Int) throws {
        let workshop = try ImageWorkshop()
        let (block, split) = draw(seed)
        #expect(block.shape.fitsPNG)
        let stitched = try workshop.stitch(block, split, .stitch(format: .png))
        #expect(stitched.name == "stitched.png")
        let found = try workshop.decoded(at: workshop.content.path(of: stitched.hash))
        #expect(found.shape == block.shape && found.bytes == block.bytes)
        #expect(try workshop.stitch(block, split, .stitch(format: .png), shuffledBy: 9).hash == stitched.hash)
    }

    @Test func aMixOfWhatIsNoNumberAndOfZerosKeepsEveryBit() throws {
        let workshop = try ImageWorkshop()
        let values: [Float] = [.nan, .infinity, -.infinity, -0.0, 0, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
        var block = PixelBlock.noise(PixelShape(20, 9, bands: 1, .float32), seed: 1)
        block.bytes.withUnsafeMutableBytes { bytes in
            for place in 0..<180 {
                bytes.storeBytes(of: values[place % values.count], toByteOffset: place * 4, as: Float.self)
            }
        }
        let source = try workshop.putTIFF(block)
        #expect(try workshop.stitch(block, .tiles(8, overlap: 5), .stitch(.feather)).hash == source.hash)
    }

    /// Rows of tiles that are larger than what is put together at a time: 36 MB in one row.
    @Test func wideRowsAreWrittenInParts() throws {
        let workshop = try ImageWorkshop()
        var block = PixelBlock.filled(PixelShape(5000, 900, bands: 1, .float64), with: 0)
        block.bytes.withUnsafeMutableBytes { bytes in
            for place in stride(from: 0, to: bytes.count, by: 4096) { bytes[place] = UInt8(place >> 12 & 0xFF) }
        }
        let source = try workshop.putTIFF(block)
        #expect(try workshop.stitch(block, .tiles(900, overlap: 40), .stitch()).hash == source.hash)
    }

    /// More rows than one call of the system reads, with narrow and with wide gaps between the parts of them.
    @Test(arguments: [40, 40_000]) func partsOfManyRowsAreReadAsTheyLie(width: Int) throws {
        let workshop = try ImageWorkshop()
        let shape = PixelShape(width, 1500, bands: 1)
        var block = PixelBlock.filled(shape, with: 0)
        block.bytes.withUnsafeMutableBytes { bytes in
            for y in 0..<1500 { for x in 0..<30 { bytes[y * width + x] = UInt8((x * 7 + y * 13) & 0xFF) } }
        }
        let path = workshop.path("rows.tif")
        try TIFFWriter(path: path, shape: shape).write(block, x: 0, y: 0)
        let image = try #require(try SourceImage.open(path, name: "rows.tif"))
        var pixels = [UInt8](repeating: 1, count: 25 * 1490)
        try pixels.withUnsafeMutableBytes { buffer in
            try image.read(PixelRect(x: 5, y: 10, width: 20, height: 1490), into: buffer, stride: 25)
        }
        let isRight = (0..<1490).allSatisfy { y in
            (0..<25).allSatisfy { x in
                pixels[y * 25 + x] == (x < 20 ? block.bytes[(y + 10) * width + x + 5] : 1)
            }
        }
        #expect(isRight)
    }
}
