import FoundationEssentials
import ImflowContent
import ImflowExecution
import ImflowPlan
import Testing

@testable import ImflowData

/// What is refused by its header: nothing of these files is decoded, and nothing is written.
@Suite struct ImageLimitTests {
    /// A PNG that declares a size and holds no pixels.
    private static func png(_ width: Int, _ height: Int, bits: UInt8 = 8, color: UInt8 = 0, interlaced: Bool = false) -> [UInt8] {
        func big(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
            let body = Array(type.utf8) + data
            return big(data.count) + body + big(Int(crc(body)))
        }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", big(width) + big(height) + [bits, color, 0, 0, interlaced ? 1 : 0])
            + chunk("IDAT", [0x78, 1]) + chunk("IEND", [])
    }

    /// CRC-32 of ISO 3309, as PNG has it.
    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = .max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }

    private func refusal(_ bytes: [UInt8], _ name: String, tile: Int = 512) throws -> String {
        let workshop = try ImageWorkshop()
        let source = try workshop.put(bytes, as: name)
        let failure = try imageFailure { _ = try workshop.split(source, .tiles(tile)) }
        #expect(failure.cause == .app && failure.message.hasPrefix(name), "\(failure.message)")
        #expect(try workshop.content.all().count == 1)
        return failure.message
    }

    /// 100,000 × 100,000 px of zeros are a PNG of some megabytes, and 10 GB once they are decoded.
    @Test(arguments: [(UInt8(1), UInt8(0)), (8, 0), (8, 2), (16, 6)]) func refusesBombs(bits: UInt8, color: UInt8) throws {
        let message = try refusal(Self.png(100_000, 100_000, bits: bits, color: color), "bomb.png")
        #expect(message.contains("100000 × 100000 px") && message.contains("GiB") && message.contains("tiff"), "\(message)")
    }

    @Test func refusesWhatCanOnlyBeDecodedWhole() throws {
        let message = try refusal(Self.png(20_000, 20_000, color: 2, interlaced: true), "interlaced.png")
        #expect(message.contains("256 MiB"), "\(message)")
    }

    @Test func refusesAJPEGThatClaimsMuch() throws {
        var bytes = Array(try #require(Data(base64Encoded: ImageFormatsTests.jpeg)))
        let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        // 65,000 px: libjpeg takes no more than 65,500.
        for offset in [5, 7] { (bytes[frame + offset], bytes[frame + offset + 1]) = (0xFD, 0xE8) }
        // Gray: 4 GB would be decoded. The size is within the limit, but there are no pixels for it.
        let workshop = try ImageWorkshop()
        let source = try workshop.put(bytes, as: "claims.jpg")
        let units = try workshop.split(source, .tiles(4096))
        #expect(units.count == 16 * 16)
        // In three bands, 12 GB.
        let color = Array(bytes[..<(frame + 9)]) + [3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]
        var wide = color
        wide[frame + 3] = 17
        wide += bytes[(frame + 13)...]
        let message = try refusal(wide, "claims.jpg")
        #expect(message.contains("65000 × 65000 px") && message.contains("raw pixels"), "\(message)")
    }

    @Test func anHonestSizeWithoutPixelsIsFoundOut() async throws {
        let workshop = try ImageWorkshop()
        let source = try workshop.put(Self.png(3000, 3000), as: "hollow.png")
        let units = try workshop.split(source, .tiles(1000))
        #expect(units.count == 9)
        for unit in [units[0], units[8]] {
            let failure = try await imageFailure { _ = try await workshop.cutDecoded(unit) }
            #expect(failure.cause == .app && failure.message.hasPrefix("hollow.png"), "\(failure.message)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.content.folder + "/tmp").isEmpty)
    }

    @Test func refusesTIFFHeadersThatLie() throws {
        for packs in [false, true] {
            for tile in [nil, (width: 16, height: 16)] {
                var fixture = TIFFFixture(.noise(PixelShape(30, 20), seed: 1))
                (fixture.packs, fixture.tile) = (packs, tile)
                (fixture.declaredWidth, fixture.declaredHeight) = (9_000_000, 9_000_000)
                _ = try refusal(fixture.bytes, "lies.tif")
            }
        }
        // This one is honest.
        var apart = TIFFFixture(.noise(PixelShape(30, 20), seed: 1))
        (apart.packs, apart.tile, apart.planar) = (true, (16, 16), true)
        #expect(try refusal(apart.bytes, "apart.tif").contains("INTERLEAVE=PIXEL"))
        var stripes = TIFFFixture(.noise(PixelShape(30, 20, bands: 1), seed: 1))
        (stripes.packs, stripes.declaredWidth, stripes.declaredHeight) = (true, 100_000, 100_000)
        #expect(try refusal(stripes.bytes, "lies.tif").contains("px"))
    }
}
