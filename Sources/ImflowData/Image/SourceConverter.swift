internal import Glibc
internal import ImflowContent
internal import ImflowExecution

/// Decodes an image once, from top to bottom and a few rows at a time, into an uncompressed TIFF in the content store,
/// of which tiles can be cut anywhere.
struct SourceConverter {
    let content: ContentStore
    /// What messages call the image.
    let name: String

    /// Rows that are decoded at a time, in bytes.
    private static let bandSize = 4 << 20

    /// Answers the converted image, upright by its EXIF orientation, and its size in px.
    func convert(_ path: String) throws(Failure) -> (reference: ContentReference, shape: PixelShape) {
        let image = try VipsImage(path: path, name: name, access: .sequential)
        try ImageLimits.check(image.shape, name: name)
        if !image.streams {
            try ImageLimits.checkBlock(
                image.shape,
                "\(name) can only be decoded whole: save it as TIFF, or as PNG or JPEG without interlacing; an image")
        }
        let decoded = content.temporaryFile()
        defer { unlink(decoded) }
        try decode(image, to: decoded)
        guard image.orientation != 1 else { return (try store(decoded), image.shape) }
        let upright = content.temporaryFile()
        defer { unlink(upright) }
        let shape = try turn(decoded, to: upright, by: Orientation(exif: image.orientation))
        return (try store(upright), shape)
    }

    private func decode(_ image: VipsImage, to path: String) throws(Failure) {
        let shape = image.shape
        let writer = try TIFFWriter(path: path, shape: shape)
        let rows = max(1, min(shape.height, Self.bandSize / max(1, shape.rowSize)))
        var band = [UInt8](repeating: 0, count: rows * shape.rowSize)
        for y in stride(from: 0, to: shape.height, by: rows) {
            try checkCancellation()
            let rect = PixelRect(x: 0, y: y, width: shape.width, height: min(rows, shape.height - y))
            try band.rawBytes { (buffer) throws(Failure) in
                try image.read(rect, into: buffer)
                try writer.write(UnsafeRawBufferPointer(buffer), stride: shape.rowSize, to: rect)
            }
        }
    }

    /// Writes the upright image band by band; each band is a rectangle of the decoded one.
    private func turn(_ path: String, to target: String, by orientation: Orientation) throws(Failure) -> PixelShape {
        guard let source = try SourceImage.open(path, name: path) else {
            throw Failure(.infra, "\(path) is not as it was written; check the disk")
        }
        let shape = orientation.upright(source.shape)
        let writer = try TIFFWriter(path: target, shape: shape)
        let rows = max(1, min(shape.height, Self.bandSize / max(1, shape.rowSize)))
        for y in stride(from: 0, to: shape.height, by: rows) {
            try checkCancellation()
            let band = PixelRect(x: 0, y: y, width: shape.width, height: min(rows, shape.height - y))
            let stored = try source.block(orientation.stored(band, upright: shape))
            try writer.write(orientation.turn(stored), x: 0, y: y)
        }
        return shape
    }

    private func store(_ path: String) throws(Failure) -> ContentReference {
        do throws(ContentError) {
            let stored = try content.put(fileAt: path, moving: true)
            let stem = name.lastIndex(of: ".").map { name[..<$0] } ?? name[...]
            return ContentReference(hash: stored.hash, name: (stem.isEmpty ? "image" : stem) + ".tif")
        } catch {
            throw Failure(storing: error)
        }
    }
}

/// Long loops over pixels end soon after their task was cancelled.
func checkCancellation() throws(Failure) {
    if Task.isCancelled { throw Failure(.cancelled, "cancelled") }
}
