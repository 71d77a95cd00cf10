internal import ImflowExecution
internal import ImflowJSON

/// One box that a model found in one tile.
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

    /// The index of its tile's unit.
    let tile: Int
    let form: Form
    /// In px of the source.
    let rect: BoxRect
    /// The interior edges of its tile that it touches.
    let cut: BoxEdges
    /// 0 without one.
    let score: Double
    /// The class as text; empty without one.
    let className: String
    /// The model's object, in px of what the model was given.
    let value: JSONObject

    /// Fails when it has no four finite numbers, a negative size, or outlines or keypoints that are none.
    init(_ json: JSONValue, in tile: DetectionTile, position: Int) throws(Failure) {
        guard case .object(let object) = json else {
            throw Self.bad(tile, position, "is \(json.kindName), where an object with a box is expected")
        }
        guard let (form, numbers) = Self.numbers(object) else {
            throw Self.bad(
                tile, position,
                "has no box: give `box` [x_min, y_min, x_max, y_max], `bbox` [x, y, width, height], or the numbers "
                    + "`x`, `y`, `width` and `height`")
        }
        let corners = BoxCorners(numbers, form).moved(by: TileMove(tile))
        let rect = corners.rect
        guard rect.maxX >= rect.minX, rect.maxY >= rect.minY else {
            throw Self.bad(tile, position, "has a negative size")
        }
        do throws(DetectionShapes.Malformed) { try DetectionShapes.check(object, in: tile) } catch {
            throw Self.bad(tile, position, error.reason)
        }
        self.tile = tile.index
        self.form = form
        self.rect = rect
        value = object
        className = (object["class"] ?? object["label"] ?? object["category"]).map(Self.text) ?? ""
        score = (object["score"] ?? object["confidence"])?.doubleValue ?? 0
        cut = tile.edges(cutting: rect)
    }

    /// Strings as they are, which costs nothing; all else so that it equals no string.
    private static func text(_ value: JSONValue) -> String {
        if case .string(let text) = value { text } else { "\u{0}" + value.canonicalText }
    }

    /// In px of the source, each an integer where the model wrote integers.
    func corners(_ tile: DetectionTile) -> BoxCorners? {
        Self.numbers(value).map { BoxCorners($1, $0).moved(by: TileMove(tile)) }
    }

    /// The model's object in px of the source; with `corners` in place of its own box.
    func moved(from tile: DetectionTile, to corners: BoxCorners? = nil) -> JSONObject {
        var object = value
        let move = TileMove(tile)
        if let corners {
            Self.place(corners.numbers(form), form, in: &object)
        } else if let (form, numbers) = Self.numbers(value) {
            // A size is left as it was written, so that no rounding creeps in.
            let end =
                form == .corners
                ? [move.x(numbers[2]), move.y(numbers[3])] : [move.width(numbers[2]), move.height(numbers[3])]
            Self.place([move.x(numbers[0]), move.y(numbers[1])] + end, form, in: &object)
        }
        DetectionShapes.move(&object, from: tile)
        return object
    }

    private static func numbers(_ object: JSONObject) -> (Form, [PixelNumber])? {
        let values: [JSONValue?]
        let form: Form
        if let box = object["box"] {
            (form, values) = (.corners, box.arrayValue ?? [])
        } else if let box = object["bbox"] {
            (form, values) = (.coco, box.arrayValue ?? [])
        } else {
            (form, values) = (.members, [object["x"], object["y"], object["width"], object["height"]])
        }
        guard values.count == 4 else { return nil }
        let numbers = values.compactMap { PixelNumber($0) }
        return numbers.count == 4 ? (form, numbers) : nil
    }

    private static func place(_ numbers: [PixelNumber], _ form: Form, in object: inout JSONObject) {
        switch form {
        case .corners: object["box"] = .array(numbers.map(\.json))
        case .coco: object["bbox"] = .array(numbers.map(\.json))
        case .members: for (key, value) in zip(["x", "y", "width", "height"], numbers) { object[key] = value.json }
        }
    }

    private static func bad(_ tile: DetectionTile, _ position: Int, _ what: String) -> Failure {
        Failure(.app, "detections: box \(position) of unit \(tile.index) \(what)")
    }
}

