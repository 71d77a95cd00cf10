package import ImflowContent
package import ImflowExecution
package import ImflowPlan

/// Splits an image into tiles by its header alone: nothing is decoded here.
package enum TileSplitter {
    /// Units row by row from the top left, in px of the upright image, cut from `source` by ``TileCutter``. Of files with
    /// several pages, the first one counts.
    ///
    /// A unit's geometry has `index`, `x`, `y`, `width`, `height` (the real pixels), `row`, `column`, `image_width` and
    /// `image_height`; a tile that `tile_pad` makes larger has also `tile_width` and `tile_height`. With
    /// `tile_whole` the last unit is the whole image scaled down, which has `scaled_width` and `scaled_height`.
    ///
    /// - Parameter key: the input member that receives a tile's file.
    /// - Throws: cause `app` when the file is no image, has another size than its header says, or is beyond
    ///   ``ImageLimits``; `infra` when the content store fails.
    package static func split(
        source: ContentReference, key: String, plan: SplitPlan, content: ContentStore
    ) throws(Failure) -> [Unit] {
        guard content.contains(source.hash) else {
            throw Failure(.infra, "the content store lacks \(source.name) (\(source.hash)); run the job's fetch again")
        }
        let shape = try shape(content.path(of: source.hash), name: source.name)
        let grid = try TileGrid(imageWidth: shape.width, imageHeight: shape.height, plan: plan)
        try checkTile(shape, grid, plan, name: source.name)
        let text = source.text
        var units = (0..<grid.count).map { index in
            Unit(
                geometry: TileGeometry(index: index, in: grid).json, set: [:], tile: (key, text),
                tileFile: plan.tileFile)
        }
        if plan.tileWhole == true, let whole = TileGeometry(wholeOf: grid) {
            // In its own size it would not be what its geometry says.
            let file = plan.tileFile == .source ? nil : plan.tileFile
            units.append(Unit(geometry: whole.json, set: [:], tile: (key, text), tileFile: file))
        }
        return units
    }

    /// Of the upright image.
    private static func shape(_ path: String, name: String) throws(Failure) -> PixelShape {
        if let image = try SourceImage.open(path, name: name) { return image.shape }
        let header = try SourceConverter.header(path, name: name)
        return Orientation(exif: header.orientation).upright(header.shape)
    }

    /// What cannot be cut is refused before any shard runs.
    private static func checkTile(
        _ shape: PixelShape, _ grid: TileGrid, _ plan: SplitPlan, name: String
    ) throws(Failure) {
        if plan.tileFile == .png, !shape.fitsPNG { throw TileCutter.noPNG(shape, name: name) }
        if plan.tileFile == .source { return }
        let width = grid.pads ? grid.x.tile : grid.x.extent(0)
        let height = grid.pads ? grid.y.tile : grid.y.extent(0)
        guard width <= ImageLimits.side, height <= ImageLimits.side else {
            throw Failure(.app, "a tile's side may have \(ImageLimits.side) px; choose a smaller `tile_size`")
        }
        try ImageLimits.checkBlock(shape.resized(width: width, height: height), "`tile_size`: a tile")
    }
}
