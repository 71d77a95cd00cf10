import ImflowIR

/// What a stage's `input_key` is bound to, as far as the files tell.
package enum KeyBinding: Sendable, Equatable {
    /// No `input_key`, or something declares it.
    case declared
    /// Only the run can tell.
    case unknown
    /// Nothing declares it: the only value of this stage is passed. Uncertain: it may publish more, or the key itself.
    case soleValue(upstream: Int, isCertain: Bool)
    /// Nothing can give it.
    case unbound
}

extension Expansion {
    /// What stage `index` can see.
    package func reach(of index: Int) -> Publication {
        let stage = stages[index]
        return Publication(all: stage.sources.map { stages[$0].publication } + (stage.jobInput ? [input] : []))
    }

    /// The members of the stage's bound input.
    package func bound(_ index: Int) -> Publication {
        let stage = stages[index]
        let literal = Publication(names: Array(stage.literal.keys), isClosed: true)
        let given = stage.inputKey.map { Publication(names: [$0.value], isClosed: true) } ?? reach(of: index)
        return Publication(all: [literal, given])
    }

    /// How stage `index` comes by its `input_key`.
    package func binding(of index: Int) -> KeyBinding {
        let stage = stages[index]
        guard let key = stage.inputKey?.value, stage.literal[key] == nil else { return .declared }
        if stage.jobInput, input.names.contains(key) { return .declared }
        // Asked of each in turn: in a long graph the nearest mostly has it.
        if stage.sources.contains(where: { stages[$0].publication.names.contains(key) }) { return .declared }
        if stage.needs.count == 1 {
            let only = stages[stage.needs[0]].publication
            if !only.isClosed || only.names.count == 1 {
                return .soleValue(upstream: stage.needs[0], isCertain: only.isClosed)
            }
        }
        let isClosed =
            stage.sources.allSatisfy { stages[$0].publication.isClosed } && (input.isClosed || !stage.jobInput)
        return isClosed ? .unbound : .unknown
    }

    /// Whether it is certain that stage `index` sees no value named `name`, in its input or in its reach.
    package func isAbsent(_ name: String, at index: Int) -> Bool {
        let stage = stages[index]
        if stage.inputKey?.value == name || stage.literal[name] != nil { return false }
        if stage.jobInput, !input.isClosed || input.names.contains(name) { return false }
        return stage.sources.allSatisfy { source in
            let publication = stages[source].publication
            return publication.isClosed && !publication.names.contains(name)
        }
    }

    /// Whether a stage before ``target``, or any stage where there is no target, calls a model that is not known: then
    /// that stage may be the one that is split.
    package var isTargetUncertain: Bool {
        stages[..<(target ?? stages.count)].contains { $0.isCall && $0.modelPath == nil }
    }
}
