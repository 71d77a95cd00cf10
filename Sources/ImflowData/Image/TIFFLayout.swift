internal import ImflowExecution

/// Where the pixels of a TIFF file's first image lie.
struct TIFFLayout: Sendable {
    /// In px, as the header declares them.
    let width: Int
    let height: Int
    let isTiled: Bool
    /// EXIF orientation, 1…8.
    let orientation: Int
    /// Every strip or tile lies within the file; nil when their table cannot be read.
    let isComplete: Bool?
    /// Bands apart, in tiles.
    let isPlanarTiled: Bool
    /// Present when pixels can be read as they lie, without a decoder.
    let plain: PlainSegments?

    /// More strips or tiles than this are left to libvips.
    private static let segmentLimit = 4_000_000

    /// Nil when the file is no TIFF.
    init?(_ file: ImageFile) throws(Failure) {
        guard let directory = try TIFFDirectory(file),
            let width = try directory.integer(256, in: file), let height = try directory.integer(257, in: file)
        else { return nil }
        self.width = width
        self.height = height
        isTiled = directory.has(TIFFTag.tileOffsets)
        let orientation = try directory.integer(TIFFTag.orientation, in: file) ?? 1
        let planar = try directory.integer(TIFFTag.planarConfiguration, in: file)
        isPlanarTiled = isTiled && planar == 2
        self.orientation = (1...8).contains(orientation) ? orientation : 1
        let offsetsTag = isTiled ? TIFFTag.tileOffsets : TIFFTag.stripOffsets
        let sizesTag = isTiled ? TIFFTag.tileByteCounts : TIFFTag.stripByteCounts
        guard let offsets = try directory.integers(offsetsTag, in: file, limit: Self.segmentLimit) else {
            isComplete = nil
            plain = nil
            return
        }
        let sizes = try directory.integers(sizesTag, in: file, limit: Self.segmentLimit)
        plain = try PlainSegments(
            directory, file, width: width, height: height, isTiled: isTiled, offsets: offsets)
        if let plain {
            isComplete = plain.isComplete(fileSize: file.size)
        } else if let sizes, sizes.count == offsets.count {
            isComplete = zip(offsets, sizes).allSatisfy { TIFFLayout.lies($0, $1, within: file.size) }
        } else {
            isComplete = nil
        }
    }

    static func lies(_ offset: UInt64, _ count: UInt64, within size: Int64) -> Bool {
        count <= UInt64(size) && offset <= UInt64(size) - count
    }
}

/// The tags that we read and write, by TIFF 6.0.
enum TIFFTag {
    static let width = 256
    static let height = 257
    static let bitsPerSample = 258
    static let compression = 259
    static let photometric = 262
    static let fillOrder = 266
    static let stripOffsets = 273
    static let orientation = 274
    static let samplesPerPixel = 277
    static let rowsPerStrip = 278
    static let stripByteCounts = 279
    static let planarConfiguration = 284
    static let tileWidth = 322
    static let tileHeight = 323
    static let tileOffsets = 324
    static let tileByteCounts = 325
    static let extraSamples = 338
    static let sampleFormat = 339
}

/// Uncompressed pixels in native byte order, in a grid of equal segments: the tiles of a tiled TIFF, or strips, which are
/// tiles as wide as the image. Interleaved, or each band in a grid of its own.
struct PlainSegments: Sendable {
    let shape: PixelShape
    /// In px.
    let segmentWidth: Int
    let segmentHeight: Int
    let columns: Int
    /// The last strip ends with the image; tiles are always whole.
    private let isTiled: Bool
    /// Grids: one, or as many as there are bands.
    private let planes: Int
    /// Segments of one grid.
    private let count: Int
    private let offsets: [UInt64]

