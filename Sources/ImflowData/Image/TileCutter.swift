internal import Glibc
package import ImflowContent
package import ImflowExecution

/// Cuts one tile out of its source image.
package enum TileCutter {
    /// Writes the tile of `unit` as a read-only file into `folder` and answers the file's name, which is `stem` and an
    /// extension: `.png` for 8 and 16 bit images of up to 4 bands (alpha kept), else `.tif`, uncompressed. Pixels are
    /// the source's own; metadata is left behind, so equal pixels are equal bytes. A padded tile is filled up with
    /// zeros: black, and transparent where there is alpha. The unit of the whole image is scaled down. Blocks its thread for as long as it takes; any number may
    /// run at once.
    ///
    /// - Throws: cause `app` when the unit has no tile or the source is damaged there; `infra` when files cannot be
    ///   read or written.
    package static func cut(
        _ unit: Unit, content: ContentStore, into folder: String, named stem: String
    ) throws(Failure) -> String {
        let geometry = try TileGeometry(unit)
        guard let text = unit.tile?.source, let source = ContentReference(text) else {
            throw Failure(.app, "unit \(unit.index) names no source image to cut its tile from")
        }
        guard let image = try SourceImage.open(content.path(of: source.hash), name: source.name) else {
            throw Failure(.infra, "\(source.name) is not an image that tiles can be cut from; split it again")
        }
        let shape = image.shape
        guard geometry.rect.maxX <= shape.width, geometry.rect.maxY <= shape.height else {
            throw Failure(
                .app, "unit \(unit.index) lies outside of \(source.name) (\(shape.width) × \(shape.height) px)")
        }
        let full = shape.resized(width: geometry.tileWidth, height: geometry.tileHeight)
        try ImageLimits.checkBlock(full, "unit \(unit.index): a tile")
        let shown =
            if let size = geometry.scaled {
                try WholeImage.block(source, to: size, content: content)
            } else {
                try image.block(geometry.rect)
            }
        let block = try pad(shown, to: full)
        let name = stem + (shape.fitsPNG ? ".png" : ".tif")
        try write(block, to: folder + "/" + name)
        return name
    }

    private static func pad(_ block: PixelBlock, to shape: PixelShape) throws(Failure) -> PixelBlock {
        guard block.shape != shape else { return block }
        var padded = PixelBlock(shape: shape, bytes: [UInt8](repeating: 0, count: shape.size))
        let row = block.shape.rowSize
        for y in 0..<block.shape.height {
            let target = y * shape.rowSize
            padded.bytes.replaceSubrange(target..<target + row, with: block.bytes[y * row..<(y + 1) * row])
        }
        return padded
    }

    private static func write(_ block: PixelBlock, to path: String) throws(Failure) {
        if block.shape.fitsPNG {
            try VipsImage.writePNG(block, to: path)
        } else {
            try TIFFWriter(path: path, shape: block.shape).write(block, x: 0, y: 0)
        }
        chmod(path, 0o444)
    }
}
