package import ImflowExecution
package import ImflowPlan

/// A kind of work whose run times tell something of later ones.
package struct WorkKind: Sendable, Hashable {
    package enum Step: String, Sendable, CaseIterable {
        /// The stage's model is called, once a unit.
        case call
        /// The model's input is split.
        case split
        /// What its shards made is merged, without a model.
        case merge
        /// Another model merges.
        case reduce
    }

    package var step: Step
    /// The model's name and version: of a split and a merge, those of the stage's model; of a reduction, the reducer's.
    package var model: String
    package var version: String?

    package init(_ step: Step, of model: ModelPlan) {
        self.step = step
        self.model = model.name
        version = model.version
    }

    package init(_ step: Step, model: String, version: String?) {
        self.step = step
        self.model = model
        self.version = version
    }
}

/// One attempt that succeeded.
package struct WorkSample: Sendable, Equatable {
    /// That it worked on; of a split, that it made.
    package var units: Int
    /// From its start to its end.
    package var milliseconds: Double
    /// What its result takes in the content store, its files included.
    package var bytes: Int64

    package init(units: Int, milliseconds: Double, bytes: Int64) {
        self.units = units
        self.milliseconds = milliseconds
        self.bytes = bytes
    }
}

/// What earlier jobs tell.
package typealias WorkHistory = [WorkKind: [WorkSample]]

extension Plan {
    /// The kinds of work of a stage; nil: it has no such step.
    package func workKind(_ step: WorkKind.Step, ofStage index: Int) -> WorkKind? {
        let stage = stages[index]
        guard case .call(let key) = stage.kind, let model = models[key] else { return nil }
        let reducer = stage.merge?.reducer.flatMap { models[$0] }
        switch step {
        case .call: return WorkKind(.call, of: model)
        case .split: return stage.split == nil ? nil : WorkKind(.split, of: model)
        case .merge: return stage.split == nil || reducer != nil ? nil : WorkKind(.merge, of: model)
        case .reduce: return reducer.map { WorkKind(.reduce, of: $0) }
        }
    }
}

/// Collects run times while a job is driven: of each kind of work so many attempts, spread evenly over all, in bounded
/// memory.
package struct WorkSampler: Sendable {
    /// Of each kind.
    package static let limit = 64

    /// An attempt before anybody has measured what its result takes.
    package struct Taken: Sendable {
        package var units: Int
        package var milliseconds: Double
        package var result: Payload
    }

    /// Every n-th attempt is taken; when there is no room, every other one is dropped and n doubles.
    private struct Reservoir {
        var stride = 1
        var seen = 0
        var taken: [Taken] = []

        mutating func put(_ attempt: @autoclosure () -> Taken) {
            seen += 1
            guard seen % stride == 0 else { return }
            if taken.count == WorkSampler.limit {
                taken = taken.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
                stride *= 2
                guard seen % stride == 0 else { return }
            }
            taken.append(attempt())
        }
    }

    private var reservoirs: [WorkKind: Reservoir] = [:]

    package init() {}

    /// What was taken, by kind.
    package var taken: [WorkKind: [Taken]] { reservoirs.mapValues(\.taken) }

    /// - Parameter machine: with the fact applied.
    package mutating func note(_ fact: Fact, _ machine: borrowing JobMachine) {
        switch fact {
        case .attemptSucceeded(let task, _, let result, let evidence):
            // What the cache answered says nothing of the model.
            guard evidence.cache?.outcome != .hit else { return }
            guard let stage = machine.tasks[task].stage, let kind = machine.workKind(of: task) else { return }
            let units = machine.tasks[task].isCall ? machine.unitCount(of: task) : machine.stages[stage].unitCount ?? 1
            reservoirs[kind, default: Reservoir()].put(
                Taken(units: units, milliseconds: evidence.latencyMilliseconds, result: result))
        case .splitExpanded(let task, _, let shared, let unitCount, _, let evidence):
            guard let kind = machine.workKind(of: task) else { return }
            reservoirs[kind, default: Reservoir()].put(
                Taken(units: unitCount, milliseconds: evidence.latencyMilliseconds, result: shared))
        default: break
        }
    }
}

extension JobMachine {
    /// How many units a call works on: units go to shards in balanced runs, larger ones first.
    package func unitCount(of task: Int) -> Int {
        guard case .shard(let index) = tasks[task].kind, let stage = tasks[task].stage,
            let units = stages[stage].unitCount, let shards = stages[stage].shardCount, shards > 0
        else { return 1 }
        return units / shards + (index < units % shards ? 1 : 0)
    }

    /// Nil for what calls no model, and belongs to none.
    func workKind(of task: Int) -> WorkKind? {
        guard let stage = tasks[task].stage else { return nil }
        switch tasks[task].kind {
        case .whole, .shard: return plan.workKind(.call, ofStage: stage)
        case .split: return plan.workKind(.split, ofStage: stage)
        case .merge: return plan.workKind(.merge, ofStage: stage) ?? plan.workKind(.reduce, ofStage: stage)
        case .fetch, .output: return nil
        }
    }
}