    /// Nil when the pixels lie in another way.
    init?(
        _ directory: TIFFDirectory, _ file: ImageFile, width: Int, height: Int, isTiled: Bool, offsets: [UInt64]
    ) throws(Failure) {
        guard width > 0, height > 0, width <= ImageLimits.side, height <= ImageLimits.side,
            let shape = try Self.shape(directory, file, width: width, height: height),
            try directory.integer(TIFFTag.compression, in: file) ?? 1 == 1,
            try directory.integer(TIFFTag.fillOrder, in: file) ?? 1 == 1,
            !directory.isBigEndian || shape.format.bytes == 1
        else { return nil }
        self.shape = shape
        self.isTiled = isTiled
        self.offsets = offsets
        if isTiled {
            segmentWidth = try directory.integer(TIFFTag.tileWidth, in: file) ?? 0
            segmentHeight = try directory.integer(TIFFTag.tileHeight, in: file) ?? 0
        } else {
            segmentWidth = width
            segmentHeight = min(try directory.integer(TIFFTag.rowsPerStrip, in: file) ?? height, height)
        }
        guard (1...ImageLimits.side).contains(segmentWidth), (1...ImageLimits.side).contains(segmentHeight) else {
            return nil
        }
        columns = (width + segmentWidth - 1) / segmentWidth
        let rows = (height + segmentHeight - 1) / segmentHeight
        let planar = try directory.integer(TIFFTag.planarConfiguration, in: file) ?? 1
        planes = planar == 2 ? shape.bands : 1
        count = columns * rows
        // A segment at 0 stands for one that was never written.
        guard planar == 1 || planar == 2, offsets.count == count * planes, !offsets.contains(0) else { return nil }
    }

    private static func shape(
        _ directory: TIFFDirectory, _ file: ImageFile, width: Int, height: Int
    ) throws(Failure) -> PixelShape? {
        let bands = try directory.integer(TIFFTag.samplesPerPixel, in: file) ?? 1
        guard (1...ImageLimits.bands).contains(bands) else { return nil }
        let bits = try directory.integers(TIFFTag.bitsPerSample, in: file) ?? [1]
        let kinds = try directory.integers(TIFFTag.sampleFormat, in: file) ?? [1]
        guard Set(bits).count == 1, Set(kinds).count == 1,
            let format = SampleFormat(tiffKind: kinds[0], bits: bits[0])
        else { return nil }
        let color: ColorModel
        switch try directory.integer(TIFFTag.photometric, in: file) {
        case 1: color = bands <= 2 ? .gray : .other
        case 2 where bands >= 3: color = .rgb
        case 5 where bands >= 4: color = .cmyk
        default: return nil
        }
        // Associated alpha is multiplied into the colours; libvips takes it out.
        guard try directory.integers(TIFFTag.extraSamples, in: file)?.contains(1) != true else { return nil }
        return PixelShape(width: width, height: height, bands: bands, format: format, color: color)
    }

    /// Of one pixel in a segment, in bytes.
    private var stored: Int { shape.pixelSize / planes }

    func isComplete(fileSize: Int64) -> Bool {
        offsets.indices.allSatisfy { index in
            let top = index % count * segmentHeight
            let rows = isTiled ? segmentHeight : min(segmentHeight, shape.height - top)
            let (size, overflow) = (segmentWidth * stored).multipliedReportingOverflow(by: rows)
            return !overflow && TIFFLayout.lies(offsets[index], UInt64(size), within: fileSize)
        }
    }

    /// Reads a rectangle that lies within the image into rows that begin `stride` bytes apart in `buffer`. Fails when the
    /// file was cut short since it was looked at.
    func read(
        _ rect: PixelRect, from file: ImageFile, into buffer: UnsafeMutableRawBufferPointer, stride: Int
    ) throws(Failure) {
        guard rect.width > 0, rect.height > 0 else { return }
        for row in rect.y / segmentHeight...(rect.maxY - 1) / segmentHeight {
            for column in rect.x / segmentWidth...(rect.maxX - 1) / segmentWidth {
                if planes == 1 {
                    try copy(row: row, column: column, of: rect, from: file, into: buffer, stride: stride)
                    continue
                }
                for plane in 0..<planes {
                    try weave(plane, row: row, column: column, of: rect, from: file, into: buffer, stride: stride)
                }
            }
        }
    }

