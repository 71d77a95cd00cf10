internal import ImflowExecution

/// An image file of which any rectangle is read without decoding the rest.
enum SourceImage {
    /// Uncompressed TIFF: the bytes are read as they lie.
    case plain(PlainSegments, ImageFile)
    /// Compressed, tiled TIFF: libvips decodes the tiles that are touched.
    case tiled(VipsImage)

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
        guard layout.orientation == 1 else { return nil }
        if let plain = layout.plain { return .plain(plain, file) }
        guard layout.isTiled else { return nil }
        let image = try VipsImage(path: path, name: name, access: .random)
        try ImageLimits.check(image.shape, name: name)
        return .tiled(image)
    }

    var shape: PixelShape {
        switch self {
        case .plain(let segments, _): segments.shape
        case .tiled(let image): image.shape
        }
    }

    /// Reads a rectangle that lies within the image.
    func block(_ rect: PixelRect) throws(Failure) -> PixelBlock {
        switch self {
        case .plain(let segments, let file): try segments.block(rect, from: file)
        case .tiled(let image): try image.block(rect)
        }
    }

    /// Reads a rectangle that lies within the image into rows that begin `stride` bytes apart.
    func read(_ rect: PixelRect, into buffer: UnsafeMutableRawBufferPointer, stride: Int) throws(Failure) {
        switch self {
        case .plain(let segments, let file): try segments.read(rect, from: file, into: buffer, stride: stride)
        case .tiled(let image): try image.block(rect).copy(into: buffer, stride: stride)
        }
    }
}
