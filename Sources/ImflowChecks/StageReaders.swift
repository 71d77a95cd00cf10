import ImflowIR
import ImflowPlan

/// Who reads what a stage publishes.
struct StageReaders {
    /// By stage: whether something behind it takes one of its values, or may.
    private(set) var isRead: [Bool]
    /// By stage: whether something stands behind it.
    let hasFollowers: [Bool]
    private let expansion: Expansion
    /// By name: the stages that publish it, and of which nobody is known yet who reads it.
    private var unread: [String: [Int]] = [:]

    init(_ expansion: Expansion) {
        self.expansion = expansion
        let stages = expansion.stages
        isRead = [Bool](repeating: false, count: stages.count)
        hasFollowers = Self.seen(by: Array(stages.indices), expansion)
        var takers: [Int] = []
        for (index, stage) in stages.enumerated() {
            // Without a key a stage takes all there is. Nor is it known what is meant by a key that nothing gives.
            if stage.inputKey == nil || expansion.binding(of: index) == .unbound { takers.append(index) }
        }
        let isTaken = Self.seen(by: takers, expansion)
        for (index, stage) in stages.enumerated() {
            isRead[index] = isTaken[index] || (hasFollowers[index] && !stage.publication.isClosed)
        }
        for output in expansion.outputs { isRead[output] = true }
        for (index, stage) in stages.enumerated() where !isRead[index] {
            for name in stage.publication.names { unread[name, default: []].append(index) }
        }
        for (index, stage) in stages.enumerated() where stage.inputKey != nil {
            if case .soleValue(let upstream, _) = expansion.binding(of: index) { isRead[upstream] = true }
            for name in (stage.inputKey.map { [$0.value] } ?? []) + (stage.condition?.value.names ?? []) {
                read(name, by: index)
            }
        }
    }

    private static func seen(by readers: [Int], _ expansion: Expansion) -> [Bool] {
        let stages = readers.map { expansion.stages[$0] }
        var isSeen = expansion.graph.reach(ofReadersAt: stages.filter { $0.givenSources == nil }.map(\.needs))
        for source in stages.compactMap(\.givenSources).joined() { isSeen[source] = true }
        return isSeen
    }

    /// Stage `index` asks for `name`: all that it sees and that publishes it is read.
    private mutating func read(_ name: String, by index: Int) {
        guard var publishers = unread[name], !publishers.isEmpty else { return }
        var left = publishers.count { $0 < index }
        var search = expansion.sources(of: index)
        while left > 0, let source = search.next() {
            guard let position = publishers.firstIndex(of: source) else { continue }
            publishers.remove(at: position)
            isRead[source] = true
            left -= 1
        }
        if search.isCut {
            // Who is too far away to be seen may be meant.
            for source in publishers where source < index { isRead[source] = true }
            publishers.removeAll { $0 < index }
        }
        unread[name] = publishers
    }
}
