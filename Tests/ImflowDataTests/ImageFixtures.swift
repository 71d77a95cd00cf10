import FoundationEssentials
import Glibc
import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

/// A content store in a folder of its own, which goes with it.
final class ImageWorkshop {
    let folder: String
    let content: ContentStore
    let sources: TileSources
    private var files = 0

    init() throws {
        var template = Array("/tmp/imflow-images-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        content = try ContentStore(folder: folder + "/cas")
        sources = TileSources(content: content, failureMemory: .zero)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String {
        files += 1
        return "\(folder)/\(files)-\(name)"
    }

    func put(_ bytes: [UInt8], as name: String) throws -> ContentReference {
        ContentReference(hash: try content.put(bytes), name: name)
    }

    /// As PNG where the pixels fit, else as TIFF in strips.
    func put(_ block: PixelBlock) throws -> ContentReference {
        let name = block.shape.fitsPNG ? "block.png" : "block.tif"
        let path = path(name)
        if block.shape.fitsPNG {
            try VipsImage.writePNG(block, to: path)
        } else {
            try TIFFWriter(path: path, shape: block.shape).write(block, x: 0, y: 0)
        }
        return ContentReference(hash: try content.put(fileAt: path, moving: true).hash, name: name)
    }

    func putTIFF(_ block: PixelBlock) throws -> ContentReference {
        let path = path("block.tif")
        try TIFFWriter(path: path, shape: block.shape).write(block, x: 0, y: 0)
        return ContentReference(hash: try content.put(fileAt: path, moving: true).hash, name: "block.tif")
    }

    /// All pixels: of an uncompressed TIFF as they lie, of anything else as libvips decodes them.
    func pixels(of reference: ContentReference) throws -> PixelBlock {
        try pixels(at: content.path(of: reference.hash))
    }

    func pixels(at path: String) throws -> PixelBlock {
        if let image = try SourceImage.open(path, name: path) {
            return try image.block(PixelRect(x: 0, y: 0, width: image.shape.width, height: image.shape.height))
        }
        return try decoded(at: path)
    }

    /// As libvips reads them.
    func decoded(at path: String) throws -> PixelBlock {
        let image = try VipsImage(path: path, name: path, access: .sequential)
        return try image.block(PixelRect(x: 0, y: 0, width: image.shape.width, height: image.shape.height))
    }

    /// The pixels that a model gets for a unit of an image that needs no decode.
    func cut(_ unit: Unit) throws -> PixelBlock {
        let folder = try newFolder()
        let source = try #require(unit.tile.flatMap { ContentReference($0.source) })
        let image = try #require(try SourceImage.open(content.path(of: source.hash), name: source.name))
        let name = try TileCutter.cut(
            unit, try TileGeometry(unit), of: image, named: source.name, into: folder, as: "tile")
        return try pixels(at: folder + "/" + name)
    }

    /// The pixels that a model gets for a unit of any image.
    func cutDecoded(_ unit: Unit) async throws -> PixelBlock {
        let folder = try newFolder()
        let name = try await TileCutter(sources: sources).cut(unit, into: folder, named: "tile")
        return try pixels(at: folder + "/" + name)
    }

    func newFolder() throws -> String {
        let folder = path("tile")
        try #require(mkdir(folder, 0o700) == 0)
        return folder
    }

    func split(_ source: ContentReference, _ plan: SplitPlan) throws -> [Unit] {
        try TileSplitter.split(source: source, key: "k", plan: plan, content: content)
    }
}

/// Sebastiano Vigna's SplitMix64: the same seed, the same images.
struct ImageRandom: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension PixelShape {
    /// Gray or RGB, with alpha where bands are even.
    init(_ width: Int, _ height: Int, bands: Int = 3, _ format: SampleFormat = .uint8) {
        self.init(
            width: width, height: height, bands: bands, format: format,
            color: bands <= 2 ? .gray : bands <= 4 ? .rgb : .other)
    }
}

extension PixelBlock {
    /// Noise; floats are small whole numbers.
    static func noise(_ shape: PixelShape, seed: UInt64) -> PixelBlock {
        var random = ImageRandom(seed)
        var bytes = [UInt8](repeating: 0, count: shape.size)
        switch shape.format {
        case .float32, .complex64:
            bytes.withUnsafeMutableBytes { raw in
                for at in stride(from: 0, to: raw.count, by: 4) {
                    raw.storeBytes(
                        of: Float(Int.random(in: -999...999, using: &random)), toByteOffset: at, as: Float.self)
                }
            }
        case .float64, .complex128:
            bytes.withUnsafeMutableBytes { raw in
                for at in stride(from: 0, to: raw.count, by: 8) {
                    raw.storeBytes(of: Double.random(in: -9...9, using: &random), toByteOffset: at, as: Double.self)
                }
            }
        default: for index in bytes.indices { bytes[index] = UInt8.random(in: 0...255, using: &random) }
        }
        return PixelBlock(shape: shape, bytes: bytes)
    }

    static func filled(_ shape: PixelShape, with value: UInt8) -> PixelBlock {
        PixelBlock(shape: shape, bytes: [UInt8](repeating: value, count: shape.size))
    }

    /// The bytes of one pixel.
    func pixel(_ x: Int, _ y: Int) -> ArraySlice<UInt8> {
        let at = y * shape.rowSize + x * shape.pixelSize
        return bytes[at..<at + shape.pixelSize]
    }

    /// A new image of another size, pixel by pixel.
    func mapped(_ width: Int, _ height: Int, _ pixel: (_ x: Int, _ y: Int) -> ArraySlice<UInt8>) -> PixelBlock {
        var bytes: [UInt8] = []
        for y in 0..<height { for x in 0..<width { bytes += pixel(x, y) } }
        return PixelBlock(shape: shape.resized(width: width, height: height), bytes: bytes)
    }

    func cropped(_ rect: PixelRect) -> PixelBlock {
        mapped(rect.width, rect.height) { pixel(rect.x + $0, rect.y + $1) }
    }
}

extension SplitPlan {
    /// Square tiles.
    static func tiles(_ size: Int, overlap: Int = 0, pad: Bool = false) -> SplitPlan {
        SplitPlan(
            mode: .tile, tileWidth: size, tileHeight: size, tileOverlapX: overlap, tileOverlapY: overlap, tilePad: pad)
    }
}

/// The failure that `body` ends in.
func imageFailure(_ body: () throws -> Void) throws -> Failure {
    do { try body() } catch let failure as Failure { return failure }
    Issue.record("nothing failed")
    return Failure(.lost, "nothing failed")
}

/// The failure that `body` ends in.
func imageFailure(_ body: () async throws -> Void) async throws -> Failure {
    do { try await body() } catch let failure as Failure { return failure }
    Issue.record("nothing failed")
    return Failure(.lost, "nothing failed")
}
