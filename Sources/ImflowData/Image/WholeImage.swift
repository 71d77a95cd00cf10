internal import ImflowContent
internal import ImflowExecution

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

/// The view of a whole image that `tile_whole` adds to its tiles.
enum WholeImage {
    /// Decodes the source once, a few rows at a time, and answers it in the size that the geometry says.
    ///
    /// - Throws: cause `app` when it is damaged, or of a kind that cannot be scaled.
    static func block(_ source: ContentReference, to size: PixelSize, content: ContentStore) throws(Failure) -> PixelBlock {
        let image = try VipsImage(path: content.path(of: source.hash), name: source.name, access: .sequential)
        return try image.scaled(to: size)
    }
}
