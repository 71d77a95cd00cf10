internal import ImflowExecution

/// Shows each tile up to the middle of its overlaps. Rows of tiles are put together in memory and written at once,
/// several rows side by side.
struct HardBlend: Sendable {
    let layout: StitchLayout
    let fill: StitchFill

    /// In bytes: what is put together at a time, if a single tile is not larger.
    private static let bandSize = 32 << 20

    func write(to writer: TIFFWriter) throws(Failure) {
        let groups = columnGroups
        let largest = bandBytes(groups)
        guard largest > 0 else { return }
        // Very large tiles one after another: each is decoded whole, too.
        let threads = largest > 2 * Self.bandSize ? 1 : Int.max
        try ParallelWork.run(count: layout.y.count * groups.count, limit: threads) { (next) throws(Failure) in
            let band = UnsafeMutableRawBufferPointer.allocate(byteCount: largest, alignment: 64)
            defer { band.deallocate() }
            while let piece = next() {
                try checkCancellation()
                let (row, group) = piece.quotientAndRemainder(dividingBy: groups.count)
                try lay(row: row, columns: groups[group], in: band, writer)
            }
        }
    }

    /// Neighbouring columns whose cells fit into one band.
    private var columnGroups: [Range<Int>] {
        let tallest = (0..<layout.y.count).map { layout.y.cell($0).count }.max() ?? 1
        let limit = Self.bandSize / max(1, tallest * fill.shape.pixelSize)
        var groups: [Range<Int>] = []
        var first = 0
        for column in 0..<layout.x.count where width(first..<column + 1) > limit && column > first {
            groups.append(first..<column)
            first = column
        }
        return groups + [first..<layout.x.count]
    }

    /// In px of the stitched image.
    private func span(_ columns: Range<Int>) -> Range<Int> {
        let low = layout.x.cell(columns.lowerBound).lowerBound
        return low..<max(low, layout.x.cell(columns.upperBound - 1).upperBound)
    }

    private func width(_ columns: Range<Int>) -> Int { span(columns).count }

    private func bandBytes(_ groups: [Range<Int>]) -> Int {
        let tallest = (0..<layout.y.count).map { layout.y.cell($0).count }.max() ?? 0
        return (groups.map { width($0) }.max() ?? 0) * tallest * fill.shape.pixelSize
    }

    private func lay(
        row: Int, columns: Range<Int>, in band: UnsafeMutableRawBufferPointer, _ writer: TIFFWriter
    ) throws(Failure) {
        let (xs, ys) = (span(columns), layout.y.cell(row))
        // What is never written is zero already, and takes no room.
        let isEmpty = columns.allSatisfy { layout.tile(row: row, column: $0) == nil }
        guard !xs.isEmpty, !ys.isEmpty, !(isEmpty && fill.isZero) else { return }
        let pixel = fill.shape.pixelSize
        let stride = xs.count * pixel
        for column in columns {
            let cell = layout.cell(row: row, column: column)
            guard cell.width > 0 else { continue }
            let target = UnsafeMutableRawBufferPointer(rebasing: band[((cell.x - xs.lowerBound) * pixel)...])
            if let tile = layout.tile(row: row, column: column), let file = tile.file {
                let place = layout.rect(row: row, column: column)
                let part = PixelRect(x: cell.x - place.x, y: cell.y - place.y, width: cell.width, height: cell.height)
                try show(part, of: file, tile.shape, in: target, stride: stride)
            } else {
                fill.write(to: target, width: cell.width, rows: cell.height, stride: stride)
            }
        }
        let whole = PixelRect(x: xs.lowerBound, y: ys.lowerBound, width: xs.count, height: ys.count)
        try writer.write(UnsafeRawBufferPointer(band), stride: stride, to: whole)
    }

    private func show(
        _ part: PixelRect, of file: TileOutputFile, _ shape: PixelShape?, in target: UnsafeMutableRawBufferPointer, stride: Int
    ) throws(Failure) {
        let output = try TileOutput(file)
        guard output.shape == shape else { throw Failure(.infra, "\(file.name) changed while it was stitched") }
        guard fill.addsAlpha else { return try output.read(part, into: target, stride: stride) }
        let length = part.width * output.shape.pixelSize
        var pixels = [UInt8](repeating: 0, count: length * part.height)
        try pixels.rawBytes { (buffer) throws(Failure) in
            try output.read(part, into: buffer, stride: length)
            fill.writeOpaque(
                UnsafeRawBufferPointer(buffer), width: part.width, rows: part.height, to: target, stride: stride)
        }
    }
}
