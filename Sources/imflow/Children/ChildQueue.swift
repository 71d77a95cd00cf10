import ImflowEngine

/// A child that is to be driven.
struct WaitingChild: Sendable {
    var job: String
    var parent: String
    var task: String
    var unit: Int
    var depth: Int
    var priority: Int
    var machine: JobMachine
    /// The facts that start this drive.
    var opening: [Fact]
    /// Opens when its first attempt runs, or has its place among those that want a slot.
    var arrived = Latch()
    /// Opens when nobody drives it, nor will.
    var atRest = Latch()
}

/// The children of one job, of which so many are driven at once: by priority, then in order of submission.
struct ChildQueue {
    let limit: Int
    private(set) var waiting: [WaitingChild] = []
    private(set) var driven: [String: WaitingChild] = [:]

    init(limit: Int) { self.limit = limit }

    func child(_ job: String) -> WaitingChild? { driven[job] ?? waiting.first { $0.job == job } }

    mutating func add(_ child: WaitingChild) {
        let place = waiting.firstIndex { $0.priority < child.priority } ?? waiting.endIndex
        waiting.insert(child, at: place)
    }

    /// The next to be driven; nil: none now.
    mutating func next() -> WaitingChild? {
        guard driven.count < limit, !waiting.isEmpty else { return nil }
        let child = waiting.removeFirst()
        driven[child.job] = child
        return child
    }

    mutating func ended(_ job: String) { driven[job] = nil }

    /// Those that wait and fit, taken out.
    mutating func withdraw(where fits: (WaitingChild) -> Bool) -> [WaitingChild] {
        let out = waiting.filter(fits)
        waiting.removeAll(where: fits)
        return out
    }
}
