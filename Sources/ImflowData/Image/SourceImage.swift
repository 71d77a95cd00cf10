internal import ImflowExecution

/// An image file of which any rectangle is read without decoding the rest. Any number of threads may read at once.
enum SourceImage: Sendable {
    /// Uncompressed TIFF: the bytes are read as they lie.
    case plain(PlainSegments, ImageFile)
    /// Compressed, tiled TIFF: libvips decodes the tiles that are touched.
    case tiled(RegionReader)

    /// Nil when the file must be converted first: another format, compressed strips, or an orientation to honour.
    /// Fails with cause `app` when it is no image, truncated, or beyond ``ImageLimits``.
    static func open(_ path: String, name: String) throws(Failure) -> SourceImage? {
        let file = try ImageFile.reading(path, name: name)
        guard file.size > 0 else { throw Failure(.app, "\(name) is empty, so it is not an image") }
        guard let layout = try TIFFLayout(file) else { return nil }
        if let plain = layout.plain {
            try ImageLimits.check(plain.shape, name: name)
        }
        guard layout.isComplete != false else {
            throw Failure(.app, "\(name) is truncated: it ends before its pixels do; get the file again")
        }
        if layout.plain == nil, layout.isPlanarTiled {
            throw Failure(
                .app,
                "\(name) has each band in compressed tiles of its own, which cannot be read; save it with its bands "
                    + "interleaved (gdal_translate -co INTERLEAVE=PIXEL)")
        }
        guard layout.orientation == 1 else { return nil }
        if let plain = layout.plain { return .plain(plain, file) }
        guard layout.isTiled else { return nil }
        let reader = try RegionReader(path: path, name: name)
        try ImageLimits.check(reader.shape, name: name)
        return .tiled(reader)
    }

    var shape: PixelShape {
        switch self {
        case .plain(let segments, _): segments.shape
        case .tiled(let reader): reader.shape
        }
    }

    /// Reads a rectangle that lies within the image.
    func block(_ rect: PixelRect) throws(Failure) -> PixelBlock {
        let target = shape.resized(width: rect.width, height: rect.height)
        var bytes = [UInt8](repeating: 0, count: target.size)
        try bytes.rawBytes { (buffer) throws(Failure) in try read(rect, into: buffer, stride: target.rowSize) }
        return PixelBlock(shape: target, bytes: bytes)
    }

    /// Reads a rectangle that lies within the image into rows that begin `stride` bytes apart in `buffer`.
    func read(_ rect: PixelRect, into buffer: UnsafeMutableRawBufferPointer, stride: Int) throws(Failure) {
        switch self {
        case .plain(let segments, let file): try segments.read(rect, from: file, into: buffer, stride: stride)
        case .tiled(let reader): try reader.read(rect, into: buffer, stride: stride)
        }
    }
}
