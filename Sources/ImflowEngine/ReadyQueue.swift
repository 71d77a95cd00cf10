/// Ready tasks: larger priority first, then the older task. A binary heap.
struct ReadyQueue: Sendable {
    private struct Entry: Sendable {
        var priority: Int
        var task: Int

        func goesBefore(_ other: Entry) -> Bool { (-priority, task) < (-other.priority, other.task) }
    }

    private var heap: [Entry] = []

    var count: Int { heap.count }

    var first: Int? { heap.first?.task }

    mutating func insert(_ task: Int, priority: Int) {
        heap.append(Entry(priority: priority, task: task))
        var child = heap.count - 1
        while child > 0, heap[child].goesBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].goesBefore(heap[smallest]) { smallest = child }
            }
            if smallest == parent { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }

    /// Drops these tasks; O(n).
    mutating func remove(_ tasks: Set<Int>) {
        guard !tasks.isEmpty else { return }
        let kept = heap.filter { !tasks.contains($0.task) }
        heap = []
        for entry in kept { insert(entry.task, priority: entry.priority) }
    }
}
