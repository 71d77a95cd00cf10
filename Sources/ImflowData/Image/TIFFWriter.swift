internal import ImflowExecution

/// An uncompressed TIFF in strips (BigTIFF when it outgrows 4 GiB), whose pixels are written by rows or parts of rows
/// in any order. What is never written stays zero and takes no room. The same pixels are always the same bytes.
final class TIFFWriter: Sendable {
    let shape: PixelShape
    private let file: ImageFile
    private let dataStart: Int64

    /// Makes the file, which must not exist yet.
    init(path: String, shape: PixelShape) throws(Failure) {
        self.shape = shape
        let header = TIFFHeader(shape)
        dataStart = Int64(header.bytes.count)
        file = try ImageFile.creating(path, size: dataStart + Int64(shape.size))
        var bytes = header.bytes
        let file = file
        try bytes.rawBytes { (buffer) throws(Failure) in try file.write(UnsafeRawBufferPointer(buffer), at: 0) }
    }

    /// Writes `rect.height` rows of `pixels`, `rect.width` px each and `stride` bytes apart, at `rect` of the image.
    func write(_ pixels: UnsafeRawBufferPointer, stride: Int, to rect: PixelRect) throws(Failure) {
        let length = rect.width * shape.pixelSize
        if rect.width == shape.width, stride == length {
            let all = UnsafeRawBufferPointer(rebasing: pixels[..<(length * rect.height)])
            try file.write(all, at: dataStart + Int64(rect.y * shape.rowSize))
            return
        }
        for row in 0..<rect.height {
            let piece = UnsafeRawBufferPointer(rebasing: pixels[row * stride..<row * stride + length])
            let place = (rect.y + row) * shape.rowSize + rect.x * shape.pixelSize
            try file.write(piece, at: dataStart + Int64(place))
        }
    }

    /// Reads whole rows back as they were written.
    func readRows(_ rows: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(Failure) {
        let length = rows.count * shape.rowSize
        let isRead = try file.read(
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<length]),
            at: dataStart + Int64(rows.lowerBound * shape.rowSize))
        guard isRead else { throw Failure(.infra, "\(file.name) was cut short while it was written; check the disk") }
    }

    /// Writes a whole block with its top left corner at `x`, `y`.
    func write(_ block: PixelBlock, x: Int, y: Int) throws(Failure) {
        var bytes = block.bytes
        let rect = PixelRect(x: x, y: y, width: block.shape.width, height: block.shape.height)
        try bytes.rawBytes { (buffer) throws(Failure) in
            try write(UnsafeRawBufferPointer(buffer), stride: block.shape.rowSize, to: rect)
        }
    }
}

/// Everything in the file before its pixels: header, one directory, and the tables of strips.
struct TIFFHeader {
    /// A multiple of 16 bytes.
    let bytes: [UInt8]

    init(_ shape: PixelShape) {
        let rowsPerStrip = max(1, min(shape.height, (1 << 20) / max(1, shape.rowSize)))
        let strips = (shape.height + rowsPerStrip - 1) / rowsPerStrip
        let tables = 4096 + strips * 16 + shape.bands * 6
        let isBig = shape.size + tables >= 1 << 32
        // The tables' length does not depend on the numbers in them: the first round measures, the second one writes.
        let length = Self.lay(shape, rowsPerStrip, strips, dataStart: 0, isBig: isBig).count
        bytes = Self.lay(shape, rowsPerStrip, strips, dataStart: length, isBig: isBig)
    }

