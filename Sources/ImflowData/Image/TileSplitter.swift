package import ImflowContent
package import ImflowExecution
package import ImflowPlan

/// Splits an image into tiles: reads its header, makes it a file from which tiles are cut at random, and lists the
/// units.
package enum TileSplitter {
    /// Units row by row from the top left, and the image that they are cut from: `source` itself when it is a TIFF with
    /// uncompressed pixels or compressed tiles, else an uncompressed TIFF made of it in `content`, upright by its EXIF
    /// orientation. Of files with several pages, the first one counts.
    ///
    /// A unit's geometry has `index`, `x`, `y`, `width`, `height` (the real pixels), `row`, `column`, `image_width` and
    /// `image_height`; a tile that `tile_pad` makes larger has also `tile_width` and `tile_height`. With
    /// `tile_whole` the last unit is the whole image scaled down, which has `scaled_width` and `scaled_height`.
    ///
    /// - Parameter key: the input member that receives a tile's file.
    /// - Throws: cause `app` when the file is no image, damaged, truncated or beyond ``ImageLimits``; `infra` when the
    ///   content store fails; `cancelled`.
    package static func split(
        source: ContentReference, key: String, plan: SplitPlan, content: ContentStore
    ) throws(Failure) -> (units: [Unit], source: ContentReference) {
        guard content.contains(source.hash) else {
            throw Failure(.infra, "the content store lacks \(source.name) (\(source.hash)); run the job's fetch again")
        }
        let path = content.path(of: source.hash)
        let shape: PixelShape
        var reference = source
        if let image = try SourceImage.open(path, name: source.name) {
            shape = image.shape
            try checkTile(shape, plan)
        } else {
            let header = try VipsImage(path: path, name: source.name, access: .sequential)
            try ImageLimits.check(header.shape, name: source.name)
            try checkTile(Orientation(exif: header.orientation).upright(header.shape), plan)
            (reference, shape) = try SourceConverter(content: content, name: source.name).convert(path)
        }
        let grid = try TileGrid(imageWidth: shape.width, imageHeight: shape.height, plan: plan)
        let text = reference.text
        var places = (0..<grid.count).map { TileGeometry(index: $0, in: grid) }
        if plan.tileWhole == true, let whole = TileGeometry(wholeOf: grid) { places.append(whole) }
        let units = places.map { Unit(geometry: $0.json, set: [:], tile: (key, text)) }
        return (units, reference)
    }

    /// What cannot be cut is refused before the image is decoded.
    private static func checkTile(_ shape: PixelShape, _ plan: SplitPlan) throws(Failure) {
        let grid = try TileGrid(imageWidth: shape.width, imageHeight: shape.height, plan: plan)
        let width = grid.pads ? grid.x.tile : grid.x.extent(0)
        let height = grid.pads ? grid.y.tile : grid.y.extent(0)
        guard width <= ImageLimits.side, height <= ImageLimits.side else {
            throw Failure(.app, "a tile's side may have \(ImageLimits.side) px; choose a smaller `tile_size`")
        }
        try ImageLimits.checkBlock(shape.resized(width: width, height: height), "`tile_size`: a tile")
    }
}
