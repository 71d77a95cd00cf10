import ImflowExecution
import Testing

@testable import ImflowData

@Suite struct ImageFileTests {
    /// Above 4 GiB files are BigTIFF; what is not written takes no room on the disk.
    @Test func writesAndReadsBeyondFourGigabytes() throws {
        let workshop = try ImageWorkshop()
        let path = workshop.path("big.tif")
        let shape = PixelShape(40_000, 40_000)
        let block = PixelBlock.noise(PixelShape(64, 32), seed: 2)
        let writer = try TIFFWriter(path: path, shape: shape)
        try writer.write(block, x: 39_936, y: 39_968)
        let image = try #require(try SourceImage.open(path, name: "big.tif"))
        #expect(image.shape == shape)
        #expect(try image.block(PixelRect(x: 39_936, y: 39_968, width: 64, height: 32)).bytes == block.bytes)
        #expect(try image.block(PixelRect(x: 0, y: 5, width: 3, height: 1)).bytes == [UInt8](repeating: 0, count: 9))
        let header = try VipsImage(path: path, name: "big.tif", access: .sequential)
        #expect(header.shape == shape)
    }

    /// libvips reads no samples of 64 bits and more from TIFF.
    @Test(arguments: TileCutterTests.shapes.filter { $0.format.bytes < 8 }) func libvipsReadsWhatWeWrite(
        shape: PixelShape
    ) throws {
        let workshop = try ImageWorkshop()
        let block = PixelBlock.noise(shape, seed: 2)
        let path = workshop.path("a.tif")
        try TIFFWriter(path: path, shape: shape).write(block, x: 0, y: 0)
        let read = try workshop.decoded(at: path)
        #expect(read.shape.hasSamePixels(as: shape))
        #expect(read.bytes == block.bytes)
    }

    @Test func tellsWhatCannotBeWritten() throws {
        let failure = try imageFailure {
            _ = try TIFFWriter(path: "/proc/none/a.tif", shape: PixelShape(1, 1))
        }
        #expect(failure.cause == .infra && failure.message.contains("/proc/none/a.tif"))
        let png = try imageFailure {
            try VipsImage.writePNG(.filled(PixelShape(1, 1), with: 0), to: "/proc/none/a.png")
        }
        #expect(png.cause == .infra && png.message.contains("/proc/none/a.png"))
    }
}
