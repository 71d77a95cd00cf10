/// A tile as detections see it.
struct DetectionTile: Sendable {
    /// The unit's.
    let index: Int
    /// In px of the source.
    let rect: BoxRect
    /// Edges that are not the image's border: objects go on behind them.
    let interior: BoxEdges
    /// How near to an edge counts as touching it, in px: models that answer fractions miss it by more on larger tiles.
    let tolerance: Double
    /// Px of the source that one px of the model's answer stands for, along x and y: more than 1 in the view of the
    /// whole image alone.
    let scaleX: Double
    let scaleY: Double
    /// The whole image, scaled down.
    let isWhole: Bool
    /// Of the source.
    let image: PixelSize
    /// Of what the model was given: without padding, and with it.
    let shown: PixelSize
    let given: PixelSize

    init(_ geometry: TileGeometry) {
        index = geometry.index
        let place = geometry.rect
        rect = BoxRect(
            minX: Double(place.x), minY: Double(place.y), maxX: Double(place.maxX), maxY: Double(place.maxY))
        var interior: BoxEdges = []
        if place.x > 0 { interior.insert(.left) }
        if place.y > 0 { interior.insert(.top) }
        if place.maxX < geometry.imageWidth { interior.insert(.right) }
        if place.maxY < geometry.imageHeight { interior.insert(.bottom) }
        self.interior = interior
        tolerance = max(1, Double(max(place.width, place.height)) / 512)
        isWhole = geometry.scaled != nil
        image = PixelSize(width: geometry.imageWidth, height: geometry.imageHeight)
        shown = geometry.scaled ?? PixelSize(width: place.width, height: place.height)
        given = PixelSize(width: geometry.tileWidth, height: geometry.tileHeight)
        scaleX = geometry.scaled.map { Double(place.width) / Double($0.width) } ?? 1
        scaleY = geometry.scaled.map { Double(place.height) / Double($0.height) } ?? 1
    }

    /// The interior edges that `box` touches or crosses: what the tile shows of the object may end there.
    func edges(cutting box: BoxRect) -> BoxEdges { edges(box, reach: tolerance) }

    /// The interior edges behind which `box` goes on: the tile cannot have shown it whole.
    func edges(crossedBy box: BoxRect) -> BoxEdges { edges(box, reach: -tolerance) }

    private func edges(_ box: BoxRect, reach: Double) -> BoxEdges {
        var edges: BoxEdges = []
        if box.minX < rect.minX + reach || (reach > 0 && box.minX == rect.minX + reach) { edges.insert(.left) }
        if box.minY < rect.minY + reach || (reach > 0 && box.minY == rect.minY + reach) { edges.insert(.top) }
        if box.maxX > rect.maxX - reach || (reach > 0 && box.maxX == rect.maxX - reach) { edges.insert(.right) }
        if box.maxY > rect.maxY - reach || (reach > 0 && box.maxY == rect.maxY - reach) { edges.insert(.bottom) }
        return edges.intersection(interior)
    }
}