    private static func lay(
        _ shape: PixelShape, _ rowsPerStrip: Int, _ strips: Int, dataStart: Int, isBig: Bool
    ) -> [UInt8] {
        let stripSize = rowsPerStrip * shape.rowSize
        let offsets = (0..<strips).map { dataStart + $0 * stripSize }
        let sizes = (0..<strips).map { min(stripSize, shape.size - $0 * stripSize) }
        var entries: [(tag: Int, values: [Int], isWide: Bool)] = [
            (TIFFTag.width, [shape.width], false),
            (TIFFTag.height, [shape.height], false),
            (TIFFTag.bitsPerSample, Array(repeating: shape.format.bytes * 8, count: shape.bands), false),
            (TIFFTag.compression, [1], false),
            (TIFFTag.photometric, [photometric(shape)], false),
            (TIFFTag.stripOffsets, offsets, true),
            (TIFFTag.orientation, [1], false),
            (TIFFTag.samplesPerPixel, [shape.bands], false),
            (TIFFTag.rowsPerStrip, [rowsPerStrip], false),
            (TIFFTag.stripByteCounts, sizes, true),
            (TIFFTag.planarConfiguration, [1], false),
        ]
        let extra = shape.bands - colorBands(shape)
        if extra > 0 {
            let isAlpha = shape.format == .uint8 || shape.format == .uint16
            let kinds = [isAlpha ? 2 : 0] + Array(repeating: 0, count: extra - 1)
            entries.append((TIFFTag.extraSamples, kinds, false))
        }
        entries.append((TIFFTag.sampleFormat, Array(repeating: shape.format.tiffKind, count: shape.bands), false))
        var writer = TIFFEntryWriter(isBig: isBig)
        return writer.write(entries)
    }

    private static func photometric(_ shape: PixelShape) -> Int {
        switch shape.color {
        case .rgb where shape.bands >= 3: 2
        case .cmyk where shape.bands >= 4: 5
        default: 1
        }
    }

    private static func colorBands(_ shape: PixelShape) -> Int {
        switch photometric(shape) {
        case 2: 3
        case 5: 4
        default: 1
        }
    }
}

/// Lays tags out as little-endian bytes, or big-endian on a machine that is, so that pixels stay as they lie in memory.
private struct TIFFEntryWriter {
    let isBig: Bool
    private var directory: [UInt8] = []
    private var tables: [UInt8] = []

    init(isBig: Bool) { self.isBig = isBig }

    /// `isWide`: values that may outgrow 32 bits in a BigTIFF.
    mutating func write(_ entries: [(tag: Int, values: [Int], isWide: Bool)]) -> [UInt8] {
        let headSize = isBig ? 16 : 8
        let directorySize = isBig ? 8 + entries.count * 20 + 8 : 2 + entries.count * 12 + 4
        let tableStart = (headSize + directorySize + 15) / 16 * 16
        append(entries.count, isBig ? 8 : 2, to: &directory)
        for entry in entries {
            let size = entry.isWide && isBig ? 8 : entry.isWide || (entry.values.max() ?? 0) > 0xFFFF ? 4 : 2
            append(entry.tag, 2, to: &directory)
            append(size == 8 ? 16 : size == 4 ? 4 : 3, 2, to: &directory)
            append(entry.values.count, isBig ? 8 : 4, to: &directory)
            var values: [UInt8] = []
            for value in entry.values { append(value, size, to: &values) }
            let slot = isBig ? 8 : 4
            if values.count <= slot {
                directory += values + Array(repeating: 0, count: slot - values.count)
            } else {
                append(tableStart + tables.count, slot, to: &directory)
                tables += values + Array(repeating: 0, count: (16 - values.count % 16) % 16)
            }
        }
        append(0, isBig ? 8 : 4, to: &directory)
        var out: [UInt8] = 1.littleEndian == 1 ? [0x49, 0x49] : [0x4D, 0x4D]
        append(isBig ? 43 : 42, 2, to: &out)
        if isBig { append(8, 2, to: &out); append(0, 2, to: &out) }
        append(headSize, isBig ? 8 : 4, to: &out)
        out += directory
        out += Array(repeating: 0, count: tableStart - out.count) + tables
        return out
    }

    private func append(_ value: Int, _ size: Int, to out: inout [UInt8]) {
        withUnsafeBytes(of: UInt64(value).littleEndian) { bytes in
            let little = bytes.prefix(size)
            if 1.littleEndian == 1 { out.append(contentsOf: little) } else { out.append(contentsOf: little.reversed()) }
        }
    }
}
