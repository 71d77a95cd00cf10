internal import ImflowExecution

/// Drops objects of one class that are only pieces of others, which some other tile saw better.
struct FragmentFilter {
    /// The share of a cut box, 0…1, that must be covered.
    let threshold: Double

    /// A box that touches no edge of its tile must be covered this much to count as a piece: a model may leave out the
    /// cut part of an object, as text recognition leaves out half a letter.
    private static let wholeCover = 0.8

    /// The objects that are no pieces of others. A piece is smaller than what it is a piece of, so whole and large
    /// objects are decided first.
    func whole(_ objects: [DetectedObject]) throws(Failure) -> [DetectedObject] {
        let ordered = objects.sorted { left, right in
            if left.isCut != right.isCut { return right.isCut }
            if left.rect.area != right.rect.area { return left.rect.area > right.rect.area }
            return left.precedes(right)
        }
        var larger = [[Int]](repeating: [], count: ordered.count)
        let pairs = try BoxSweep.pairs(ordered.map(\.rect), margin: 0) { first, second in
            ordered[first].rect.intersection(ordered[second].rect) != nil
                && Self.areOfDifferentTiles(ordered[first], ordered[second]) ? (first, second) : nil
        }
        for (first, second) in pairs { larger[second].append(first) }
        var isKept = [Bool](repeating: true, count: ordered.count)
        for index in ordered.indices {
            let kept = larger[index].filter { isKept[$0] }.map { ordered[$0] }
            isKept[index] = !isPiece(ordered[index], of: kept)
        }
        return ordered.indices.filter { isKept[$0] }.map { ordered[$0] }
    }

    private static func areOfDifferentTiles(_ left: DetectedObject, _ right: DetectedObject) -> Bool {
        left.sources.allSatisfy { one in right.sources.allSatisfy { $0.tile.index != one.tile.index } }
    }

    private func isPiece(_ object: DetectedObject, of others: [DetectedObject]) -> Bool {
        if object.isCut {
            // One of them must go on behind an edge that cuts the piece; else the tile saw it beside the object.
            let goesOn = others.contains { other in
                object.sources.contains { box in
                    !box.cut.subtracting(box.tile.edges(crossedBy: object.rect))
                        .isDisjoint(with: box.tile.edges(crossedBy: other.rect))
                }
            }
            return goesOn && object.rect.coverage(by: others.map(\.rect)) >= threshold
        }
        // Two tiles that agree on an object are not overruled.
        guard object.wholeViews < 2 else { return false }
        return others.contains { other in
            !other.isCut
                && object.sources.allSatisfy { !$0.tile.edges(crossedBy: other.rect).isEmpty }
                && other.sources.contains { $0.tile.rect.contains(object.rect, tolerance: $0.tile.tolerance) }
                && object.rect.coverage(by: [other.rect]) >= max(threshold, Self.wholeCover)
        }
    }
}
