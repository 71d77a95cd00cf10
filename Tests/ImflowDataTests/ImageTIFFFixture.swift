@testable import ImflowData

/// TIFF files as other programs write them: tiles or strips, PackBits or uncompressed, either byte order, any
/// orientation.
struct TIFFFixture {
    var block: PixelBlock
    /// Nil: strips of three rows.
    var tile: (width: Int, height: Int)?
    var packs = false
    var bigEndian = false
    var orientation = 1
    /// What the header says, if not the truth.
    var declaredWidth: Int?
    var declaredHeight: Int?

    init(_ block: PixelBlock) { self.block = block }

    /// Header, pixels, then the directory.
    var bytes: [UInt8] {
        var out: [UInt8] = bigEndian ? [0x4D, 0x4D, 0, 42, 0, 0, 0, 0] : [0x49, 0x49, 42, 0, 0, 0, 0, 0]
        var offsets: [Int] = []
        var sizes: [Int] = []
        for segment in segments {
            let data = packs ? pack(segment) : segment.flatMap { $0 }
            offsets.append(out.count)
            sizes.append(data.count)
            out += data
        }
        if out.count % 2 == 1 { out.append(0) }
        let start = out.count
        let directory = directory(offsets, sizes, at: start)
        return out.prefix(4) + number(start, 4) + out.dropFirst(8) + directory
    }

    /// Rows of each strip or tile.
    private var segments: [[[UInt8]]] {
        let shape = block.shape
        let (width, height) = tile.map { ($0.width, $0.height) } ?? (shape.width, 3)
        var segments: [[[UInt8]]] = []
        for top in stride(from: 0, to: shape.height, by: height) {
            for left in stride(from: 0, to: shape.width, by: width) {
                let rows = tile == nil ? min(height, shape.height - top) : height
                segments.append(
                    (top..<top + rows).map { y in
                        (left..<left + width).flatMap { x in
                            x < shape.width && y < shape.height
                                ? ordered(block.pixel(x, y)) : [UInt8](repeating: 0, count: shape.pixelSize)
                        }
                    })
            }
        }
        return segments
    }

    private func ordered(_ pixel: ArraySlice<UInt8>) -> [UInt8] {
        let size = block.shape.format.bytes
        guard bigEndian, size > 1 else { return Array(pixel) }
        return stride(from: pixel.startIndex, to: pixel.endIndex, by: size).flatMap { pixel[$0..<$0 + size].reversed() }
    }

    /// PackBits, with nothing but literal runs.
    private func pack(_ rows: [[UInt8]]) -> [UInt8] {
        var out: [UInt8] = []
        for row in rows {
            for at in stride(from: 0, to: row.count, by: 128) {
                let run = row[at..<min(row.count, at + 128)]
                out.append(UInt8(run.count - 1))
                out += run
            }
        }
        return out
    }

    private func directory(_ offsets: [Int], _ sizes: [Int], at start: Int) -> [UInt8] {
        let shape = block.shape
        let bands = shape.bands
        var entries: [(tag: Int, values: [Int])] = [
            (256, [declaredWidth ?? shape.width]), (257, [declaredHeight ?? shape.height]),
            (258, Array(repeating: shape.format.bytes * 8, count: bands)), (259, [packs ? 32773 : 1]),
            (262, [bands >= 3 ? 2 : 1]), (274, [orientation]), (277, [bands]), (284, [1]),
        ]
        if let tile {
            entries += [(322, [tile.width]), (323, [tile.height]), (324, offsets), (325, sizes)]
        } else {
            entries += [(273, offsets), (278, [3]), (279, sizes)]
        }
        if bands == 2 || bands == 4 { entries.append((338, [2])) }
        entries.append((339, Array(repeating: shape.format.tiffKind, count: bands)))
        entries.sort { $0.tag < $1.tag }
        var out = number(entries.count, 2)
        var tables: [UInt8] = []
        let tableStart = start + 2 + entries.count * 12 + 4
        for (tag, values) in entries {
            out += number(tag, 2) + number(4, 2) + number(values.count, 4)
            if values.count == 1 {
                out += number(values[0], 4)
            } else {
                out += number(tableStart + tables.count, 4)
                tables += values.flatMap { number($0, 4) }
            }
        }
        return out + number(0, 4) + tables
    }

    private func number(_ value: Int, _ size: Int) -> [UInt8] {
        let little = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return bigEndian ? little.reversed() : little
    }
}
