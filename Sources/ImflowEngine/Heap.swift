/// A binary heap, the least first.
struct Heap<Element: Comparable & Sendable>: Sendable {
    private var elements: [Element] = []

    var first: Element? { elements.first }
    var count: Int { elements.count }

    mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0, elements[child] < elements[(child - 1) / 2] {
            elements.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// - Precondition: the heap is not empty.
    mutating func removeFirst() {
        elements.swapAt(0, elements.count - 1)
        elements.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in 2 * parent + 1...2 * parent + 2 where child < elements.count {
                if elements[child] < elements[least] { least = child }
            }
            if least == parent { return }
            elements.swapAt(parent, least)
            parent = least
        }
    }
}

/// Something about a task that is due at a time, in milliseconds since 1970.
struct Alarm: Comparable, Sendable {
    var at: Int64
    var task: Int
    /// Attempts that the task had started when the alarm was set: one more, and the alarm means nothing.
    var attempts = 0

    static func < (left: Alarm, right: Alarm) -> Bool { (left.at, left.task) < (right.at, right.task) }
}
