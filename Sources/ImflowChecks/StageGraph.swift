package import ImflowIR

/// The stages of one file by name, and who needs whom. What cannot be resolved is left out: rules report it.
package struct StageGraph: Sendable {
    /// One declared stage.
    package struct Stage: Sendable {
        package let declaration: StageDeclaration
        /// As written, or the model's id, with `-2`, `-3` … when repeated.
        package let name: String
        /// Indexes of the stages it needs, each once.
        package let needs: [Int]
        /// Those of ``needs`` that `soft_needs` alone names.
        package let softNeeds: [Int]
        /// Names in `needs` and `soft_needs` that no stage has.
        package let unknownNeeds: [Located<String>]
    }

    package let stages: [Stage]
    /// No `needs` or `soft_needs` anywhere: each stage needs the one before it.
    package let isChain: Bool
    /// Topological: a stage stands behind all that it needs; of those that are ready, the first in the file goes
    /// first. Stages in a cycle, and those that need one, are absent.
    package let order: [Int]

    package init(_ declarations: [StageDeclaration]) {
        let names = Self.names(declarations)
        let byName = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
        isChain = declarations.allSatisfy { $0.needs == nil && $0.softNeeds == nil }
        var stages: [Stage] = []
        for (index, declaration) in declarations.enumerated() {
            var needs: [Int] = isChain && index > 0 ? [index - 1] : []
            var seen = Set(needs)
            var unknown: [Located<String>] = []
            var soft: [Int] = []
            for (need, isSoft) in Self.needs(declaration) {
                guard let target = byName[need.value] else {
                    unknown.append(need)
                    continue
                }
                guard seen.insert(target).inserted else { continue }
                needs.append(target)
                if isSoft { soft.append(target) }
            }
            stages.append(
                Stage(
                    declaration: declaration, name: names[index], needs: needs, softNeeds: soft, unknownNeeds: unknown))
        }
        self.stages = stages
        order = Self.order(stages)
    }

    private static func needs(_ declaration: StageDeclaration) -> [(name: Located<String>, isSoft: Bool)] {
        (declaration.needs?.value ?? []).map { ($0, false) } + (declaration.softNeeds?.value ?? []).map { ($0, true) }
    }

    private static func names(_ declarations: [StageDeclaration]) -> [String] {
        var taken = Set(declarations.compactMap { $0.name?.value })
        var next: [String: Int] = [:]
        return declarations.enumerated().map { index, declaration in
            if let name = declaration.name?.value { return name }
            let base = declaration.model?.value.id ?? "stage-\(index + 1)"
            var name = base
            var number = next[base] ?? 2
            while !taken.insert(name).inserted {
                name = "\(base)-\(number)"
                number += 1
            }
            next[base] = number
            return name
        }
    }

    private static func order(_ stages: [Stage]) -> [Int] {
        var dependents = [[Int]](repeating: [], count: stages.count)
        var missing = stages.map(\.needs.count)
        for (index, stage) in stages.enumerated() { for need in stage.needs { dependents[need].append(index) } }
        var isReady = missing.map { $0 == 0 }
        var order: [Int] = []
        // Nothing before `next` is ready.
        var next = 0
        while next < stages.count {
            guard isReady[next] else {
                next += 1
                continue
            }
            isReady[next] = false
            order.append(next)
            for dependent in dependents[order[order.count - 1]] {
                missing[dependent] -= 1
                guard missing[dependent] == 0 else { continue }
                isReady[dependent] = true
                next = Swift.min(next, dependent)
            }
        }
        return order
    }

    /// Whether every stage has its place in ``order``.
    package var isAcyclic: Bool { order.count == stages.count }

    /// The stages that nothing needs, in file order.
    package var sinks: [Int] {
        let needed = Set(stages.flatMap(\.needs))
        return stages.indices.filter { !needed.contains($0) }
    }

    /// Some cycle, as indexes: each stage needs the next, the last the first. Nil when there is none.
    package var cycle: [Int]? {
        let placed = Set(order)
        guard var current = stages.indices.first(where: { !placed.contains($0) }) else { return nil }
        // Every stage left over needs another one left over, so following needs comes back to a stage of the walk.
        var walk: [Int] = []
        var position: [Int: Int] = [:]
        while position[current] == nil {
            position[current] = walk.count
            walk.append(current)
            guard let next = stages[current].needs.first(where: { !placed.contains($0) }) else { return nil }
            current = next
        }
        return Array(walk[(position[current] ?? 0)...])
    }
}
