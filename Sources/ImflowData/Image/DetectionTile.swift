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
