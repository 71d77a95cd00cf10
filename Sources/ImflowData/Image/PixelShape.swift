/// The type of one sample. The numbers are those of `ImflowImageHeader.format`.
enum SampleFormat: Int32, Sendable {
    case uint8, int8, uint16, int16, uint32, int32, float32, complex64, float64, complex128

    /// Of one sample.
    var bytes: Int {
        switch self {
        case .uint8, .int8: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .complex64, .float64: 8
        case .complex128: 16
        }
    }
}

/// What the bands of a pixel mean. The numbers are those of `ImflowImageHeader.color`.
enum ColorModel: Int32, Sendable {
    case gray, rgb, cmyk, other
}

/// How the pixels of an image, or of a part of one, lie in memory: rows without gaps, bands interleaved, native byte
/// order.
struct PixelShape: Sendable, Equatable {
    /// In px.
    var width: Int
    var height: Int
    var bands: Int
    var format: SampleFormat
    var color: ColorModel

    /// In bytes.
    var pixelSize: Int { bands * format.bytes }
    var rowSize: Int { width * pixelSize }
    var size: Int { rowSize * height }

    /// PNG holds gray or RGB, each with or without alpha, in 8 or 16 bits.
    var fitsPNG: Bool { (format == .uint8 || format == .uint16) && bands <= 4 && color != .cmyk }

    /// Gray or RGB with one band more, in 8 or 16 bits.
    var hasAlpha: Bool { canHaveAlpha && (color == .rgb ? bands == 4 : bands == 2) }

    /// With an alpha band, which is there already or is added; nil where none can be.
    var withAlpha: PixelShape? {
        guard canHaveAlpha else { return nil }
        var shape = self
        shape.bands = color == .rgb ? 4 : 2
        return shape
    }

    private var canHaveAlpha: Bool {
        guard format == .uint8 || format == .uint16 else { return false }
        return color == .gray ? (1...2).contains(bands) : color == .rgb && (3...4).contains(bands)
    }

    /// The same pixels in another extent.
    func resized(width: Int, height: Int) -> PixelShape {
        var shape = self
        shape.width = width
        shape.height = height
        return shape
    }

    /// Whether pixels of both can stand in one image.
    func hasSamePixels(as other: PixelShape) -> Bool {
        bands == other.bands && format == other.format && (color == .cmyk) == (other.color == .cmyk)
    }

    /// `3 bands of uint8`, for messages.
    var pixelDescription: String { "\(bands) \(bands == 1 ? "band" : "bands") of \(format)" }
}

/// The pixels of a rectangle.
struct PixelBlock: Sendable {
    let shape: PixelShape
    /// ``PixelShape/size`` bytes.
    var bytes: [UInt8]

    /// Copies all rows, which begin `stride` bytes apart in `buffer`.
    func copy(into buffer: UnsafeMutableRawBufferPointer, stride: Int) {
        copy(PixelRect(x: 0, y: 0, width: shape.width, height: shape.height), into: buffer, stride: stride)
    }

    /// Copies the rows of a rectangle that lies within the block.
    func copy(_ rect: PixelRect, into buffer: UnsafeMutableRawBufferPointer, stride: Int) {
        let length = rect.width * shape.pixelSize
        bytes.withUnsafeBytes { source in
            for row in 0..<rect.height {
                let start = (rect.y + row) * shape.rowSize + rect.x * shape.pixelSize
                UnsafeMutableRawBufferPointer(rebasing: buffer[row * stride..<row * stride + length])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + length]))
            }
        }
    }
}

/// A rectangle in whole px, half open.
struct PixelRect: Sendable, Equatable {
    var x: Int
    var y: Int
    var width: Int
    var height: Int

    var maxX: Int { x + width }
    var maxY: Int { y + height }

    /// Empty rectangles have no px in common with any.
    func intersection(_ other: PixelRect) -> PixelRect? {
        let left = max(x, other.x)
        let top = max(y, other.y)
        let right = min(maxX, other.maxX)
        let bottom = min(maxY, other.maxY)
        guard left < right, top < bottom else { return nil }
        return PixelRect(x: left, y: top, width: right - left, height: bottom - top)
    }
}
