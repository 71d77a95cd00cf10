import ImflowEngine
import ImflowExecution

/// Who refers to which stored content, and what goes when some of them go. Pure.
struct StorageUsage {
    enum Owner: Equatable {
        /// With all that its models submitted.
        case job(String)
        case result(ContentHash)
    }

    struct Item {
        var hash: ContentHash
        var size: Int64
        /// Milliseconds since 1970.
        var modified: Int64
        /// Owners that are not dropped; contents that are too young have one that never is.
        var owners = 0
    }

    private struct Holding {
        var owner: Owner
        /// Nil: never dropped.
        var usedAt: Int64?
        /// Of its own, beside the contents.
        var size: Int64
        /// Indexes of items.
        var items: [Int]
        var isDropped = false
    }

    private var items: [Item]
    private let indexes: [ContentHash: Int]
    private var holdings: [Holding] = []

    init(_ contents: [(hash: ContentHash, size: Int64, modified: Int64)]) {
        items = contents.map { Item(hash: $0.hash, size: $0.size, modified: $0.modified) }
        indexes = Dictionary(contents.enumerated().map { ($1.hash, $0) }) { first, _ in first }
    }

    /// - Parameter usedAt: when it was used last; nil for what must stay.
    mutating func add(_ owner: Owner, usedAt: Int64?, size: Int64, _ references: [ContentHash]) {
        let mine = Array(Set(references.compactMap { indexes[$0] }))
        for index in mine { items[index].owners += 1 }
        holdings.append(Holding(owner: owner, usedAt: usedAt, size: size, items: mine))
    }

    /// What is younger belongs to somebody who has not written it down yet.
    mutating func keep(since cutoff: Int64) {
        for index in items.indices where items[index].modified >= cutoff { items[index].owners += 1 }
    }

    /// All contents, and what owners that are not dropped have beside them, in bytes.
    var total: Int64 { items.reduce(0) { $0 + $1.size } + holdings.reduce(0) { $0 + ($1.isDropped ? 0 : $1.size) } }

    /// What somebody who is not dropped refers to, in bytes.
    private var live: Int64 {
        items.reduce(0) { $0 + ($1.owners > 0 ? $1.size : 0) } + holdings.reduce(0) { $0 + ($1.isDropped ? 0 : $1.size) }
    }

    var dropped: [Owner] { holdings.filter(\.isDropped).map(\.owner) }

    mutating func drop(usedBefore time: Int64) {
        for index in holdings.indices {
            if let usedAt = holdings[index].usedAt, usedAt < time { _ = drop(index) }
        }
    }

    /// The least recently used first; and then those come back without whose contents enough is free all the same.
    mutating func drop(untilAtMost limit: Int64) {
        var size = live
        let candidates = holdings.indices.filter { holdings[$0].usedAt != nil && !holdings[$0].isDropped }
            .sorted { (holdings[$0].usedAt ?? 0, $0) < (holdings[$1].usedAt ?? 0, $1) }
        var gone: [Int] = []
        for index in candidates where size > limit {
            size -= drop(index)
            gone.append(index)
        }
        for index in gone.reversed() {
            let back = weight(index)
            guard size + back <= limit || back == 0 else { continue }
            restore(index)
            size += back
        }
    }

    /// - Returns: how many bytes nobody refers to any more.
    private mutating func drop(_ index: Int) -> Int64 {
        guard !holdings[index].isDropped else { return 0 }
        holdings[index].isDropped = true
        var freed = holdings[index].size
        for item in holdings[index].items {
            items[item].owners -= 1
            if items[item].owners == 0 { freed += items[item].size }
        }
        return freed
    }

    /// What would be referred to again if it came back.
    private func weight(_ index: Int) -> Int64 {
        holdings[index].items.reduce(holdings[index].size) { $0 + (items[$1].owners == 0 ? items[$1].size : 0) }
    }

    private mutating func restore(_ index: Int) {
        holdings[index].isDropped = false
        for item in holdings[index].items { items[item].owners += 1 }
    }

    /// Contents that nobody refers to but owners that are dropped, and of these not `jobs`.
    func unused(unlessOwnedBy jobs: Set<String>) -> [Item] {
        var kept: Set<Int> = []
        for holding in holdings {
            if case .job(let id) = holding.owner, jobs.contains(id) { kept.formUnion(holding.items) }
        }
        return items.indices.filter { items[$0].owners == 0 && !kept.contains($0) }.map { items[$0] }
    }
}