/// A coordinate that stays an integer when the model wrote one.
struct PixelNumber: Sendable, Equatable {
    var value: Double
    var isInteger: Bool

    /// Larger coordinates than this are no px.
    static let limit = 1e9

    init(_ value: Double, isInteger: Bool) {
        self.value = value
        self.isInteger = isInteger
    }

    init?(_ json: JSONValue?) {
        switch json {
        case .int(let number): (value, isInteger) = (Double(number), true)
        case .number(let number): (value, isInteger) = (number, false)
        default: return nil
        }
        guard abs(value) <= PixelNumber.limit else { return nil }
    }

    var json: JSONValue { isInteger ? .int(Int64(value)) : .number(value) }

    static func + (left: PixelNumber, right: PixelNumber) -> PixelNumber {
        PixelNumber(left.value + right.value, isInteger: left.isInteger && right.isInteger)
    }
    static func - (left: PixelNumber, right: PixelNumber) -> PixelNumber {
        PixelNumber(left.value - right.value, isInteger: left.isInteger && right.isInteger)
    }
}

/// From px of what a model was given to px of the source.
struct TileMove {
    private let startX: Double
    private let startY: Double
    private let scaleX: Double
    private let scaleY: Double

    init(_ tile: DetectionTile) {
        (startX, startY, scaleX, scaleY) = (tile.rect.minX, tile.rect.minY, tile.scaleX, tile.scaleY)
    }

    func x(_ number: PixelNumber) -> PixelNumber { place(number, scaleX, startX) }
    func y(_ number: PixelNumber) -> PixelNumber { place(number, scaleY, startY) }
    func width(_ number: PixelNumber) -> PixelNumber { place(number, scaleX, 0) }
    func height(_ number: PixelNumber) -> PixelNumber { place(number, scaleY, 0) }
    /// Of an area.
    var areaScale: Double { scaleX * scaleY }

    private func place(_ number: PixelNumber, _ scale: Double, _ start: Double) -> PixelNumber {
        scale == 1
            ? PixelNumber(number.value + start, isInteger: number.isInteger)
            : PixelNumber(number.value * scale + start, isInteger: false)
    }
}

/// A box's corners.
struct BoxCorners: Sendable, Equatable {
    var minX: PixelNumber
    var minY: PixelNumber
    var maxX: PixelNumber
    var maxY: PixelNumber

    /// Of four numbers in the form in which a model writes a box.
    init(_ numbers: [PixelNumber], _ form: DetectionBox.Form) {
        (minX, minY) = (numbers[0], numbers[1])
        (maxX, maxY) =
            form == .corners ? (numbers[2], numbers[3]) : (numbers[0] + numbers[2], numbers[1] + numbers[3])
    }

    var rect: BoxRect { BoxRect(minX: minX.value, minY: minY.value, maxX: maxX.value, maxY: maxY.value) }

    func moved(by move: TileMove) -> BoxCorners {
        var corners = self
        (corners.minX, corners.maxX) = (move.x(minX), move.x(maxX))
        (corners.minY, corners.maxY) = (move.y(minY), move.y(maxY))
        return corners
    }

    mutating func formUnion(_ other: BoxCorners) {
        if other.minX.value < minX.value { minX = other.minX }
        if other.minY.value < minY.value { minY = other.minY }
        if other.maxX.value > maxX.value { maxX = other.maxX }
        if other.maxY.value > maxY.value { maxY = other.maxY }
    }

    func numbers(_ form: DetectionBox.Form) -> [PixelNumber] {
        form == .corners ? [minX, minY, maxX, maxY] : [minX, minY, maxX - minX, maxY - minY]
    }
}
