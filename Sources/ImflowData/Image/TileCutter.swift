internal import Glibc
internal import ImflowContent
package import ImflowExecution
internal import ImflowPlan

/// Cuts tiles out of their source images.
package struct TileCutter: Sendable {
    private let sources: TileSources

    package init(sources: TileSources) { self.sources = sources }

    /// Writes the tile of `unit` as a read-only file into `folder` and answers the file's name, which is `stem` and an
    /// extension: with `tile_file: auto`, `.png` for 8 and 16 bit images of up to 4 bands (alpha kept), else `.tif`,
    /// uncompressed. Pixels are the source's own; metadata is left behind, so equal pixels are equal bytes. A padded tile is
    /// filled up with zeros: black, and transparent where there is alpha. The unit of the whole image is scaled down. Waits
    /// until the tile's rows are decoded, then blocks its thread for as long as it takes; any number may run at once.
    ///
    /// - Throws: cause `app` when the unit has no tile or the source is damaged there; `infra` when files cannot be
    ///   read or written; `cancelled`.
    package func cut(_ unit: Unit, into folder: String, named stem: String) async throws(Failure) -> String {
        let (geometry, source) = try Self.place(of: unit)
        if let size = geometry.scaled {
            let whole = sources.content.path(of: try await sources.file(source).hash)
            return try Self.cut(unit, geometry, size, of: whole, named: source.name, into: folder, as: stem)
        }
        let image = try await sources.image(source, rows: geometry.rect.maxY)
        return try Self.cut(unit, geometry, of: image, named: source.name, into: folder, as: stem)
    }

    /// Cuts a tile whose rows are there. `name` is what messages call the image.
    static func cut(
        _ unit: Unit, _ geometry: TileGeometry, of image: SourceImage, named name: String, into folder: String,
        as stem: String
    ) throws(Failure) -> String {
        try check(geometry, image, name: name)
        let shape = image.shape.resized(width: geometry.tileWidth, height: geometry.tileHeight)
        let (rect, file) = (geometry.rect, try tile(unit, shape, named: name, as: stem))
        try write(shape, isPadded: rect.width < shape.width || rect.height < shape.height, to: folder + "/" + file) {
            (pixels) throws(Failure) in
            try image.read(rect, into: pixels, stride: shape.rowSize)
        }
        return file
    }

    /// Scales the whole image down.
    private static func cut(
        _ unit: Unit, _ geometry: TileGeometry, _ size: PixelSize, of path: String, named name: String,
        into folder: String, as stem: String
    ) throws(Failure) -> String {
        let block = try VipsImage(path: path, name: name, access: .sequential).scaled(to: size)
        let shape = block.shape.resized(width: geometry.tileWidth, height: geometry.tileHeight)
        let file = try tile(unit, shape, named: name, as: stem)
        try write(shape, isPadded: block.shape != shape, to: folder + "/" + file) { pixels in
            let row = block.shape.rowSize
            for y in 0..<block.shape.height {
                UnsafeMutableRawBufferPointer(rebasing: pixels[(y * shape.rowSize)...])
                    .copyBytes(from: block.bytes[y * row..<(y + 1) * row])
            }
        }
        return file
    }

    /// The name of a tile's file.
    private static func tile(
        _ unit: Unit, _ shape: PixelShape, named name: String, as stem: String
    ) throws(Failure) -> String {
        try ImageLimits.checkBlock(shape, "unit \(unit.index): a tile")
        let isPNG = unit.tileFile == .png || unit.tileFile != .tiff && shape.fitsPNG
        if isPNG, !shape.fitsPNG { throw noPNG(shape, name: name) }
        return stem + (isPNG ? ".png" : ".tif")
    }

    /// The whole upright image that the tile of `unit` lies in, for `tile_file: source`: a file of which any rectangle is
    /// read without decoding the rest. Waits until there is such a file.
    ///
    /// - Throws: as ``cut(_:into:named:)`` does.
    package func source(of unit: Unit) async throws(Failure) -> ContentReference {
        let (geometry, source) = try Self.place(of: unit)
        let file = try await sources.file(source)
        try Self.check(geometry, try await sources.image(source, rows: geometry.rect.maxY), name: source.name)
        return file
    }

    static func noPNG(_ shape: PixelShape, name: String) -> Failure {
        Failure(
            .app,
            "`tile_file: png` cannot hold the pixels of \(name), \(shape.pixelDescription); use `auto` or `tiff`")
    }

    private static func place(of unit: Unit) throws(Failure) -> (TileGeometry, ContentReference) {
        let geometry = try TileGeometry(unit)
        guard let text = unit.tile?.source, let source = ContentReference(text) else {
            throw Failure(.app, "unit \(unit.index) names no source image to cut its tile from")
        }
        return (geometry, source)
    }

    private static func check(_ geometry: TileGeometry, _ image: SourceImage, name: String) throws(Failure) {
        let shape = image.shape
        guard geometry.rect.maxX <= shape.width, geometry.rect.maxY <= shape.height else {
            throw Failure(
                .app, "unit \(geometry.index) lies outside of \(name) (\(shape.width) × \(shape.height) px)")
        }
    }

    /// The pixels are read to where they are written from.
    private static func write(
        _ shape: PixelShape, isPadded: Bool, to path: String,
        _ read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let isPNG = path.hasSuffix(".png")
        let header = isPNG ? [] : TIFFHeader(shape).bytes
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: header.count + shape.size, alignment: 16)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: header)
        let pixels = UnsafeMutableRawBufferPointer(rebasing: buffer[header.count...])
        if isPadded { pixels.initializeMemory(as: UInt8.self, repeating: 0) }
        try read(pixels)
        if isPNG {
            try VipsImage.writePNG(UnsafeRawBufferPointer(pixels), shape, to: path)
            chmod(path, 0o444)
        } else {
            try ImageFile.write(UnsafeRawBufferPointer(buffer), to: path, mode: 0o444)
        }
    }
}