    /// Lays the samples of one band between those of the others.
    private func weave(
        _ plane: Int, row: Int, column: Int, of rect: PixelRect, from file: ImageFile,
        into buffer: UnsafeMutableRawBufferPointer, stride: Int
    ) throws(Failure) {
        let segment = PixelRect(
            x: column * segmentWidth, y: row * segmentHeight, width: segmentWidth, height: segmentHeight)
        guard let part = segment.intersection(rect) else { return }
        let start = Int64(offsets[plane * count + row * columns + column])
        let (sample, pixel) = (stored, shape.pixelSize)
        var samples = [UInt8](repeating: 0, count: part.width * sample)
        for y in part.y..<part.maxY {
            let source = start + Int64(((y - segment.y) * segmentWidth + part.x - segment.x) * sample)
            let target = (y - rect.y) * stride + (part.x - rect.x) * pixel + plane * sample
            try samples.rawBytes { (samples) throws(Failure) in
                guard try file.read(into: samples, at: source) else { throw Self.truncated(file) }
                for x in 0..<part.width {
                    for byte in 0..<sample { buffer[target + x * pixel + byte] = samples[x * sample + byte] }
                }
            }
        }
    }

    private static func truncated(_ file: ImageFile) -> Failure {
        Failure(.app, "\(file.name) is truncated: it ends before its pixels do")
    }

    /// Bytes between two pieces of a segment that are read with them, to be thrown away, rather than skipped by another
    /// call of the system.
    private static let gapLimit = 16 << 10

    private func copy(
        row: Int, column: Int, of rect: PixelRect, from file: ImageFile, into buffer: UnsafeMutableRawBufferPointer,
        stride: Int
    ) throws(Failure) {
        let segment = PixelRect(
            x: column * segmentWidth, y: row * segmentHeight, width: segmentWidth, height: segmentHeight)
        guard let part = segment.intersection(rect) else { return }
        let pixel = shape.pixelSize
        let (length, pitch) = (part.width * pixel, segmentWidth * pixel)
        let source =
            Int64(offsets[row * columns + column]) + Int64((part.y - segment.y) * pitch + (part.x - segment.x) * pixel)
        let target = (part.y - rect.y) * stride + (part.x - rect.x) * pixel
        let isRead: Bool
        if length == pitch, length == stride {
            // Rows that are whole in the segment and in the rectangle lie in one piece in both.
            isRead = try file.read(into: .init(rebasing: buffer[target..<target + length * part.height]), at: source)
        } else {
            isRead = try file.read(
                rows: part.height, of: length, into: .init(rebasing: buffer[target...]), stride: stride, at: source,
                pitch: pitch, gapLimit: Self.gapLimit)
        }
        guard isRead else { throw Self.truncated(file) }
    }
}

extension SampleFormat {
    /// By the tags SampleFormat and BitsPerSample of TIFF 6.0; nil for samples that are not whole bytes.
    init?(tiffKind kind: UInt64, bits: UInt64) {
        switch (kind, bits) {
        case (1, 8): self = .uint8
        case (2, 8): self = .int8
        case (1, 16): self = .uint16
        case (2, 16): self = .int16
        case (1, 32): self = .uint32
        case (2, 32): self = .int32
        case (3, 32): self = .float32
        case (3, 64): self = .float64
        case (6, 64): self = .complex64
        case (6, 128): self = .complex128
        default: return nil
        }
    }

    /// The tag SampleFormat of TIFF 6.0.
    var tiffKind: Int {
        switch self {
        case .uint8, .uint16, .uint32: 1
        case .int8, .int16, .int32: 2
        case .float32, .float64: 3
        case .complex64, .complex128: 6
        }
    }
}
