import ImflowJSON

/// Elements in row-major order, and how they are nested.
struct Tensor: Sendable {
    /// Most elements of one tensor.
    static let elementLimit = 8 << 20
    static let rankLimit = 32

    private(set) var shape: [Int] = []
    private(set) var elements: [JSONValue] = []
    private var isShapeKnown = false

    /// Takes nested lists apart. All lists of one depth have the same length.
    init(_ value: JSONValue) throws(TensorProblem) { try take(value, depth: 0) }

    /// Of elements that came in order.
    /// - Parameter shape: of exactly these elements.
    init(shape: [Int], elements: [JSONValue]) {
        self.shape = shape
        self.elements = elements
        isShapeKnown = true
    }

    private mutating func take(_ value: JSONValue, depth: Int) throws(TensorProblem) {
        guard case .array(let items) = value else {
            isShapeKnown = true
            guard depth == shape.count else { throw uneven(depth, "\(value.kindName) beside lists") }
            guard elements.count < Self.elementLimit else {
                throw TensorProblem("has more than \(Self.elementLimit) elements")
            }
            return elements.append(value)
        }
        if !isShapeKnown, depth == shape.count {
            guard depth < Self.rankLimit else { throw TensorProblem("has more than \(Self.rankLimit) dimensions") }
            shape.append(items.count)
            if items.isEmpty { isShapeKnown = true }
        }
        guard depth < shape.count else { throw uneven(depth, "a list beside other values") }
        guard shape[depth] == items.count else {
            throw uneven(depth, "lists of \(shape[depth]) and of \(items.count) items")
        }
        for item in items { try take(item, depth: depth + 1) }
    }

    private func uneven(_ depth: Int, _ what: String) -> TensorProblem {
        TensorProblem("is no tensor: it has \(what) at depth \(depth)")
    }

    /// The elements as nested lists; of no dimension: the element itself.
    var value: JSONValue {
        var next = 0
        return nested(0, &next)
    }

    private func nested(_ depth: Int, _ next: inout Int) -> JSONValue {
        if depth == shape.count {
            next += 1
            return next <= elements.count ? elements[next - 1] : .null
        }
        if depth == shape.count - 1 {
            defer { next += shape[depth] }
            return .array(Array(elements[next..<min(next + shape[depth], elements.count)]))
        }
        var items: [JSONValue] = []
        items.reserveCapacity(shape[depth])
        for _ in 0..<shape[depth] { items.append(nested(depth + 1, &next)) }
        return .array(items)
    }

    /// Where the element stands, as `[1][0]`.
    static func place(of index: Int, in shape: [Int]) -> String {
        var rest = index
        var places: [String] = []
        for size in shape.reversed() where size > 0 {
            places.append("[\(rest % size)]")
            rest /= size
        }
        return places.reversed().joined()
    }

    /// How many elements the shape has; nil: more than ``elementLimit``, or some dimension is negative. Dimensions before an
    /// empty one count, too: they would be made as lists.
    static func count(of shape: [Int]) -> Int? {
        guard shape.count <= rankLimit else { return nil }
        var lists = 1
        for size in shape {
            guard size >= 0 else { return nil }
            let (product, overflow) = lists.multipliedReportingOverflow(by: max(size, 1))
            guard !overflow, product <= elementLimit else { return nil }
            lists = product
        }
        return shape.contains(0) ? 0 : lists
    }
}
