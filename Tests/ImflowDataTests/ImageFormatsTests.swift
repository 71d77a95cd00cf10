import FoundationEssentials
import ImflowContent
import ImflowExecution
import ImflowPlan
import Testing

@testable import ImflowData

/// Files of other programs: 16 × 8 px of gray that rises from 0 at the left to 255 at the right, 17 a pixel.
@Suite struct ImageFormatsTests {
    static let jpeg = """
        /9j/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAAIABABAR\
        EA/8QAFQABAQAAAAAAAAAAAAAAAAAACAn/xAAXEAADAQAAAAAAAAAAAAAAAAAACESB/9oACAEBAAA/ACQskmFa1kkw/9k=
        """
    static let webP = """
        UklGRgwBAABXRUJQVlA4WAoAAAAIAAAADwAABwAAVlA4TCwAAAAvD8ABAH8gEEhS2B94hYmYiPlPbAeDAJAoxBJLLLHEEkssCywQ0f8A5XT3B0\
        VYSUa6AAAARXhpZgAASUkqAAgAAAAGABIBAwABAAAAAQAAABoBBQABAAAAVgAAABsBBQABAAAAXgAAACgBAwABAAAAAgAAABMCAwABAAAAAQAA\
        AGmHBAABAAAAZgAAAAAAAAA4YwAA6AMAADhjAADoAwAABgAAkAcABAAAADAyMTABkQcABAAAAAECAwAAoAcABAAAADAxMDABoAMAAQAAAP//AA\
        ACoAQAAQAAABAAAAADoAQAAQAAAAgAAAAAAAAA
        """
    static let gif = """
        R0lGODlhEAAIAIQAAEdwTJmZmURERMzMzHd3dyIiIv///6qqqlVVVQAAAN3d3YiIiDMzM7u7u2ZmZhEREe7u7gAAAAAAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACH/C05FVFNDQVBFMi4wAwEAAAAh+QQFAAAAACwAAAAAEAAIAAAFL2DyFIyAOMQSHM2gQIZImqjK\
        urBcnunavrHRrubDBWc82y8npPVuQJ1TaZQmi8AQADs=
        """
    static let interlacedPNG = """
        iVBORw0KGgoAAAANSUhEUgAAABAAAAAICAAAAAGiGhDdAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAP0lEQVQImWNg6GBwOcPA4NJxhkEpbdU7CM\
        Gg5JLWseoMEkPQOLR85u67//ExGASVjF1C08o7Zq7afebuO3IEAIvTP8FPUoXwAAAAAElFTkSuQmCC
        """

    private func bytes(_ base64: String) throws -> [UInt8] { Array(try #require(Data(base64Encoded: base64))) }

    private func converted(_ bytes: [UInt8], as name: String, in workshop: ImageWorkshop) async throws -> PixelBlock {
        let source = try workshop.put(bytes, as: name)
        #expect(try workshop.split(source, .tiles(4)).isEmpty == false)
        return try workshop.pixels(of: try await workshop.sources.file(source))
    }

    @Test(arguments: [
        ("a.jpg", jpeg, 1, 6), ("a.webp", webP, 3, 0), ("a.gif", gif, 4, 0), ("a.png", interlacedPNG, 1, 0),
    ]) func decodesEveryFormat(name: String, base64: String, bands: Int, error: Int) async throws {
        let workshop = try ImageWorkshop()
        let block = try await converted(try bytes(base64), as: name, in: workshop)
        #expect(block.shape.width == 16 && block.shape.height == 8 && block.shape.bands == bands)
        for y in 0..<8 {
            for x in 0..<16 {
                let value = try #require(block.pixel(x, y).first)
                #expect(abs(Int(value) - 17 * x) <= error)
            }
        }
    }

    /// A photo held upright: the camera stores it lying, and says so in EXIF.
    @Test func turnsPhotosByTheirEXIF() async throws {
        let workshop = try ImageWorkshop()
        let orientation: [UInt8] = [
            0xFF, 0xE1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0,
            0, 0,
            6, 0, 0, 0, 0, 0, 0, 0,
        ]
        let plain = try bytes(Self.jpeg)
        let block = try await converted(plain.prefix(2) + orientation + plain.dropFirst(2), as: "photo.jpg", in: workshop)
        #expect(block.shape.width == 8 && block.shape.height == 16)
        for y in 0..<16 {
            let value = try #require(block.pixel(0, y).first)
            #expect(abs(Int(value) - 17 * y) <= 6)
        }
    }

    @Test(arguments: [("cut.jpg", jpeg), ("cut.webp", webP), ("cut.gif", gif), ("cut.png", interlacedPNG)])
    func refusesTruncatedFiles(name: String, base64: String) async throws {
        let workshop = try ImageWorkshop()
        let whole = try bytes(base64)
        for length in [whole.count / 4, whole.count / 2, whole.count - 20] where name != "cut.webp" || length < 60 {
            let source = try workshop.put(Array(whole.prefix(length)), as: name)
            let failure = try await imageFailure {
                for unit in try workshop.split(source, .tiles(4)) { _ = try await workshop.cutDecoded(unit) }
            }
            #expect(failure.cause == .app && failure.message.hasPrefix(name), "\(length): \(failure.message)")
        }
    }
}
