/// An object of the image, put together from what tiles saw of it. Boxes are named by their places in a
/// ``DetectionScene``.
struct DetectedObject: Sendable {
    /// In px of the source.
    let rect: BoxRect
    /// The box whose members stand for it.
    let best: Int
    /// The other boxes of it, each of a tile of its own.
    let others: [Int]
    /// ``rect`` is the union of all boxes: no tile saw it whole.
    let isJoined: Bool
    /// How many tiles saw it whole.
    let wholeViews: Int
    /// Some piece ends at an edge that no other piece crosses: the object goes on where nobody saw it.
    let isCut: Bool

    var boxes: [Int] { [best] + others }
    /// The boxes that ``rect`` was made of.
    var sources: [Int] { isJoined ? boxes : [best] }

    /// One box alone.
    init(_ box: Int, in scene: DetectionScene) {
        let value = scene.boxes[box]
        rect = value.rect
        best = box
        others = []
        isJoined = false
        wholeViews = value.cut.isEmpty ? 1 : 0
        isCut = !value.cut.isEmpty
    }

    /// Boxes of one object, of different tiles, in order.
    init(_ members: [Int], in scene: DetectionScene) {
        if members.count == 1 { self.init(members[0], in: scene) } else { self.init(joining: members, in: scene) }
    }

    private init(joining members: [Int], in scene: DetectionScene) {
        let union = members.dropFirst().reduce(scene.boxes[members[0]].rect) { $0.union(scene.boxes[$1].rect) }
        let whole = members.filter { box in
            scene.boxes[box].cut.isEmpty && scene.tile(of: box).edges(crossedBy: union).isEmpty
        }
        let best = (whole.isEmpty ? members : whole).min { Self.isBetter($0, $1, scene) } ?? members[0]
        self.best = best
        others = members.filter { $0 != best }
        wholeViews = whole.count
        isJoined = whole.isEmpty
        rect = whole.isEmpty ? union : scene.boxes[best].rect
        isCut =
            whole.isEmpty
            && members.contains { !scene.boxes[$0].cut.subtracting(scene.tile(of: $0).edges(crossedBy: union)).isEmpty }
    }

    /// By score, then area, then place.
    private static func isBetter(_ left: Int, _ right: Int, _ scene: DetectionScene) -> Bool {
        let (a, b) = (scene.boxes[left], scene.boxes[right])
        return a.score == b.score && a.rect.area == b.rect.area
            ? left < right : (a.score, a.rect.area) > (b.score, b.rect.area)
    }

    /// The edges behind which it goes on, of one of its boxes.
    func openEdges(of box: Int, in scene: DetectionScene) -> BoxEdges {
        scene.boxes[box].cut.subtracting(scene.tile(of: box).edges(crossedBy: rect))
    }

    /// Whether no tile saw both.
    func isOfOtherTiles(than other: DetectedObject, in scene: DetectionScene) -> Bool {
        let tiles = boxes.map { scene.boxes[$0].tile }
        return other.boxes.allSatisfy { !tiles.contains(scene.boxes[$0].tile) }
    }
}
