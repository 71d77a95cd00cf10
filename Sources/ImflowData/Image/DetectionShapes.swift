internal import ImflowJSON

/// The members of a box object that hold places beside the box: outlines in `polygon` and `segmentation`, run-length masks
/// in `segmentation` and `mask`, `keypoints`, and the `area` that goes with them. Anything else under these names is left
/// as it is.
enum DetectionShapes {
    static let outlineKeys = ["polygon", "segmentation"]
    static let maskKeys = ["segmentation", "mask"]

    struct Malformed: Error { var reason: String }

    /// Refuses what cannot be moved.
    static func check(_ object: JSONObject, in tile: DetectionTile) throws(Malformed) {
        for key in outlineKeys {
            guard case .array(let items)? = object[key], Outline(items) == nil else { continue }
            throw Malformed(
                reason: "has a `\(key)` that is no outline: give [x1, y1, x2, y2, …], a list of [x, y], or a list of "
                    + "such rings")
        }
        for key in maskKeys {
            guard case .object(let members)? = object[key], members["counts"] != nil else { continue }
            guard let mask = RunLengthMask(members) else {
                throw Malformed(
                    reason: "has a `\(key)` that is no run-length mask: give COCO's `size` [height, width], and `counts` "
                        + "that fill it")
            }
            guard mask.size == tile.shown || mask.size == tile.given else {
                throw Malformed(
                    reason: "has a mask of \(mask.size.width) × \(mask.size.height) px in `\(key)`, where the model was "
                        + "given \(tile.given.width) × \(tile.given.height) px")
            }
        }
        if case .array(let items)? = object["keypoints"], Keypoints(items) == nil {
            throw Malformed(
                reason: "has `keypoints` that are none: give COCO's [x1, y1, v1, x2, …], or a list of [x, y, …]")
        }
    }

    /// Puts a mask in the place of that which the box has.
    static func set(_ mask: RunLengthMask, _ key: String, in object: inout JSONObject) {
        guard case .object(var members)? = object[key] else { return }
        for (name, value) in mask.json { members[name] = value }
        object[key] = .object(members)
    }

    static func move(_ object: inout JSONObject, from tile: DetectionTile) {
        let move = TileMove(tile)
        for key in maskKeys {
            guard case .object(let members)? = object[key], let mask = RunLengthMask(members) else { continue }
            set(mask.moved(from: tile), key, in: &object)
        }
        for key in outlineKeys {
            guard case .array(let items)? = object[key], var outline = Outline(items) else { continue }
            outline.move(by: move)
            object[key] = outline.json
        }
        if case .array(let items)? = object["keypoints"], var points = Keypoints(items) {
            points.move(by: move)
            object["keypoints"] = points.json
        }
        if move.areaScale != 1, let area = object["area"]?.doubleValue {
            object["area"] = .number(area * move.areaScale)
        }
    }
}

/// A skeleton's points.
struct Keypoints: Sendable {
    /// Each with its further numbers: visibility or score.
    private var points: [JSONValue]
    /// COCO's `[x1, y1, v1, x2, y2, v2, …]`, rather than a list of points.
    private let isFlat: Bool

    /// Nil when they are none: triples of numbers one after the other, a list of `[x, y, …]`, or of objects with `x` and
    /// `y`.
    init?(_ json: [JSONValue]) {
        isFlat = json.first?.doubleValue != nil
        guard isFlat else {
            guard json.allSatisfy({ Self.place($0) != nil }) else { return nil }
            points = json
            return
        }
        guard json.count.isMultiple(of: 3), json.allSatisfy({ PixelNumber($0) != nil }) else { return nil }
        points = stride(from: 0, to: json.count, by: 3).map { .array(Array(json[$0..<$0 + 3])) }
    }

    private static func place(_ point: JSONValue) -> (x: PixelNumber, y: PixelNumber)? {
        let pair: (JSONValue?, JSONValue?)
        switch point {
        case .array(let numbers) where numbers.count >= 2: pair = (numbers[0], numbers[1])
        case .object(let members): pair = (members["x"], members["y"])
        default: return nil
        }
        guard let x = PixelNumber(pair.0), let y = PixelNumber(pair.1) else { return nil }
        return (x, y)
    }

    /// Points that COCO calls not labelled stay 0, 0.
    mutating func move(by move: TileMove) {
        for index in points.indices {
            guard !(isFlat && visibility(index) == 0), let place = Self.place(points[index]) else { continue }
            switch points[index] {
            case .array(var numbers):
                numbers[0] = move.x(place.x).json
                numbers[1] = move.y(place.y).json
                points[index] = .array(numbers)
            case .object(var members):
                members["x"] = move.x(place.x).json
                members["y"] = move.y(place.y).json
                points[index] = .object(members)
            default: break
            }
        }
    }

    private func visibility(_ index: Int) -> Double { points[index].arrayValue?[2].doubleValue ?? 0 }

    /// Of COCO's: each point as the piece that shows it best has it. Others stay as they are.
    mutating func combine(_ other: Keypoints) {
        guard isFlat, other.isFlat, points.count == other.points.count else { return }
        for index in points.indices where other.visibility(index) > visibility(index) {
            points[index] = other.points[index]
        }
    }

    /// How many COCO calls labelled; nil for other forms.
    var labelled: Int? { isFlat ? points.indices.count { visibility($0) > 0 } : nil }

    var json: JSONValue { .array(isFlat ? points.flatMap { $0.arrayValue ?? [] } : points) }
}
