import ImflowIR
package import ImflowPlan

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
    /// The stages whose values stage `index` can see, nearest first; cut after ``maximumLooks``.
    package func sources(of index: Int) -> SourceSearch {
        let stage = stages[index]
        if let given = stage.givenSources { return SourceSearch(given: given) }
        return graph.search(from: stage.needs, limit: Self.maximumLooks)
    }

    /// Those of ``sources(of:)`` that have surely ended well, or were skipped by their condition, when the stage runs;
    /// nil: all.
    func sureSources(of index: Int) -> Set<Int>? {
        guard let hardGraph else { return nil }
        let stage = stages[index]
        if let given = stage.givenSources { return Set(given) }
        return Set(
            hardGraph.search(from: stage.needs.filter { !stage.softNeeds.contains($0) }, limit: Self.maximumLooks))
    }

    /// What stage `index` can see.
    package func reach(of index: Int) -> Publication {
        var parts: [Publication] = []
        var search = sources(of: index)
        while let source = search.next() { parts.append(stages[source].publication) }
        if search.isCut { parts.append(.open) }
        return Publication(all: parts + (stages[index].jobInput ? [input] : []))
    }

    /// Whether there can be no names in the reach of stage `index` but those that are known.
    private func isReachClosed(_ index: Int) -> Bool {
        let stage = stages[index]
        if stage.jobInput, !input.isClosed { return false }
        var search = sources(of: index)
        while let source = search.next() { if !stages[source].publication.isClosed { return false } }
        return !search.isCut
    }

    /// The members of the stage's bound input.
    package func bound(_ index: Int) -> Publication {
        let stage = stages[index]
        let literal = Publication(names: Array(stage.literal.keys), isClosed: true)
        let given = stage.inputKey.map { Publication(names: [$0.value], isClosed: true) } ?? reach(of: index)
        return Publication(all: [literal, given])
    }

    /// Whether the members of the stage's bound input are all known.
    func isBoundClosed(_ index: Int) -> Bool { stages[index].inputKey != nil || isReachClosed(index) }

    /// How stage `index` comes by its `input_key`.
    package func binding(of index: Int) -> KeyBinding {
        let stage = stages[index]
        guard let key = stage.inputKey?.value, stage.literal[key] == nil else { return .declared }
        if stage.jobInput, input.names.contains(key) { return .declared }
        if let earlier = stage.earlier { return laterBinding(of: index, key, after: earlier) }
        if publishedNames.contains(key) {
            // Asked of each in turn: in a long graph the nearest mostly has it.
            var search = sources(of: index)
            while let source = search.next() {
                if stages[source].publication.names.contains(key) { return .declared }
            }
            if search.isCut { return .unknown }
        }
        if stage.needs.count == 1 {
            let only = stages[stage.needs[0]].publication
            if !only.isClosed || only.names.count == 1 {
                return .soleValue(upstream: stage.needs[0], isCertain: only.isClosed)
            }
        }
        return isReachClosed(index) ? .unbound : .unknown
    }

    /// A later round looks first at the round before, and then as the first round does.
    private func laterBinding(of index: Int, _ key: String, after earlier: Int) -> KeyBinding {
        let nearest = stages[earlier].publication
        if nearest.names.contains(key) { return .declared }
        let first = binding(of: stages[index].prototype)
        guard case .soleValue = first else { return first }
        return .soleValue(upstream: earlier, isCertain: nearest.isClosed && nearest.names.count == 1)
    }

    /// Whether a stage in the reach of stage `index` may publish `name`.
    func mayBePublished(_ name: String, to index: Int) -> Bool {
        var search = sources(of: index)
        while let source = search.next() {
            let publication = stages[source].publication
            if !publication.isClosed || publication.names.contains(name) { return true }
        }
        return search.isCut
    }

    /// Whether it is certain that stage `index` sees no value named `name`, in its input or in its reach.
    package func isAbsent(_ name: String, at index: Int) -> Bool {
        let stage = stages[index]
        if stage.inputKey?.value == name || stage.literal[name] != nil { return false }
        if stage.jobInput, !input.isClosed || input.names.contains(name) { return false }
        return !mayBePublished(name, to: index)
    }

    /// Whether a stage before ``target``, or any stage where there is no target, calls a model that is not known: then
    /// that stage may be the one that is split.
    package var isTargetUncertain: Bool {
        stages[..<(target ?? stages.count)].contains { $0.isCall && $0.modelPath == nil }
    }
}
