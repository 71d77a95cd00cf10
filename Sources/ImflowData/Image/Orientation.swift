/// How the stored pixels of an image are turned to be upright, by EXIF (tag 0x0112).
struct Orientation: Equatable {
    /// Rows and columns change places, before any flip.
    let transposes: Bool
    /// Of the upright image.
    let flipsX: Bool
    let flipsY: Bool

    /// Any number but 2…8 means upright already.
    init(exif: Int) {
        (transposes, flipsX, flipsY) =
            switch exif {
            case 2: (false, true, false)
            case 3: (false, true, true)
            case 4: (false, false, true)
            case 5: (true, false, false)
            case 6: (true, true, false)
            case 7: (true, true, true)
            case 8: (true, false, true)
            default: (false, false, false)
            }
    }

    /// The upright shape of an image or a part of one.
    func upright(_ shape: PixelShape) -> PixelShape {
        transposes ? shape.resized(width: shape.height, height: shape.width) : shape
    }

    /// Where a rectangle of the upright image, which has the shape `upright`, is stored.
    func stored(_ rect: PixelRect, upright: PixelShape) -> PixelRect {
        let x = flipsX ? upright.width - rect.maxX : rect.x
        let y = flipsY ? upright.height - rect.maxY : rect.y
        return transposes
            ? PixelRect(x: y, y: x, width: rect.height, height: rect.width)
            : PixelRect(x: x, y: y, width: rect.width, height: rect.height)
    }

    /// The upright pixels of a stored rectangle.
    func turn(_ block: PixelBlock) -> PixelBlock {
        let shape = upright(block.shape)
        let pixel = shape.pixelSize
        // Steps through the stored bytes for a step right and a step down in the upright image.
        let stepX = (transposes ? block.shape.rowSize : pixel) * (flipsX ? -1 : 1)
        let stepY = (transposes ? pixel : block.shape.rowSize) * (flipsY ? -1 : 1)
        let origin = (flipsX ? -stepX * (shape.width - 1) : 0) + (flipsY ? -stepY * (shape.height - 1) : 0)
        var bytes = [UInt8](repeating: 0, count: shape.size)
        block.bytes.withUnsafeBytes { source in
            bytes.withUnsafeMutableBytes { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                var place = 0
                for y in 0..<shape.height {
                    for x in 0..<shape.width {
                        to.advanced(by: place).copyMemory(from: from + origin + y * stepY + x * stepX, byteCount: pixel)
                        place += pixel
                    }
                }
            }
        }
        return PixelBlock(shape: shape, bytes: bytes)
    }
}
