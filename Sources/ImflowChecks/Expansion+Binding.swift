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
        var all = Publication(names: [], isClosed: true)
        for source in stage.sources { all = all.union(stages[source].publication) }
        return stage.jobInput ? all.union(input) : all
    }

    /// The members of the stage's bound input.
    package func bound(_ index: Int) -> Publication {
        let stage = stages[index]
        let literal = Publication(names: Array(stage.literal.keys), isClosed: true)
        if let key = stage.inputKey?.value { return literal.union(Publication(names: [key], isClosed: true)) }
        return literal.union(reach(of: index))
    }

    /// How stage `index` comes by its `input_key`.
    package func binding(of index: Int) -> KeyBinding {
        let stage = stages[index]
        guard let key = stage.inputKey?.value, stage.literal[key] == nil else { return .declared }
        let reach = reach(of: index)
        if reach.names.contains(key) { return .declared }
        if stage.needs.count == 1 {
            let only = stages[stage.needs[0]].publication
            if !only.isClosed || only.names.count == 1 {
                return .soleValue(upstream: stage.needs[0], isCertain: only.isClosed)
            }
        }
        return reach.isClosed ? .unbound : .unknown
    }
}
