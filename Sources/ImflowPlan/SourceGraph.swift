/// Where stages look for values: in those they need, then in those that these need, and so on. Nearest first: by
/// breadth, and of one distance the later in the plan first.
package struct SourceGraph: Sendable {
    /// By stage: the stages with which a search that has come to it goes on.
    private var behind: [[Int]] = []

    package init() {}

    /// The graph of a plan. An index that no earlier stage has is left out.
    package init(_ plan: Plan) {
        for (index, stage) in plan.stages.enumerated() {
            switch stage.beyond {
            case nil: append(stage.needs.filter { $0 < index })
            case .nothing: append([])
            case .needs(let other): append(other <= index ? plan.stages[other].needs.filter { $0 < index } : [])
            }
        }
    }

    /// Adds the next stage; a search that comes to it goes on with `stages`, all of them earlier.
    package mutating func append(_ stages: [Int]) { behind.append(stages) }

    /// Where a search that has come to `stage` goes on.
    package func behind(_ stage: Int) -> [Int] { behind[stage] }

    /// What a stage that needs `needs` can see, nearest first.
    ///
    /// - Parameter limit: after so many stages and needs looked at the search gives up: see ``SourceSearch/isCut``.
    package func search(from needs: [Int], limit: Int = .max) -> SourceSearch {
        SourceSearch(needs, behind: behind, limit: limit)
    }

    /// By stage: whether one of some readers can see it. `starts` are what those readers need, by reader.
    package func reach(ofReadersAt starts: [[Int]]) -> [Bool] {
        var isSeen = [Bool](repeating: false, count: behind.count)
        for start in starts.joined() { isSeen[start] = true }
        // What is behind a stage stands before it in the plan.
        for stage in behind.indices.reversed() where isSeen[stage] { for other in behind[stage] { isSeen[other] = true } }
        return isSeen
    }
}

/// The stages that a search for values comes to, one after the other, each once.
package struct SourceSearch: Sequence, IteratorProtocol {
    private let behind: [[Int]]
    private var level: [Int]
    private var position = 0
    /// By stage. Nil while each level is one stage, as in a chain: then each is earlier than all before it.
    private var isSeen: [Bool]?
    private var left: Int
    /// Whether the search gave up before its end.
    package private(set) var isCut = false

    fileprivate init(_ needs: [Int], behind: [[Int]], limit: Int) {
        self.behind = behind
        left = limit
        level = []
        level = fresh(needs[...])
    }

    /// A search that finds just these.
    package init(given stages: [Int]) {
        behind = []
        level = stages
        left = .max
    }

    package mutating func next() -> Int? {
        if position == level.count { descend() }
        guard position < level.count else { return nil }
        if left <= 0 {
            isCut = true
            return nil
        }
        left -= 1
        position += 1
        return level[position - 1]
    }

    private mutating func descend() {
        if behind.isEmpty || level.isEmpty { return }
        var found: [Int] = []
        for stage in level {
            let next = behind[stage]
            left -= next.count - 1
            if left <= 0, !next.isEmpty {
                isCut = true
                found = []
                break
            }
            found += fresh(next[...])
        }
        level = found.count > 1 ? found.sorted(by: >) : found
        position = 0
    }

    /// Those of `stages` that were not found yet, the latest first.
    private mutating func fresh(_ stages: ArraySlice<Int>) -> [Int] {
        if stages.count <= 1, level.count <= 1, isSeen == nil { return Array(stages) }
        var seen = isSeen ?? [Bool](repeating: false, count: behind.count)
        isSeen = nil
        let found = stages.filter { stage in
            defer { seen[stage] = true }
            return !seen[stage]
        }
        isSeen = seen
        return found.sorted(by: >)
    }
}

extension Plan {
    /// The stages whose published values stage `index` can see, nearest first.
    ///
    /// - Parameter graph: the plan's own.
    package func sources(of index: Int, in graph: SourceGraph) -> SourceSearch {
        let stage = stages[index]
        if let given = stage.binding.sources { return SourceSearch(given: given) }
        return graph.search(from: stage.needs.filter { $0 < index })
    }

    /// By stage: whether one of `readers` can see what it publishes.
    package func isSeen(by readers: [Int]) -> [Bool] {
        let starts = readers.filter { stages[$0].binding.sources == nil }.map { stages[$0].needs }
        var isSeen = SourceGraph(self).reach(ofReadersAt: starts)
        for source in readers.compactMap({ stages[$0].binding.sources }).joined() { isSeen[source] = true }
        return isSeen
    }
}

extension Condition {
    /// The names that its paths start with, each once.
    package var names: [String] {
        switch self {
        case .truthy(let path), .compare(let path, _, _): return Array(path.prefix(1))
        case .not(let inner): return inner.names
        case .and(let left, let right), .or(let left, let right):
            let first = left.names
            return first + right.names.filter { !first.contains($0) }
        }
    }
}
