/// In px.
struct PixelSize: Equatable {
    var width: Int
    var height: Int
}

extension TileGeometry {
    /// The unit after all tiles of a grid (`tile_whole`): the whole image, scaled down to fit a tile; `tile_pad` fills it
    /// up. Nil when one tile shows the whole image anyway.
    init?(wholeOf grid: TileGrid) {
        guard grid.count > 1 else { return nil }
        self.init(index: 0, in: grid)
        let (width, height) = (grid.x.length, grid.y.length)
        let scale = min(Double(grid.x.tile) / Double(width), Double(grid.y.tile) / Double(height))
        let size = PixelSize(
            width: min(grid.x.tile, max(1, Int((Double(width) * scale).rounded()))),
            height: min(grid.y.tile, max(1, Int((Double(height) * scale).rounded()))))
        index = grid.count
        rect = PixelRect(x: 0, y: 0, width: width, height: height)
        scaled = size
        tileWidth = grid.pads ? grid.x.tile : size.width
        tileHeight = grid.pads ? grid.y.tile : size.height
    }
}
