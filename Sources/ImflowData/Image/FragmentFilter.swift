internal import ImflowExecution

/// Drops objects of one class that are only pieces of others, which some other tile saw better. An object that each tile
/// which shows a part of it has found is never dropped.
struct FragmentFilter {
    let scene: DetectionScene
    /// The share of a cut box, 0…1, that must be covered.
    let threshold: Double

    /// A box that touches no edge of its tile must be covered this much to count as a piece: a model may leave out the
    /// cut part of an object, as text recognition leaves out half a letter.
    private static let wholeCover = 0.8
    /// The objects that are no pieces of others. A piece is smaller than what it is a piece of, so whole and large
    /// objects are decided first.
    func whole(_ objects: [DetectedObject]) throws(Failure) -> [DetectedObject] {
        let suspects = objects.indices.filter { isSuspect(objects[$0]) }.sorted { precedes($0, $1, objects) }
        var larger = [[Int32]](repeating: [], count: suspects.count)
        var count = 0
        let rects = objects.map(\.rect)
        try BoxSweep.meetings(suspects.map { rects[$0] }, rects) { (suspect, other) throws(Failure) in
            let index = suspects[suspect]
            guard rects[index].intersection(rects[other]) != nil, precedes(other, index, objects),
                objects[index].isOfOtherTiles(than: objects[other], in: scene)
            else { return }
            count += 1
            guard count <= BoxSweep.pairLimit else { throw BoxSweep.tooMany(scene.boxes.count) }
            larger[suspect].append(Int32(other))
        }
        var isKept = [Bool](repeating: true, count: objects.count)
        for (place, index) in suspects.enumerated() {
            let kept = larger[place].map(Int.init).sorted().filter { isKept[$0] }.map { objects[$0] }
            isKept[index] = !isPiece(objects[index], of: kept)
        }
        return objects.indices.filter { isKept[$0] }.map { objects[$0] }
    }

    private func precedes(_ left: Int, _ right: Int, _ objects: [DetectedObject]) -> Bool {
        let (a, b) = (objects[left], objects[right])
        if a.isCut != b.isCut { return b.isCut }
        return a.rect.area == b.rect.area ? left < right : a.rect.area > b.rect.area
    }

    /// A cut object, or one that lies in another tile as well, which did not find it. Two tiles that agree on an object
    /// are not overruled.
    private func isSuspect(_ object: DetectedObject) -> Bool {
        if object.isCut { return true }
        guard object.wholeViews < 2, !scene.tile(of: object.best).isWhole else { return false }
        return scene.neighbours.around(scene.neighbours.place(of: scene.boxes[object.best].tile)).contains { place in
            let tile = scene.neighbours.tiles[Int(place)]
            return tile.rect.contains(object.rect, tolerance: tile.tolerance)
        }
    }

    private func isPiece(_ object: DetectedObject, of others: [DetectedObject]) -> Bool {
        if object.isCut {
            // One of them must go on behind an edge that cuts the piece; else the tile saw it beside the object.
            let goesOn = others.contains { other in
                object.sources.contains { box in
                    !object.openEdges(of: box, in: scene)
                        .isDisjoint(with: scene.tile(of: box).edges(crossedBy: other.rect))
                }
            }
            return goesOn && object.rect.coverage(by: others.map(\.rect)) >= threshold
        }
        return others.contains { other in
            !other.isCut
                && object.sources.allSatisfy { !scene.tile(of: $0).edges(crossedBy: other.rect).isEmpty }
                && other.sources.contains { box in
                    // What the whole image shows is too coarse to deny that there is something small.
                    let tile = scene.tile(of: box)
                    return !tile.isWhole && tile.rect.contains(object.rect, tolerance: tile.tolerance)
                }
                && object.rect.coverage(by: [other.rect]) >= max(threshold, Self.wholeCover)
        }
    }
}
