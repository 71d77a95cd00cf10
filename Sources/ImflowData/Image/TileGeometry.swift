internal import ImflowExecution
internal import ImflowJSON

/// What a tile's unit says of its place, in px of the source image.
struct TileGeometry: Sendable, Equatable {
    var index: Int
    /// The real pixels.
    var rect: PixelRect
    var row: Int
    var column: Int
    var imageWidth: Int
    var imageHeight: Int
    /// The size that the tile is padded to on its right and below; that of ``rect`` without `tile_pad`.
    var tileWidth: Int
    var tileHeight: Int
    /// The size that ``rect`` is scaled down to, of the unit that shows the whole image; nil for tiles.
    var scaled: PixelSize?

    /// Row by row, as ``TileGrid`` counts.
    init(index: Int, in grid: TileGrid) {
        self.index = index
        row = index / grid.x.count
        column = index % grid.x.count
        rect = grid.rect(row: row, column: column)
        imageWidth = grid.x.length
        imageHeight = grid.y.length
        tileWidth = grid.pads ? grid.x.tile : rect.width
        tileHeight = grid.pads ? grid.y.tile : rect.height
    }

    /// Fails when the unit is no tile, or lies outside of its image.
    init(_ unit: Unit) throws(Failure) {
        func member(_ key: String, atLeast minimum: Int) throws(Failure) -> Int {
            guard let value = unit.geometry[key]?.intValue, value >= minimum, value <= ImageLimits.side else {
                throw Failure(.app, "unit \(unit.index) is no tile of an image: use `split_mode: tile` with this merge")
            }
            return value
        }
        index = unit.index
        rect = PixelRect(
            x: try member("x", atLeast: 0), y: try member("y", atLeast: 0), width: try member("width", atLeast: 1),
            height: try member("height", atLeast: 1))
        row = try member("row", atLeast: 0)
        column = try member("column", atLeast: 0)
        imageWidth = try member("image_width", atLeast: rect.maxX)
        imageHeight = try member("image_height", atLeast: rect.maxY)
        let isPadded = unit.geometry["tile_width"] != nil
        scaled = nil
        if unit.geometry["scaled_width"] != nil {
            scaled = PixelSize(
                width: try member("scaled_width", atLeast: 1), height: try member("scaled_height", atLeast: 1))
        }
        let shown = scaled ?? PixelSize(width: rect.width, height: rect.height)
        tileWidth = isPadded ? try member("tile_width", atLeast: shown.width) : shown.width
        tileHeight = isPadded ? try member("tile_height", atLeast: shown.height) : shown.height
    }

    var json: JSONObject {
        var members: JSONObject = [:]
        func set(_ key: String, _ value: Int) { members[key] = .int(Int64(value)) }
        set("index", index)
        set("x", rect.x)
        set("y", rect.y)
        set("width", rect.width)
        set("height", rect.height)
        set("row", row)
        set("column", column)
        set("image_width", imageWidth)
        set("image_height", imageHeight)
        if let scaled {
            set("scaled_width", scaled.width)
            set("scaled_height", scaled.height)
        }
        if tileWidth != (scaled?.width ?? rect.width) || tileHeight != (scaled?.height ?? rect.height) {
            set("tile_width", tileWidth)
            set("tile_height", tileHeight)
        }
        return members
    }
}
