import ImflowContent
import ImflowData
import ImflowEngine
import ImflowExecution
import ImflowPlan

/// Which calls of a plan would take their result from the cache: the machine that drives jobs is run on what can be told
/// without calling a model. A call that would be made never answers, and so nothing that needs it is asked for.
struct CachePreview {
    struct Stage: Equatable {
        /// Calls whose result the cache has.
        var cached = 0
        /// Calls that would be made.
        var made = 0
        /// Whether all calls of the stage are among these two: the others wait for what is not known yet.
        var isWhole = false
    }

    /// Orders that are looked at; what lies beyond is not told.
    static let orderLimit = 20_000

    /// By stages that may use the cache.
    private(set) var stages: [String: Stage] = [:]

    /// - Parameter state: of an earlier run; nothing is in the cache of another.
    init(_ plan: Plan, state: State) async throws {
        var machine = JobMachine(job: "plan", plan: plan.withoutLimits)
        let executor = try LocalExecutor(
            state: state, plan: plan, choice: .auto, slots: 1, access: FetchAccess(reachesNetwork: false))
        machine.apply(.submitted(at: 0, input: try state.content.payload(plan.input)))
        var tokens = 0
        var orders: [WorkOrder] = []
        while tokens < Self.orderLimit {
            while tokens < Self.orderLimit, let fact = machine.schedule(now: 0, slots: .max / 2, token: { "\(tokens)" }) {
                tokens += 1
                machine.apply(fact)
                guard case .attemptStarted(_, _, let token, _) = fact else { continue }
                orders.append(machine.order(token: token, recovered: false))
            }
            guard let order = orders.popLast() else { break }
            guard let foreseen = await executor.foreseen(order) else {
                if case .call = order.work { stages[order.stage, default: Stage()].made += 1 }
                continue
            }
            let report = AttemptReport(
                order: order, outcome: foreseen.outcome, inputHash: nil, startedAt: 0, finishedAt: 0,
                latencyMilliseconds: 0, node: executor.node, cache: foreseen.cache)
            for fact in machine.decide(.report(report), now: 0) { machine.apply(fact) }
        }
        await executor.shutdown()
        count(machine)
    }

    private mutating func count(_ machine: borrowing JobMachine) {
        for (index, stage) in machine.plan.stages.enumerated() where stage.policy.cache {
            let state = machine.stages[index]
            var found = stages[stage.name] ?? Stage()
            found.cached = state.callsCached
            found.isWhole = state.shardCount.map { found.cached + found.made >= $0 } ?? state.status.isSettled
            stages[stage.name] = found
        }
        let caching = Set(machine.plan.stages.filter(\.policy.cache).map(\.name))
        stages = stages.filter { caching.contains($0.key) }
    }
}

extension Plan {
    /// Less every policy that holds calls back or watches them.
    fileprivate var withoutLimits: Plan {
        var plan = self
        plan.policy.timeout = nil
        plan.policy.maxParallel = nil
        for key in plan.models.keys { plan.models[key]?.maxParallel = nil }
        for index in plan.stages.indices {
            plan.stages[index].policy.timeout = nil
            plan.stages[index].policy.queueTimeout = nil
            plan.stages[index].policy.hedge = nil
            plan.stages[index].policy.maxParallel = nil
        }
        return plan
    }
}
