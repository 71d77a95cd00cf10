internal import ImflowExecution
internal import ImflowJSON

/// One box that a model found in one tile, in px of the source.
struct DetectionBox: Sendable {
    /// How the model writes a box.
    enum Form: Sendable {
        /// `box: [x_min, y_min, x_max, y_max]`.
        case corners
        /// `bbox: [x, y, width, height]`, as COCO has it.
        case coco
        /// Members `x`, `y`, `width`, `height`.
        case members
    }

    /// A coordinate that stays an integer when the model wrote one.
    struct Number: Sendable, Equatable {
        var value: Double
        var isInteger: Bool

        /// Larger coordinates than this are no px.
        static let limit = 1e9

        init(_ value: Double, isInteger: Bool) {
            self.value = value
            self.isInteger = isInteger
        }

        init?(_ json: JSONValue?) {
            guard let json, let value = json.doubleValue, abs(value) <= Number.limit else { return nil }
            self.value = value
            if case .int = json { isInteger = true } else { isInteger = false }
        }

        var json: JSONValue { isInteger ? .int(Int64(value)) : .number(value) }
        static func + (left: Number, right: Number) -> Number {
            Number(left.value + right.value, isInteger: left.isInteger && right.isInteger)
        }
        static func - (left: Number, right: Number) -> Number {
            Number(left.value - right.value, isInteger: left.isInteger && right.isInteger)
        }
    }

    /// The box's corners.
    struct Corners: Sendable, Equatable {
        var minX: Number
        var minY: Number
        var maxX: Number
        var maxY: Number

        var rect: BoxRect { BoxRect(minX: minX.value, minY: minY.value, maxX: maxX.value, maxY: maxY.value) }

        func union(_ other: Corners) -> Corners {
            Corners(
                minX: other.minX.value < minX.value ? other.minX : minX,
                minY: other.minY.value < minY.value ? other.minY : minY,
                maxX: other.maxX.value > maxX.value ? other.maxX : maxX,
                maxY: other.maxY.value > maxY.value ? other.maxY : maxY)
        }
    }

    let tile: DetectionTile
    let form: Form
    let corners: Corners
    let rect: BoxRect
    /// The model's object, moved into the source.
    let value: JSONObject
    /// The canonical text of ``value``.
    let text: String
    /// The canonical text of the class; empty without one.
    let className: String
    /// 0 without one.
    let score: Double
    /// The interior edges of its tile that it touches.
    let cut: BoxEdges

    /// Moves the box by its tile's place. Fails when it has no four finite numbers, or a negative size.
    init(_ json: JSONValue, tile: DetectionTile, position: Int) throws(Failure) {
        guard let object = json.objectValue else {
            throw Self.bad(tile, position, "is \(json.kindName), where an object with a box is expected")
        }
        guard let (form, numbers) = Self.numbers(object) else {
            throw Self.bad(
                tile, position,
                "has no box: give `box` [x_min, y_min, x_max, y_max], `bbox` [x, y, width, height], or the numbers "
                    + "`x`, `y`, `width` and `height`")
        }
        let dx = Number(tile.rect.minX, isInteger: true)
        let dy = Number(tile.rect.minY, isInteger: true)
        let start = (x: numbers[0] + dx, y: numbers[1] + dy)
        let end =
            form == .corners
            ? (x: numbers[2] + dx, y: numbers[3] + dy) : (x: start.x + numbers[2], y: start.y + numbers[3])
        guard end.x.value >= start.x.value, end.y.value >= start.y.value else {
            throw Self.bad(tile, position, "has a negative size")
        }
        self.tile = tile
        self.form = form
        corners = Corners(minX: start.x, minY: start.y, maxX: end.x, maxY: end.y)
        rect = corners.rect
        // The size is left as it was written, so that no rounding creeps in.
        let size = form == .corners ? (end.x, end.y) : (numbers[2], numbers[3])
        value = Self.place(object, form, [start.x, start.y, size.0, size.1])
        text = JSONValue.object(value).canonicalText
        className = (object["class"] ?? object["label"] ?? object["category"])?.canonicalText ?? ""
        score = (object["score"] ?? object["confidence"])?.doubleValue ?? 0
        cut = tile.edges(cutting: rect)
    }

    /// The model's object with other corners, in its own form.
    func value(at corners: Corners) -> JSONObject {
        let size =
            form == .corners
            ? (corners.maxX, corners.maxY) : (corners.maxX - corners.minX, corners.maxY - corners.minY)
        return Self.place(value, form, [corners.minX, corners.minY, size.0, size.1])
    }

    private static func numbers(_ object: JSONObject) -> (Form, [Number])? {
        let form: Form = object["box"] != nil ? .corners : object["bbox"] != nil ? .coco : .members
        let values: [JSONValue?] =
            switch form {
            case .corners: object["box"]?.arrayValue ?? []
            case .coco: object["bbox"]?.arrayValue ?? []
            case .members: [object["x"], object["y"], object["width"], object["height"]]
            }
        let numbers = values.compactMap { Number($0) }
        return values.count == 4 && numbers.count == 4 ? (form, numbers) : nil
    }

    private static func place(_ object: JSONObject, _ form: Form, _ numbers: [Number]) -> JSONObject {
        var object = object
        let values = numbers.map(\.json)
        switch form {
        case .corners: object["box"] = .array(values)
        case .coco: object["bbox"] = .array(values)
        case .members: for (key, value) in zip(["x", "y", "width", "height"], values) { object[key] = value }
        }
        return object
    }

    private static func bad(_ tile: DetectionTile, _ position: Int, _ what: String) -> Failure {
        Failure(.app, "detections: box \(position) of unit \(tile.index) \(what)")
    }
}
