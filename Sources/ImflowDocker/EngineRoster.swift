import ImflowExecution
import ImflowPlan
import Synchronization

/// The engines, which of them are there, and who has a place where.
final class EngineRoster: Sendable {
    struct Member: Sendable {
        let entry: EngineEntry
        /// Nil: it was not asked yet, or it has gone.
        var link: EngineLink?
        var info: EngineInfo?
        var load: EngineLoad?
        /// That are known to be there.
        var images: Set<String> = []
        /// Tokens of the attempts that have a place, by the place.
        var seated: [Int: String] = [:]
    }

    enum Choice: Sendable {
        case place(EngineSeat)
        /// All that could take it are full.
        case full
        /// None that is there can take it.
        case none
    }

    /// Rings when a place may have become free.
    let changed = Bell()

    private struct State {
        var members: [Member]
        var lastSeat = 0
        /// Those whose attempts had a place.
        var jobs: Set<String> = []
    }

    private let state: Mutex<State>

    init(_ entries: [EngineEntry]) { state = Mutex(State(members: entries.map { Member(entry: $0) })) }

    var members: [Member] { state.withLock { $0.members } }

    /// Attempts that run at once on all that are there.
    var places: Int { members.reduce(0) { $0 + ($1.link == nil ? 0 : $1.load?.places ?? 0) } }

    var jobs: Set<String> { state.withLock { $0.jobs } }

    /// Tokens of all attempts that have a place.
    var tokens: Set<String> { Set(members.flatMap(\.seated.values)) }

    func arrived(_ index: Int, _ link: EngineLink, _ info: EngineInfo) {
        state.withLock { state in
            state.members[index].link = link
            state.members[index].info = info
            state.members[index].load = EngineLoad(slots: state.members[index].entry.slots, info: info)
            state.members[index].images = []
            state.members[index].seated = [:]
        }
        changed.ring()
    }

    /// - Returns: false: somebody else has seen it before.
    func left(_ index: Int, _ link: EngineLink) -> Bool {
        let isFirst = state.withLock { state in
            guard state.members[index].link === link else { return false }
            state.members[index].link = nil
            return true
        }
        if isFirst {
            link.cut()
            changed.ring()
        }
        return isFirst
    }

    func has(_ image: String, at index: Int) {
        state.withLock { _ = $0.members[index].images.insert(image) }
    }

    /// The engine with the most free places that has what the model needs, and not the one where the other attempt of a
    /// hedge runs where there is a choice.
    /// - Parameter holder: takes it whatever it has to do: the attempt's containers are there.
    func choose(
        for order: WorkOrder, model: ModelPlan, holder: Int?, in roster: DockerEngines
    ) -> Choice {
        state.withLock { state in
            var fit = state.members.indices.filter { Self.isFit(state.members[$0], for: model) }
            if let holder { fit = state.members[holder].link == nil ? [] : [holder] }
            // A job that a model submitted is never kept waiting: the attempt that waits for it has the place.
            let mustRun = holder != nil || order.root.map { $0 != order.job } == true
            var free = fit.filter { mustRun || state.members[$0].load?.hasRoom(for: model) == true }
            if fit.isEmpty { return .none }
            let other = order.beside.flatMap { token in free.first { state.members[$0].seated.values.contains(token) } }
            if let other, free.count > 1 { free.removeAll { $0 == other } }
            // Of equals, the first that was named.
            let best = free.max { left, right in
                let (one, two) = (Self.freePlaces(state.members[left]), Self.freePlaces(state.members[right]))
                return one == two ? left > right : one < two
            }
            guard let best, let link = state.members[best].link else { return .full }
            state.lastSeat += 1
            state.members[best].seated[state.lastSeat] = order.token
            state.members[best].load?.take(model)
            state.jobs.formUnion([order.job, order.root ?? order.job])
            return .place(
                EngineSeat(
                    id: state.lastSeat, index: best, link: link, model: model,
                    engine: state.members[best].entry.address, engines: roster))
        }
    }

    func leave(_ seat: EngineSeat) {
        state.withLock { state in
            // An engine that went away and came back knows nothing of it.
            guard state.members[seat.index].seated.removeValue(forKey: seat.id) != nil else { return }
            state.members[seat.index].load?.give(seat.model)
        }
        changed.ring()
    }

    private static func freePlaces(_ member: Member) -> Int { member.load?.freePlaces ?? 0 }

    private static func isFit(_ member: Member, for model: ModelPlan) -> Bool {
        guard let link = member.link, let image = model.image else { return false }
        return member.images.contains(image) && lack(of: member, for: model, link.host) == nil
    }

    /// What the engine lacks for the model, but for the image; nil: nothing.
    static func lack(of member: Member, for model: ModelPlan, _ host: DockerHost) -> String? {
        host.obstacle(to: model, member.info) ?? member.info?.lack(for: model)
    }
}
