internal import ImflowExecution
internal import ImflowPlan

/// What the stitched image shows where no tile has an output.
struct StitchFill: Sendable {
    /// Of the stitched image: the outputs' own, with an alpha band where one is added.
    let shape: PixelShape
    /// Whether outputs have no alpha, and are made opaque.
    let addsAlpha: Bool
    /// One pixel of ``shape``.
    let pixel: [UInt8]
    /// Whether it is what a file holds that was never written to.
    let isZero: Bool

    /// `shape` is that of the outputs laid together. Fails with cause `app` when its pixels cannot hold the fill.
    init(_ fill: MergePlan.Fill?, for shape: PixelShape) throws(Failure) {
        switch fill {
        case nil:
            self.shape = shape
            pixel = [UInt8](repeating: 0, count: shape.pixelSize)
        case .transparent:
            guard let transparent = shape.withAlpha else {
                throw Failure(
                    .app,
                    "`merge.fill: transparent` needs gray or RGB outputs of 8 or 16 bits, and the units gave "
                        + "\(shape.pixelDescription); fill with a number, or with one for each band")
            }
            self.shape = transparent
            pixel = [UInt8](repeating: 0, count: transparent.pixelSize)
        case .levels(let levels):
            self.shape = shape
            pixel = try Self.pixel(levels, shape)
        }
        addsAlpha = self.shape.bands != shape.bands
        isZero = pixel.allSatisfy { $0 == 0 }
    }

    private static func pixel(_ levels: [Double], _ shape: PixelShape) throws(Failure) -> [UInt8] {
        guard levels.count == 1 || levels.count == shape.bands else {
            throw Failure(
                .app,
                "`merge.fill` has \(levels.count) numbers, and the units gave images with \(shape.pixelDescription); "
                    + "give one number for each band, or one for all")
        }
        var pixel: [UInt8] = []
        for band in 0..<shape.bands {
            let level = levels[levels.count == 1 ? 0 : band]
            guard let sample = shape.format.bytes(of: level) else {
                throw Failure(
                    .app, "`merge.fill`: \(number(level)) is no value of \(shape.format), which the units' images have")
            }
            pixel += sample
        }
        return pixel
    }

    private static func number(_ level: Double) -> String { Int(exactly: level).map { "\($0)" } ?? "\(level)" }

    /// Fills `rows` rows of `width` px each, which begin `stride` bytes apart.
    func write(to buffer: UnsafeMutableRawBufferPointer, width: Int, rows: Int, stride: Int) {
        guard rows > 0, width > 0 else { return }
        let length = width * pixel.count
        let first = UnsafeMutableRawBufferPointer(rebasing: buffer[..<length])
        if isZero {
            first.initializeMemory(as: UInt8.self, repeating: 0)
        } else {
            for place in 0..<length { first[place] = pixel[place % pixel.count] }
        }
        for row in 1..<max(1, rows) {
            UnsafeMutableRawBufferPointer(rebasing: buffer[row * stride..<row * stride + length])
                .copyMemory(from: UnsafeRawBufferPointer(first))
        }
    }

    /// Copies rows of outputs' pixels, which lie without gaps, and makes them opaque.
    func writeOpaque(
        _ pixels: UnsafeRawBufferPointer, width: Int, rows: Int, to buffer: UnsafeMutableRawBufferPointer, stride: Int
    ) {
        guard let from = pixels.baseAddress, let to = buffer.baseAddress else { return }
        let sample = shape.format.bytes
        let (narrow, wide) = (pixel.count - sample, pixel.count)
        for row in 0..<rows {
            var (source, target) = (from + row * width * narrow, to + row * stride)
            for _ in 0..<width {
                target.copyMemory(from: source, byteCount: narrow)
                for byte in narrow..<wide { target.storeBytes(of: 0xFF, toByteOffset: byte, as: UInt8.self) }
                source += narrow
                target += wide
            }
        }
    }
}

extension SampleFormat {
    /// A sample of this value; of complex formats the real part. Nil where the format has no such value.
    fileprivate func bytes(of level: Double) -> [UInt8]? {
        func raw<Value: BitwiseCopyable>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
        func whole<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> [UInt8]? {
            Value(exactly: level).map(raw)
        }
        let single = Float(level)
        if self == .float32 || self == .complex64, single.isInfinite, level.isFinite { return nil }
        switch self {
        case .uint8: return whole(UInt8.self)
        case .int8: return whole(Int8.self)
        case .uint16: return whole(UInt16.self)
        case .int16: return whole(Int16.self)
        case .uint32: return whole(UInt32.self)
        case .int32: return whole(Int32.self)
        case .float32: return raw(single)
        case .float64: return raw(level)
        case .complex64: return raw(single) + raw(Float(0))
        case .complex128: return raw(level) + raw(Double(0))
        }
    }
}
