import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed, the same world.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// A small inline value, with a hash that is merely distinct: machines compare hashes, they never make them.
func payload(_ text: String) -> Payload {
    let digest = text.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    let hex = String(digest, radix: 16)
    let padded = String(repeating: "0", count: 64 - hex.utf8.count) + hex
    return Payload(hash: ContentHash(hex: padded)!, size: text.utf8.count, inline: text)
}

func report(
    _ order: WorkOrder, _ outcome: Outcome, at time: Int64 = 0
) -> AttemptReport {
    AttemptReport(
        order: order, outcome: outcome, inputHash: nil, startedAt: time, finishedAt: time, latencyMilliseconds: 1,
        node: "0x00")
}

/// Drives a machine without clock, threads or store: every fact is kept, orders wait until they are answered.
struct SimulatedWorld {
    var machine: JobMachine
    var facts: [Fact] = []
    var open: [WorkOrder] = []
    /// Every order ever handed out, by task name.
    var started: [String: Int] = [:]
    var now: Int64 = 0
    var slots: Int
    /// Tokens of second attempts.
    private(set) var hedges: Set<String> = []
    /// Resumes and lost outputs: after each a stage may start over.
    private(set) var resets = 0
    /// As it was submitted; facts may name later ones.
    let firstPlan: Plan
    private var tokens = 0

    init(_ plan: Plan, slots: Int = 4, input: Payload = payload("{}")) {
        firstPlan = plan
        machine = JobMachine(job: "j", plan: plan)
        self.slots = slots
        apply(.submitted(at: 0, input: input))
    }

    mutating func apply(_ fact: Fact) {
        machine.apply(fact)
        facts.append(fact)
        if case .resumed = fact { resets += 1 }
    }

    /// Lets the machine start whatever it wants to start now.
    mutating func step() {
        while let fact = schedule() {
            apply(fact)
            if case .attemptStarted(_, _, let token, _) = fact {
                let order = machine.order(token: token, recovered: false)
                started[order.task, default: 0] += 1
                if order.beside != nil { hedges.insert(token) }
                open.append(order)
            }
        }
    }

    private mutating func schedule() -> Fact? {
        tokens += 1
        let token = "t\(tokens)"
        return machine.schedule(now: now, slots: slots) { token }
    }

    mutating func answer(_ index: Int, _ outcome: Outcome, milliseconds: Double = 1) {
        let order = open.remove(at: index)
        var report = report(order, outcome, at: now)
        report.latencyMilliseconds = milliseconds
        for fact in machine.decide(.report(report), now: now) { apply(fact) }
    }

    /// Answers the open order of this task.
    mutating func answer(_ task: String, _ outcome: Outcome? = nil, milliseconds: Double = 1) {
        guard let index = open.firstIndex(where: { $0.task == task }) else { return }
        answer(index, outcome ?? obedient()(open[index]), milliseconds: milliseconds)
    }

    /// Answers every open order by `outcome` until the job rests. Time jumps to the next wake when nothing is open.
    mutating func run(_ outcome: (WorkOrder) -> Outcome) {
        for _ in 0..<100_000 {
            step()
            if machine.status != .running { return }
            if open.isEmpty {
                guard let wake = machine.nextWake else { return }
                now = max(now, wake)
            } else {
                answer(0, outcome(open[0]))
            }
        }
    }

    /// What another engine would fold the facts into.
    var replayed: JobMachine {
        var replayed = JobMachine(job: "j", plan: firstPlan, plans: machine.plans)
        for fact in facts { replayed.apply(fact) }
        return replayed
    }

    /// The engine dies, and another one folds the facts.
    mutating func crash() {
        machine = replayed
        open = machine.recoveredOrders
    }
}

/// Splits into `count` shards of one unit each; anything else succeeds with its task's name.
func obedient(shards count: Int = 3) -> (WorkOrder) -> Outcome {
    { order in
        if case .split = order.work {
            return .expanded(
                shared: payload("{}"), unitCount: count,
                shards: (0..<count).map { payload("[{\"unit\":{\"index\":\($0)}}]") })
        }
        return .succeeded(payload("\"\(order.task)\""))
    }
}

func stage(
    _ name: String, model: String = "m", needs: [Int] = [], softNeeds: [Int]? = nil, follows: Int? = nil,
    split: Bool = false, priority: Int = 0, policy: StagePolicy = StagePolicy()
) -> StagePlan {
    StagePlan(
        name: name, kind: .call(model: model), needs: needs, softNeeds: softNeeds, follows: follows,
        binding: Binding(sources: needs), priority: priority, split: split ? SplitPlan(mode: .batch) : nil,
        merge: split ? MergePlan(strategy: .none) : nil, policy: policy)
}

func plan(
    _ stages: [StagePlan], models: [ModelPlan] = [model("m")], outputs: [Int]? = nil, policy: JobPolicy = JobPolicy()
) -> Plan {
    Plan(
        models: Dictionary(uniqueKeysWithValues: models.map { ($0.name, $0) }), stages: stages, input: .object([:]),
        inputFiles: [], outputs: outputs ?? [stages.count - 1], policy: policy)
}

func model(_ name: String, resources: Resources = Resources(), maxParallel: Int? = nil) -> ModelPlan {
    ModelPlan(name: name, folder: "/m", command: ["true"], resources: resources, maxParallel: maxParallel)
}
