internal import ImflowExecution

/// Lays label maps together: objects that a seam cuts become one again, and all are numbered 1…n by their first pixel,
/// row by row from the top left, so that the numbers do not depend on those that the tiles had.
///
/// Every tile is read once: its labels are written to their place as they are, and are held against those of its
/// neighbours along the seams. Then the image is gone through once more and numbered. In memory are one row of tiles'
/// seams, one row of tiles' numbers, and the labels that seams join.
struct LabelBlend {
    let layout: StitchLayout

    /// Rows that are numbered at a time, in bytes.
    private static let bandSize = 8 << 20

    /// 1 band of uint32.
    private var shape: PixelShape { layout.shape }

    /// `writer` is of an image of 1 band of uint32, as the layout is.
    func write(to writer: TIFFWriter) throws(Failure) {
        var joined = LabelJoins()
        try lay(to: writer, &joined)
        joined.settle()
        try number(writer, joined)
    }

    private func lay(to writer: TIFFWriter, _ joined: inout LabelJoins) throws(Failure) {
        var above = [LabelPieces?](repeating: nil, count: layout.x.count)
        for row in 0..<layout.y.count {
            var before: LabelPieces?
            for column in 0..<layout.x.count {
                try checkCancellation()
                guard let found = layout.tile(row: row, column: column), let file = found.file else {
                    (before, above[column]) = (nil, nil)
                    continue
                }
                let tile = try LabelTile(try TileOutput(file).block(), name: file.name)
                let index = found.geometry.index
                if let before, column > 0 {
                    joined.join(pieces(of: tile, row, column, .left), index, before, index - 1)
                }
                if let above = above[column], row > 0 {
                    joined.join(pieces(of: tile, row, column, .top), index, above, index - layout.x.count)
                }
                before = column + 1 < layout.x.count ? pieces(of: tile, row, column, .right) : nil
                above[column] = row + 1 < layout.y.count ? pieces(of: tile, row, column, .bottom) : nil
                try write(tile, row, column, to: writer)
            }
        }
    }

    private func write(_ tile: LabelTile, _ row: Int, _ column: Int, to writer: TIFFWriter) throws(Failure) {
        let (place, cell) = (layout.rect(row: row, column: column), layout.cell(row: row, column: column))
        guard cell.width > 0, cell.height > 0 else { return }
        let first = (cell.y - place.y) * tile.width + cell.x - place.x
        var failure: Failure?
        tile.labels.withUnsafeBytes { bytes in
            let pixels = UnsafeRawBufferPointer(rebasing: bytes[(first * 4)...])
            do throws(Failure) { try writer.write(pixels, stride: tile.width * 4, to: cell) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private enum Side { case left, right, top, bottom }

    /// Of the strip that a tile and its neighbour both show; where they only meet, of the line at the tile's edge, which
    /// is held against the neighbour's.
    private func pieces(of tile: LabelTile, _ row: Int, _ column: Int, _ side: Side) -> LabelPieces {
        let isVertical = side == .left || side == .right
        let axis = isVertical ? layout.x : layout.y
        let later = (isVertical ? column : row) + (side == .left || side == .top ? 0 : 1)
        var zone = axis.zone(before: later)
        let seam = axis.cell(later).lowerBound
        var atSeam = seam - 1..<seam + 1
        if zone.isEmpty {
            zone = side == .left || side == .top ? seam..<seam + 1 : seam - 1..<seam
            atSeam = zone
        }
        let place = layout.rect(row: row, column: column)
        let cell = layout.cell(row: row, column: column)
        let rect =
            isVertical
            ? PixelRect(x: zone.lowerBound - place.x, y: cell.y - place.y, width: zone.count, height: cell.height)
            : PixelRect(x: cell.x - place.x, y: zone.lowerBound - place.y, width: cell.width, height: zone.count)
        let range = atSeam.lowerBound - zone.lowerBound..<atSeam.upperBound - zone.lowerBound
        return LabelStrip(tile, rect, seam: range, isVertical: isVertical).pieces
    }

    private func number(_ writer: TIFFWriter, _ joined: LabelJoins) throws(Failure) {
        var numbers = LabelNumbers(joined)
        let rowSize = max(1, shape.rowSize)
        for row in 0..<layout.y.count {
            numbers.beginRow()
            let ys = layout.y.cell(row)
            let most = max(1, Self.bandSize / rowSize)
            var band = [UInt8](repeating: 0, count: min(most, max(1, ys.count)) * rowSize)
            for y in stride(from: ys.lowerBound, to: ys.upperBound, by: most) {
                try checkCancellation()
                let rows = y..<min(ys.upperBound, y + most)
                try band.rawBytes { (buffer) throws(Failure) in
                    try writer.readRows(rows, into: buffer)
                    let labels = buffer.bindMemory(to: UInt32.self)
                    for line in 0..<rows.count {
                        for column in 0..<layout.x.count {
                            let cell = layout.x.cell(column)
                            let start = line * shape.width
                            try numbers.number(
                                UnsafeMutableBufferPointer(
                                    rebasing: labels[start + cell.lowerBound..<start + cell.upperBound]),
                                tile: row * layout.x.count + column)
                        }
                    }
                    let rect = PixelRect(x: 0, y: rows.lowerBound, width: shape.width, height: rows.count)
                    try writer.write(UnsafeRawBufferPointer(buffer), stride: rowSize, to: rect)
                }
            }
        }
    }
}
