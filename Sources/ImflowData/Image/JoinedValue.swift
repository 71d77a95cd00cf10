internal import ImflowJSON

/// What is answered for an object: the model's own object of the box that stands for it, in px of the source. For pieces
/// that were joined it has their union as its box, all their outlines, and their keypoints.
struct JoinedValue {
    let scene: DetectionScene
    let object: DetectedObject

    var value: JSONObject {
        let best = scene.boxes[object.best]
        let tile = scene.tile(of: object.best)
        guard object.isJoined else { return best.moved(from: tile) }
        guard var corners = best.corners(tile) else { return best.moved(from: tile) }
        for other in object.others {
            if let more = scene.boxes[other].corners(scene.tile(of: other)) { corners.formUnion(more) }
        }
        var value = best.moved(from: tile, to: corners.rect == best.rect ? nil : corners)
        var area = object.rect.area
        for key in DetectionShapes.outlineKeys {
            guard let outline = outline(key) else { continue }
            value[key] = outline.json
            area = outline.area
        }
        for key in DetectionShapes.maskKeys {
            guard let mask = mask(key) else { continue }
            DetectionShapes.set(mask, key, in: &value)
            area = Double(mask.area)
        }
        if case .int? = value["area"], area == area.rounded() {
            value["area"] = .int(Int64(area))
        } else if value["area"]?.doubleValue != nil {
            value["area"] = .number(area)
        }
        joinKeypoints(&value)
        return value
    }

    /// The rings of all pieces in the order of their tiles, each cut to what its tile shows alone and half of what it
    /// shares with another piece's, so that they lie beside each other. Nil when the best piece has none.
    private func outline(_ key: String) -> Outline? {
        guard scene.boxes[object.best].value[key]?.arrayValue != nil else { return nil }
        var joined: Outline?
        for box in object.boxes.sorted() {
            guard case .array(let items)? = scene.boxes[box].value[key], var outline = Outline(items) else { continue }
            outline.move(by: TileMove(scene.tile(of: box)))
            outline.clip(to: share(of: box))
            if joined == nil { joined = outline } else { joined?.append(outline) }
        }
        return joined
    }

    /// What any piece has inside. Nil when the best piece has no mask.
    private func mask(_ key: String) -> RunLengthMask? {
        var joined: RunLengthMask?
        for box in object.boxes {
            let mask = scene.boxes[box].value[key]?.objectValue.flatMap { RunLengthMask($0) }
            guard let mask = mask?.moved(from: scene.tile(of: box)) else {
                if box == object.best { return nil }
                continue
            }
            if joined == nil { joined = mask } else { joined?.formUnion(mask) }
        }
        return joined
    }

    private func share(of box: Int) -> BoxRect {
        let tile = scene.tile(of: box).rect
        // What stands over the image's border is not cut.
        var share = tile.union(scene.boxes[box].rect)
        for other in object.boxes where other != box {
            let next = scene.tile(of: other).rect
            guard let common = tile.intersection(next) else { continue }
            if common.width <= common.height, next.minX != tile.minX {
                let middle = ((common.minX + common.maxX) / 2).rounded(.down)
                if next.minX > tile.minX { share.maxX = min(share.maxX, middle) } else { share.minX = max(share.minX, middle) }
            } else if next.minY != tile.minY {
                let middle = ((common.minY + common.maxY) / 2).rounded(.down)
                if next.minY > tile.minY { share.maxY = min(share.maxY, middle) } else { share.minY = max(share.minY, middle) }
            }
        }
        return share
    }

    private func joinKeypoints(_ value: inout JSONObject) {
        guard case .array(let items)? = value["keypoints"], var points = Keypoints(items) else { return }
        for other in object.others {
            guard case .array(let items)? = scene.boxes[other].value["keypoints"], var more = Keypoints(items) else {
                continue
            }
            more.move(by: TileMove(scene.tile(of: other)))
            points.combine(more)
        }
        value["keypoints"] = points.json
        if value["num_keypoints"] != nil, let count = points.labelled { value["num_keypoints"] = .int(Int64(count)) }
    }
}
