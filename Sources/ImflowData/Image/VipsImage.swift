internal import CVipsShim
internal import Glibc
internal import ImflowExecution

/// An image file that libvips decodes. Used by one thread at a time, not always the same one.
final class VipsImage: @unchecked Sendable {
    enum Access { case sequential, random }

    private let handle: OpaquePointer
    private let name: String
    let shape: PixelShape
    /// EXIF orientation, 1…8.
    let orientation: Int
    /// Decoded row by row, never whole in memory.
    let streams: Bool

    /// Reads the header. `name` is what messages call the file. Fails with cause `app` when the file is no image.
    init(path: String, name: String, access: Access) throws(Failure) {
        try VipsImage.checkLibrary()
        guard let handle = imflow_image_open(path, access == .sequential) else {
            throw VipsImage.notAnImage(name, reason: VipsImage.reason())
        }
        var header = ImflowImageHeader()
        imflow_image_header(handle, &header)
        guard let format = SampleFormat(rawValue: header.format), let color = ColorModel(rawValue: header.color) else {
            imflow_image_close(handle)
            throw Failure(.app, "\(name) has pixels of an unknown kind; save it as PNG or TIFF")
        }
        self.handle = handle
        self.name = name
        shape = PixelShape(
            width: Int(header.width), height: Int(header.height), bands: Int(header.bands), format: format, color: color
        )
        orientation = Int(header.orientation)
        streams = header.streams
    }

    deinit { imflow_image_close(handle) }

    /// Decodes a rectangle that lies within the image, into rows that begin `stride` bytes apart; nil: without gaps. An image
    /// with sequential access is read from top to bottom.
    func read(_ rect: PixelRect, into buffer: UnsafeMutableRawBufferPointer, stride: Int? = nil) throws(Failure) {
        let row = rect.width * shape.pixelSize
        let stride = stride ?? row
        precondition(stride >= row && buffer.count >= stride * (rect.height - 1) + row)
        let done = imflow_image_read(
            handle, Int32(rect.x), Int32(rect.y), Int32(rect.width), Int32(rect.height), buffer.baseAddress, stride)
        guard done else {
            let reason = VipsImage.reason()
            throw Failure(.app, "\(name) is damaged or truncated\(reason.isEmpty ? "" : ": \(reason)")")
        }
    }

    func block(_ rect: PixelRect) throws(Failure) -> PixelBlock {
        let shape = shape.resized(width: rect.width, height: rect.height)
        var bytes = [UInt8](repeating: 0, count: shape.size)
        try bytes.rawBytes { (buffer) throws(Failure) in try read(rect, into: buffer) }
        return PixelBlock(shape: shape, bytes: bytes)
    }

    /// All of it in another size, each side at least 1 px. An image with sequential access is decoded row by row.
    func scaled(to size: PixelSize) throws(Failure) -> PixelBlock {
        let shape = shape.resized(width: size.width, height: size.height)
        guard let resized = imflow_image_resize(handle, Int32(size.width), Int32(size.height)) else {
            throw Failure(.app, "\(name) cannot be scaled: \(VipsImage.reason())")
        }
        defer { imflow_image_close(resized) }
        var header = ImflowImageHeader()
        imflow_image_header(resized, &header)
        guard Int(header.width) == size.width, Int(header.height) == size.height, Int(header.bands) == shape.bands,
            header.format == shape.format.rawValue
        else {
            throw Failure(.app, "\(name) cannot be scaled: it has \(shape.pixelDescription); leave `tile_whole` out")
        }
        var bytes = [UInt8](repeating: 0, count: shape.size)
        let done = bytes.withUnsafeMutableBytes { buffer in
            imflow_image_read(resized, 0, 0, header.width, header.height, buffer.baseAddress, shape.rowSize)
        }
        guard done else { throw Failure(.app, "\(name) is damaged or truncated: \(VipsImage.reason())") }
        return PixelBlock(shape: shape, bytes: bytes)
    }

    /// Writes a block, whose shape must fit PNG, without metadata: the same pixels are always the same bytes.
    static func writePNG(_ block: PixelBlock, to path: String) throws(Failure) {
        var bytes = block.bytes
        try bytes.rawBytes { (buffer) throws(Failure) in
            try writePNG(UnsafeRawBufferPointer(buffer), block.shape, to: path)
        }
    }

    /// The same of pixels that lie as ``PixelShape`` says.
    static func writePNG(
        _ pixels: UnsafeRawBufferPointer, _ shape: PixelShape, to path: String
    ) throws(Failure) {
        precondition(shape.fitsPNG && pixels.count >= shape.size)
        try checkLibrary()
        let done = imflow_png_write(
            pixels.baseAddress, Int32(shape.width), Int32(shape.height), Int32(shape.bands), shape.format == .uint16, 1,
            path)
        guard done else { throw Failure(.infra, "cannot write the image \(path): \(reason())") }
    }

    /// Writes a PNG of an image file whose pixels fit, row by row, without metadata: the same pixels are always the same
    /// bytes.
    static func convertToPNG(_ source: String, into path: String) throws(Failure) {
        try checkLibrary()
        guard imflow_png_convert(source, 6, path) else {
            throw Failure(.infra, "cannot write the image \(path): \(reason())")
        }
    }

    private static func checkLibrary() throws(Failure) {
        guard let reason = imflow_images_unavailable() else { return }
        throw Failure(
            .infra,
            "images need libvips, which cannot be loaded: \(String(cString: reason)); install Debian's libvips42")
    }

    private static func notAnImage(_ name: String, reason: String) -> Failure {
        if reason.isEmpty || ["not in a known format", "not a known file format"].contains(where: reason.contains) {
            return Failure(.app, "\(name) is not an image; TIFF, PNG, JPEG, WebP, GIF and HEIF are read")
        }
        return Failure(.app, "\(name) cannot be read as an image: \(reason)")
    }

    /// libvips tells one thing on several lines, each with the name of the part that says it: the first line is the
    /// cause.
    private static func reason() -> String {
        guard let text = imflow_image_error() else { return "" }
        defer { free(text) }
        let line = String(cString: text).split(separator: "\n").first ?? ""
        return String(
            line.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.map(Character.init).prefix(200))
    }
}
