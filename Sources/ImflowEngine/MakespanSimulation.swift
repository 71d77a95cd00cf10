import ImflowExecution
import ImflowJSON
package import ImflowPlan

/// How long a job will take: the machine that drives jobs is run against attempts that take, in simulated time, as long
/// as earlier ones took. Nothing fails in it, no stage is skipped, and fetching the input takes no time.
package struct MakespanSimulation: Sendable {
    /// Of the runs' makespans.
    package struct Result: Sendable, Equatable {
        /// In milliseconds.
        package var p50: Double
        package var p90: Double
        package var runs: Int
        /// Neighbouring shards that ran as one, so that the simulation stays small; 1: none did.
        package var bundle: Int
    }

    package static let runLimit = 200
    /// Tasks of one run at most, and of all runs together.
    package static let taskLimit = 10_000
    package static let eventLimit = 200_000

    private let plan: Plan
    private let units: [Int]
    private let shards: [Int]
    private let bundle: Int
    private let history: WorkHistory
    private let slots: Int

    /// - Parameters:
    ///   - units: of each stage; 1 where it is not split.
    ///   - history: has samples of every call and reduction of the plan; what else it lacks takes no time.
    ///   - slots: attempts that run at once.
    package init(_ plan: Plan, units: [Int], history: WorkHistory, slots: Int) {
        self.plan = plan.withoutClocks
        self.units = units.map { max($0, 0) }
        self.history = history
        self.slots = max(slots, 1)
        let all = zip(plan.stages, units).map { stage, units in
            stage.split.map { min(units, max($0.shardLimit, 1)) } ?? 1
        }
        let limit = Self.taskLimit
        let total = all.reduce(0) { min($0 + min($1, 1 << 40), 1 << 50) }
        let factor = max(1, (total + limit - 1) / limit)
        bundle = factor
        shards = all.map { $0 == 0 ? 0 : max(1, $0 / factor) }
    }

    /// The same seed gives the same result.
    /// - Parameter events: tasks of all runs together, at most, as long as there are five runs.
    package func result(seed: UInt64, events: Int = MakespanSimulation.eventLimit) -> Result {
        let tasks = shards.reduce(3 * shards.count) { $0 + $1 }
        let runs = min(Self.runLimit, max(5, events / max(tasks, 1)))
        var random = Sequence64(state: seed)
        let spans = (0..<runs).map { _ in run(&random) }.sorted()
        func quantile(_ share: Double) -> Double { spans[min(runs - 1, Int(share * Double(runs)))] }
        return Result(p50: quantile(0.5), p90: quantile(0.9), runs: runs, bundle: bundle)
    }

    /// One run's makespan in milliseconds. The machine's clock counts microseconds here: nothing in the plan reads it.
    private func run(_ random: inout Sequence64) -> Double {
        var machine = JobMachine(job: "estimate", plan: plan)
        machine.apply(.submitted(at: 0, input: Self.nothing))
        var now: Int64 = 0
        var ends = EventQueue()
        var tokens = 0
        while true {
            while let fact = machine.schedule(now: now, slots: slots, token: { "\(tokens)" }) {
                tokens += 1
                machine.apply(fact)
                guard case .attemptStarted(let task, _, _, _) = fact else { continue }
                ends.insert(task, at: now + Int64(1000 * milliseconds(of: task, in: machine, &random)))
            }
            guard machine.status == .running, let (end, task) = ends.removeFirst() else { return Double(now) / 1000 }
            now = max(now, end)
            let report = report(of: task, in: machine, at: now)
            for fact in machine.decide(.report(report), now: now) { machine.apply(fact) }
        }
    }

    /// The work of the order is left out: putting it together takes longer than all the rest.
    private func report(of task: Int, in machine: JobMachine, at now: Int64) -> AttemptReport {
        let nothing = InputContext(
            sources: [], jobInput: nil, key: nil, soleValueFallback: false, literal: .object([:]), when: nil)
        let order = WorkOrder(
            job: machine.job, task: "", stage: "", attempt: machine.tasks[task].attempts,
            token: machine.tasks[task].live?.token ?? "", work: .pass(nothing))
        return AttemptReport(
            order: order, outcome: outcome(of: task, in: machine), inputHash: nil, startedAt: now, finishedAt: now,
            latencyMilliseconds: 0, node: "")
    }

    private func outcome(of task: Int, in machine: JobMachine) -> Outcome {
        guard machine.tasks[task].kind == .split, let stage = machine.tasks[task].stage else {
            return .succeeded(Self.nothing)
        }
        return .expanded(
            shared: Self.nothing, unitCount: units[stage],
            shards: Array(repeating: Self.nothing, count: shards[stage]))
    }

    /// As long as one of the earlier attempts took for each of its units.
    private func milliseconds(of task: Int, in machine: JobMachine, _ random: inout Sequence64) -> Double {
        guard let kind = machine.workKind(of: task), let samples = history[kind],
            let sample = samples.randomElement(using: &random)
        else { return 0 }
        let stage = machine.tasks[task].stage ?? 0
        let count = machine.tasks[task].isCall ? machine.unitCount(of: task) : units[stage]
        return max(0, sample.milliseconds) / Double(max(sample.units, 1)) * Double(max(count, 1))
    }

    private static let nothing: Payload = {
        guard let hash = ContentHash(hex: String(repeating: "0", count: 64)) else { preconditionFailure("64 digits") }
        return Payload(hash: hash, size: 0, inline: "null")
    }()
}

extension Plan {
    /// Less every policy that watches a clock.
    fileprivate var withoutClocks: Plan {
        var plan = self
        plan.policy.timeout = nil
        for index in plan.stages.indices {
            plan.stages[index].policy.timeout = nil
            plan.stages[index].policy.queueTimeout = nil
            plan.stages[index].policy.hedge = nil
        }
        return plan
    }
}

/// When tasks end, in microseconds: a binary heap, ties by the order in which they were put in.
private struct EventQueue {
    private var heap: [(time: Int64, number: Int, task: Int)] = []
    private var count = 0

    private func goesBefore(_ one: Int, _ other: Int) -> Bool {
        (heap[one].time, heap[one].number) < (heap[other].time, heap[other].number)
    }

    mutating func insert(_ task: Int, at time: Int64) {
        heap.append((time, count, task))
        count += 1
        var child = heap.count - 1
        while child > 0, goesBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> (Int64, Int)? {
        guard let first = heap.first else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && goesBefore(child, smallest) {
                smallest = child
            }
            if smallest == parent { return (first.time, first.task) }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
private struct Sequence64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
