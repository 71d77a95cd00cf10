@testable import ImflowData

/// TIFF files as other programs write them: tiles or strips, PackBits or uncompressed, interleaved or planar, either byte
/// order, any orientation, BigTIFF, several pages.
struct TIFFFixture {
    var block: PixelBlock
    /// Nil: strips of three rows.
    var tile: (width: Int, height: Int)?
    var packs = false
    /// Each band apart.
    var planar = false
    /// BigTIFF.
    var big = false
    /// A second page, as pyramids have it.
    var preview: PixelBlock?
    var bigEndian = false
    var orientation = 1
    /// What the header says, if not the truth.
    var declaredWidth: Int?
    var declaredHeight: Int?

    init(_ block: PixelBlock) { self.block = block }

    /// Header, pixels, then the directories.
    var bytes: [UInt8] {
        let mark = big ? 43 : 42
        var out: [UInt8] = bigEndian ? [0x4D, 0x4D] : [0x49, 0x49]
        out += number(mark, 2) + (big ? number(8, 2) + number(0, 2) : [])
        let pages = [self] + (preview.map { [page(of: $0)] } ?? [])
        // The place of the first directory is filled in below.
        let place = out.count
        out += number(0, big ? 8 : 4)
        var tables: [(offsets: [Int], sizes: [Int])] = []
        for page in pages {
            var (offsets, sizes): ([Int], [Int]) = ([], [])
            for segment in page.segments {
                let data = packs ? pack(segment) : segment.flatMap { $0 }
                offsets.append(out.count)
                sizes.append(data.count)
                out += data
            }
            tables.append((offsets, sizes))
        }
        if out.count % 2 == 1 { out.append(0) }
        let start = number(out.count, big ? 8 : 4)
        out.replaceSubrange(place..<place + start.count, with: start)
        for (index, page) in pages.enumerated() {
            let (offsets, sizes) = tables[index]
            let length = page.directory(offsets, sizes, at: out.count, next: 0).count
            let next = index + 1 < pages.count ? out.count + length : 0
            out += page.directory(offsets, sizes, at: out.count, next: next)
        }
        return out
    }

    private func page(of block: PixelBlock) -> TIFFFixture {
        var page = self
        (page.block, page.preview, page.declaredWidth, page.declaredHeight) = (block, nil, nil, nil)
        return page
    }

    /// Rows of each strip or tile; with `planar`, those of the first band come first.
    private var segments: [[[UInt8]]] {
        guard planar else { return segments(of: nil) }
        return (0..<block.shape.bands).flatMap { segments(of: $0) }
    }

    private func segments(of band: Int?) -> [[[UInt8]]] {
        let shape = block.shape
        let (width, height) = tile.map { ($0.width, $0.height) } ?? (shape.width, 3)
        let size = shape.format.bytes
        let zero = [UInt8](repeating: 0, count: band == nil ? shape.pixelSize : size)
        var segments: [[[UInt8]]] = []
        for top in stride(from: 0, to: shape.height, by: height) {
            for left in stride(from: 0, to: shape.width, by: width) {
                let rows = tile == nil ? min(height, shape.height - top) : height
                segments.append(
                    (top..<top + rows).map { y in
                        (left..<left + width).flatMap { x -> [UInt8] in
                            guard x < shape.width, y < shape.height else { return zero }
                            let pixel = ordered(block.pixel(x, y))
                            return band.map { Array(pixel[$0 * size..<($0 + 1) * size]) } ?? pixel
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

    private func directory(_ offsets: [Int], _ sizes: [Int], at start: Int, next: Int) -> [UInt8] {
        let shape = block.shape
        let bands = shape.bands
        var entries: [(tag: Int, values: [Int])] = [
            (256, [declaredWidth ?? shape.width]), (257, [declaredHeight ?? shape.height]),
            (258, Array(repeating: shape.format.bytes * 8, count: bands)), (259, [packs ? 32773 : 1]),
            (262, [bands >= 3 ? 2 : 1]), (274, [orientation]), (277, [bands]), (284, [planar ? 2 : 1]),
        ]
        if let tile {
            entries += [(322, [tile.width]), (323, [tile.height]), (324, offsets), (325, sizes)]
        } else {
            entries += [(273, offsets), (278, [3]), (279, sizes)]
        }
        let extra = bands <= 2 ? bands - 1 : bands - 3
        if extra > 0 { entries.append((338, [2] + Array(repeating: 0, count: extra - 1))) }
        entries.append((339, Array(repeating: shape.format.tiffKind, count: bands)))
        entries.sort { $0.tag < $1.tag }
        // LONG, and LONG8 in a BigTIFF.
        let (type, word, count) = big ? (16, 8, 8) : (4, 4, 2)
        var out = number(entries.count, count)
        var tables: [UInt8] = []
        let tableStart = start + count + entries.count * (4 + 2 * word) + word
        for (tag, values) in entries {
            out += number(tag, 2) + number(type, 2) + number(values.count, word)
            if values.count == 1 {
                out += number(values[0], word)
            } else {
                out += number(tableStart + tables.count, word)
                tables += values.flatMap { number($0, word) }
            }
        }
        return out + number(next, word) + tables
    }

    private func number(_ value: Int, _ size: Int) -> [UInt8] {
        let little = (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return bigEndian ? little.reversed() : little
    }
}
