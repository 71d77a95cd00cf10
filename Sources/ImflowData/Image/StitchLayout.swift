internal import ImflowExecution
internal import ImflowPlan

/// A tile and the image that a model made of it; nil: a hole.
struct StitchTile: Sendable {
    var geometry: TileGeometry
    var file: TileOutputFile?
    /// Of the output; nil with a hole. Label maps of any whole numbers are taken for such of uint32, which they become.
    var shape: PixelShape?

    /// Reads the header of the output.
    init(_ geometry: TileGeometry, _ file: TileOutputFile?, _ plan: MergePlan) throws(Failure) {
        self.geometry = geometry
        self.file = file
        shape = try file.map { (file) throws(Failure) in
            let shape = try TileOutput(file).shape
            guard plan.content == .labels else { return shape }
            try LabelTile.check(shape, name: file.name)
            return PixelShape(width: shape.width, height: shape.height, bands: 1, format: .uint32, color: .gray)
        }
    }
}

/// Where every tile's output lies in the stitched image. Checked: all outputs agree in pixels and in scale.
struct StitchLayout: Sendable {
    let x: StitchAxis
    let y: StitchAxis
    let shape: PixelShape
    /// By row and column, row by row; nil: a hole.
    private let tiles: [StitchTile?]

    init(_ found: [StitchTile], split: SplitPlan) throws(Failure) {
        guard let first = found.first else { throw Failure(.app, "there are no tiles to stitch") }
        let present = found.filter { $0.shape != nil }.sorted { $0.geometry.index < $1.geometry.index }
        guard let model = present.first, let pixels = model.shape else {
            throw Failure(.app, "no tile has an output, so there is nothing to stitch")
        }
        let grid = try TileGrid(
            imageWidth: first.geometry.imageWidth, imageHeight: first.geometry.imageHeight, plan: split)
        for tile in found { try Self.check(tile.geometry, in: grid) }
        for tile in present { try Self.check(tile, agreesWith: model) }
        x = try Self.axis(
            grid.x, present, name: "column", index: \.column, tile: \.tileWidth, real: \.rect.width, output: \.width)
        y = try Self.axis(
            grid.y, present, name: "row", index: \.row, tile: \.tileHeight, real: \.rect.height, output: \.height)
        shape = pixels.resized(width: x.total, height: y.total)
        var tiles = [StitchTile?](repeating: nil, count: grid.count)
        for tile in present { tiles[tile.geometry.index] = tile }
        self.tiles = tiles
        try ImageLimits.check(shape, name: "the stitched image")
    }

    /// Nil: a hole.
    func tile(row: Int, column: Int) -> StitchTile? { tiles[row * x.count + column] }

    /// What a tile's output covers of the stitched image.
    func rect(row: Int, column: Int) -> PixelRect {
        PixelRect(
            x: x.starts[column], y: y.starts[row], width: x.ends[column] - x.starts[column],
            height: y.ends[row] - y.starts[row])
    }

    /// What a hard blend shows of a tile's output, in the stitched image; may be empty.
    func cell(row: Int, column: Int) -> PixelRect {
        let (xs, ys) = (x.cell(column), y.cell(row))
        return PixelRect(x: xs.lowerBound, y: ys.lowerBound, width: xs.count, height: ys.count)
    }

    private static func check(_ geometry: TileGeometry, in grid: TileGrid) throws(Failure) {
        guard geometry.imageWidth == grid.x.length, geometry.imageHeight == grid.y.length,
            geometry.index < grid.count, geometry == TileGeometry(index: geometry.index, in: grid)
        else {
            throw Failure(.app, "unit \(geometry.index) is not a tile of the image and the grid that the others are of")
        }
    }

    private static func check(_ tile: StitchTile, agreesWith model: StitchTile) throws(Failure) {
        guard let shape = tile.shape, let expected = model.shape, !shape.hasSamePixels(as: expected) else { return }
        throw Failure(
            .app,
            "tiles cannot be stitched: unit \(model.geometry.index) gave an image with \(expected.pixelDescription), "
                + "unit \(tile.geometry.index) one with \(shape.pixelDescription)")
    }

    /// Takes the scale from the largest tile, since a border tile's output may be rounded to whole px, and checks it
    /// for all.
    private static func axis(
        _ axis: TileAxis, _ tiles: [StitchTile], name: String, index: KeyPath<TileGeometry, Int>,
        tile input: KeyPath<TileGeometry, Int>, real: KeyPath<TileGeometry, Int>, output: KeyPath<PixelShape, Int>
    ) throws(Failure) -> StitchAxis {
        var scale = (numerator: 1, denominator: 1)
        var largest = 0
        for tile in tiles where tile.geometry[keyPath: input] > largest {
            largest = tile.geometry[keyPath: input]
            scale = reduce(tile.shape?[keyPath: output] ?? 1, largest)
        }
        var outputs = [Int?](repeating: nil, count: axis.count)
        for tile in tiles {
            let extent = tile.geometry[keyPath: input]
            guard let shown = tile.shape?[keyPath: output] else { continue }
            let difference = shown * scale.denominator - extent * scale.numerator
            let position = tile.geometry[keyPath: index]
            let isPadded = extent != tile.geometry[keyPath: real]
            let visible =
                isPadded
                ? (tile.geometry[keyPath: real] * scale.numerator + scale.denominator - 1) / scale.denominator : shown
            guard abs(difference) < scale.denominator, outputs[position] ?? visible == visible else {
                throw Failure(
                    .app,
                    "tiles cannot be stitched: unit \(tile.geometry.index) gave \(shown) px for a tile of \(extent) px "
                        + "along its \(name), where the others scale by \(scale.numerator)/\(scale.denominator)")
            }
            outputs[position] = visible
        }
        return try StitchAxis(axis, scale: scale, outputs: outputs)
    }

    private static func reduce(_ numerator: Int, _ denominator: Int) -> (numerator: Int, denominator: Int) {
        var (a, b) = (numerator, denominator)
        while b != 0 { (a, b) = (b, a % b) }
        return (numerator / max(1, a), denominator / max(1, a))
    }
}
