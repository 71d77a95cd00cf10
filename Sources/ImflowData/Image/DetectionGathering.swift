package import ImflowExecution
package import ImflowJSON
package import ImflowPlan

/// The boxes of any units of a stage, gathered in any order: gatherings are combined in any order and grouping, and what
/// comes of them is the same to the byte. Holds the boxes as the model wrote them, about 100 bytes more for each.
package struct DetectionGathering: Sendable {
    /// Boxes in all.
    static let boxLimit = 4_000_000

    /// By unit.
    private var tiles: [Int: DetectionTile] = [:]
    private var boxes: [DetectionBox] = []

    package init() {}

    /// Adds what a unit answered: a list of box objects, or an object with exactly one list of them.
    ///
    /// - Throws: cause `app` when the unit is no tile, the result holds no such boxes, or there are too many.
    package mutating func add(_ unit: Unit, _ result: JSONValue) throws(Failure) {
        let tile = DetectionTile(try TileGeometry(unit))
        try enter(tile)
        let list = try Self.list(in: result, of: unit)
        try checkCount(adding: list.count)
        for position in list.indices { boxes.append(try DetectionBox(list[position], in: tile, position: position)) }
    }

    /// Adds another gathering, of other units.
    ///
    /// - Throws: cause `app` when there are too many boxes.
    package mutating func combine(_ other: DetectionGathering) throws(Failure) {
        for tile in other.tiles.values { try enter(tile) }
        try checkCount(adding: other.boxes.count)
        boxes += other.boxes
    }

    /// The objects that the boxes show: see ``DetectionMerger``.
    ///
    /// - Throws: cause `app` when too many boxes overlap; `cancelled`.
    package func merged(_ plan: MergePlan) throws(Failure) -> JSONValue {
        let seen = Set(boxes.lazy.map(\.tile))
        let neighbours = try TileNeighbours(tiles.values.filter { seen.contains($0.index) })
        let isAgnostic = plan.classAgnostic ?? false
        var objects: [LocatedObject] = []
        objects.reserveCapacity(boxes.count)
        for positions in Dictionary(grouping: boxes.indices, by: { isAgnostic ? "" : boxes[$0].className }).values {
            try checkCancellation()
            let scene = DetectionScene(positions.map { boxes[$0] }, neighbours)
            objects += try scene.objects(plan)
        }
        let order = TiedOrder.sorted(objects.indices, by: { objects[$0].place < objects[$1].place }) {
            JSONValue.object(objects[$0].value).canonicalBytes()
        }
        return .array(order.map { .object(objects[$0].value) })
    }

    private mutating func enter(_ tile: DetectionTile) throws(Failure) {
        if let known = tiles.updateValue(tile, forKey: tile.index), known.rect != tile.rect {
            throw Failure(.app, "detections: two units have the index \(tile.index)")
        }
    }

    private func checkCount(adding count: Int) throws(Failure) {
        guard boxes.count + count <= Self.boxLimit else {
            throw Failure(.app, "detections: more than \(Self.boxLimit) boxes; let the model answer fewer")
        }
    }

    private static func list(in result: JSONValue, of unit: Unit) throws(Failure) -> [JSONValue] {
        if case .array(let list) = result { return list }
        let lists = result.objectValue?.values.compactMap(\.arrayValue) ?? []
        guard lists.count == 1 else {
            throw Failure(
                .app,
                "detections: unit \(unit.index) must give a list of boxes, or an object with exactly one list; it gave "
                    + (result.objectValue == nil ? result.kindName : "an object with \(lists.count) lists"))
        }
        return lists[0]
    }
}

/// An object as it is answered.
struct LocatedObject: Sendable {
    let rect: BoxRect
    /// In px of the source.
    let value: JSONObject

    /// What the result is sorted by first.
    var place: (Double, Double, Double, Double) { (rect.minY, rect.minX, rect.maxY, rect.maxX) }
}

/// Which tiles lie so that they can show one object.
struct TileNeighbours: Sendable {
    /// In the order of their units.
    let tiles: [DetectionTile]
    /// By unit: the place in ``tiles``.
    private let places: [Int: Int]
    /// By place in ``tiles``: the places of others in order, without that of the whole image.
    private let around: [[Int32]]

    /// Neighbours in all, which take 4 bytes each.
    private static let limit = 50_000_000

    /// Fails with cause `app` when too many overlap.
    init(_ tiles: [DetectionTile]) throws(Failure) {
        let tiles = tiles.sorted { $0.index < $1.index }
        self.tiles = tiles
        places = Dictionary(uniqueKeysWithValues: tiles.enumerated().map { ($1.index, $0) })
        var around = [[Int32]](repeating: [], count: tiles.count)
        var count = 0
        let cut = tiles.indices.filter { !tiles[$0].isWhole }
        try BoxSweep.meetings(among: cut.map { tiles[$0].rect }) { (first, second) throws(Failure) in
            count += 2
            guard count <= Self.limit else {
                throw Failure(.app, "detections: too many tiles overlap; choose a smaller `tile_overlap`")
            }
            around[cut[first]].append(Int32(cut[second]))
            around[cut[second]].append(Int32(cut[first]))
        }
        for index in around.indices { around[index].sort() }
        self.around = around
    }

    func place(of unit: Int) -> Int { places[unit] ?? 0 }
    /// Those that overlap or touch a tile.
    func around(_ place: Int) -> [Int32] { around[place] }
    /// Of these, the later ones.
    func later(than place: Int) -> ArraySlice<Int32> { around[place].drop { $0 < place } }
}

/// An order by a key that is cheap to compare, and among equal keys by bytes that are dear to make.
enum TiedOrder {
    static func sorted(
        _ indices: Range<Int>, by precedes: (Int, Int) -> Bool, bytes: (Int) -> [UInt8]
    ) -> [Int] {
        var order = indices.sorted(by: precedes)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, !precedes(order[start], order[end]) { end += 1 }
            if end - start > 1 {
                let run = order[start..<end].map { (index: $0, bytes: bytes($0)) }
                    .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
                order.replaceSubrange(start..<end, with: run.map(\.index))
            }
            start = end
        }
        return order
    }
}
