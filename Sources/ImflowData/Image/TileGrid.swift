internal import ImflowExecution
internal import ImflowPlan

/// Where tiles lie along one side of an image, in px.
struct TileAxis: Equatable {
    let length: Int
    let tile: Int
    let overlap: Int

    /// Fails when the tile is empty or the overlap leaves no step.
    init(length: Int, tile: Int, overlap: Int, name: String) throws(Failure) {
        guard tile > 0 else { throw Failure(.app, "a tile's \(name) must be at least 1 px, not \(tile)") }
        guard overlap >= 0, overlap < tile else {
            throw Failure(.app, "`tile_overlap` must be smaller than the tile's \(name), \(tile) px, not \(overlap)")
        }
        self.length = length
        self.tile = tile
        self.overlap = overlap
    }

    var step: Int { tile - overlap }
    /// As many as cover the side: the last one begins where those before it do not reach the end.
    var count: Int { length <= tile ? 1 : 1 + (length - tile + step - 1) / step }
    func start(_ index: Int) -> Int { index * step }
    /// Without padding.
    func extent(_ index: Int) -> Int { min(tile, length - start(index)) }
}

/// The tiles of an image, row by row from the top left.
struct TileGrid: Equatable {
    let x: TileAxis
    let y: TileAxis
    let pads: Bool

    init(imageWidth: Int, imageHeight: Int, plan: SplitPlan) throws(Failure) {
        x = try TileAxis(length: imageWidth, tile: plan.tileWidth, overlap: plan.tileOverlapX, name: "width")
        y = try TileAxis(length: imageHeight, tile: plan.tileHeight, overlap: plan.tileOverlapY, name: "height")
        pads = plan.tilePad
        let (count, overflow) = x.count.multipliedReportingOverflow(by: y.count)
        guard !overflow, count <= ImageLimits.tiles else {
            throw Failure(
                .app,
                "\(imageWidth) × \(imageHeight) px in tiles of \(plan.tileWidth) × \(plan.tileHeight) px are more than "
                    + "\(ImageLimits.tiles) units; choose a larger `tile_size` or a smaller `tile_overlap`")
        }
    }

    var count: Int { x.count * y.count }

    /// The real pixels of a tile.
    func rect(row: Int, column: Int) -> PixelRect {
        PixelRect(x: x.start(column), y: y.start(row), width: x.extent(column), height: y.extent(row))
    }
}
