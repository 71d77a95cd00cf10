internal import Glibc
internal import ImflowContent
internal import ImflowExecution

/// Decodes an image once, from top to bottom and a few rows at a time, into an uncompressed TIFF in the content store,
/// of which tiles can be cut anywhere: while it grows where there are rows already.
struct SourceConverter {
    /// Who is told how far the file has come.
    protocol Watcher {
        /// A new file at `path`, of which no row is there yet.
        func began(_ path: String) throws(Failure)
        /// The file's first `rows` rows are there.
        func advanced(to rows: Int)
    }

    let content: ContentStore
    /// What messages call the image.
    let name: String

    /// Rows that are decoded at a time, in bytes.
    private static let bandSize = 4 << 20

    /// Opens an image that ``SourceImage`` cannot read, and refuses it by its header: of its pixels nothing is decoded.
    static func header(_ path: String, name: String) throws(Failure) -> VipsImage {
        let image = try VipsImage(path: path, name: name, access: .sequential)
        try ImageLimits.check(image.shape, name: name)
        if !image.streams {
            try ImageLimits.checkBlock(
                image.shape,
                "\(name) can only be decoded whole: save it as TIFF, or as PNG or JPEG without interlacing; an image")
        }
        try ImageLimits.checkDecoded(image.shape, name: name)
        return image
    }

    /// Answers the converted image, upright by its EXIF orientation. `watcher` hears of the file that becomes it: of an
    /// image that must be turned, when all of it is decoded. Fails with cause `app` when the image is damaged, then or late.
    func convert(_ path: String, telling watcher: some Watcher) throws(Failure) -> ContentHash {
        let image = try Self.header(path, name: name)
        let decoded = content.temporaryFile()
        defer { unlink(decoded) }
        guard image.orientation != 1 else {
            try decode(image, to: decoded, telling: watcher)
            return try store(decoded)
        }
        try decode(image, to: decoded, telling: nil as NoWatcher?)
        let upright = content.temporaryFile()
        defer { unlink(upright) }
        try turn(decoded, to: upright, by: Orientation(exif: image.orientation), telling: watcher)
        return try store(upright)
    }

    private struct NoWatcher: Watcher {
        func began(_ path: String) {}
        func advanced(to rows: Int) {}
    }

    private func decode(_ image: VipsImage, to path: String, telling watcher: (some Watcher)?) throws(Failure) {
        let shape = image.shape
        let writer = try TIFFWriter(path: path, shape: shape)
        try watcher?.began(path)
        let rows = Self.bandRows(shape)
        var band = [UInt8](repeating: 0, count: rows * shape.rowSize)
        for y in stride(from: 0, to: shape.height, by: rows) {
            try checkCancellation()
            let rect = PixelRect(x: 0, y: y, width: shape.width, height: min(rows, shape.height - y))
            try band.rawBytes { (buffer) throws(Failure) in
                try image.read(rect, into: buffer)
                try writer.write(UnsafeRawBufferPointer(buffer), stride: shape.rowSize, to: rect)
            }
            watcher?.advanced(to: rect.maxY)
        }
    }

    /// Writes the upright image band by band; each band is a rectangle of the decoded one.
    private func turn(
        _ path: String, to target: String, by orientation: Orientation, telling watcher: some Watcher
    ) throws(Failure) {
        guard let source = try SourceImage.open(path, name: path) else {
            throw Failure(.infra, "\(path) is not as it was written; check the disk")
        }
        let shape = orientation.upright(source.shape)
        let writer = try TIFFWriter(path: target, shape: shape)
        try watcher.began(target)
        let rows = Self.bandRows(shape)
        for y in stride(from: 0, to: shape.height, by: rows) {
            try checkCancellation()
            let band = PixelRect(x: 0, y: y, width: shape.width, height: min(rows, shape.height - y))
            let stored = try source.block(orientation.stored(band, upright: shape))
            try writer.write(orientation.turn(stored), x: 0, y: y)
            watcher.advanced(to: band.maxY)
        }
    }

    private static func bandRows(_ shape: PixelShape) -> Int {
        max(1, min(shape.height, bandSize / max(1, shape.rowSize)))
    }

    private func store(_ path: String) throws(Failure) -> ContentHash {
        do throws(ContentError) { return try content.put(fileAt: path, moving: true).hash } catch {
            throw Failure(storing: error)
        }
    }
}

/// Long loops over pixels end soon after their task was cancelled.
func checkCancellation() throws(Failure) {
    if Task.isCancelled { throw Failure(.cancelled, "cancelled") }
}
