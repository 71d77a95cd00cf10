import ImflowEngine
import ImflowExecution
import ImflowPlan

/// What a job's committed facts and the orders handed out say together, kept apart from the engine's own state: the
/// second opinion that every step is held against.
struct Ledger {
    struct Attempt {
        var number: Int
        var token: String
        var hasEnded = false
    }

    struct Task {
        /// Known once an order of the task was handed out.
        var name: TaskName?
        var attempts: [Attempt] = []
        /// Its output counts, until it is lost or the task's stage starts again.
        var result: Payload?
        var hasSucceeded = false
        var hasFailed = false
        var ownFailures = 0
        var foreignFailures = 0
        var retryAt: Int64?
    }

    struct Stage {
        var result: Payload?
        var isSkipped = false
        var shared: Payload?
        var unitCount = 0
        var units: [Payload] = []
        /// By shard; nil: not there yet, or failed.
        var outputs: [Payload?] = []
        var failedShards: Set<Int> = []
        /// Second attempts since the split or the last resume.
        var hedges = 0
    }

    let job: String
    let plan: Plan
    var tasks: [Int: Task] = [:]
    var stages: [Stage]
    var input: Payload
    var live: [String: Int] = [:]
    var namedAttempts: Set<String> = []
    /// By task name: attempts that were ended by the engine itself.
    var released: [String: Int] = [:]
    var tokens: Set<String> = []
    /// The job's outputs have not been gathered since the last resume.
    var hasResumedSinceGathering = false
    var isFinished = false
    var isPaused = false
    var isCancelled = false
    var isTimedOut = false
    /// A stage that fails the job has failed, or its input cannot be had.
    var isFailing = false

    init(job: String, plan: Plan, input: Payload) {
        self.job = job
        self.plan = plan
        self.input = input
        stages = plan.stages.map { _ in Stage() }
    }

    func require(_ holds: Bool, _ text: @autoclosure () -> String) throws(Violation) {
        if !holds { throw Violation("\(job): \(text())") }
    }

    func name(of task: Int) -> String { tasks[task]?.name?.text ?? "task \(task)" }

    /// A stage's tasks start again: what it and the stages after it had made counts no longer.
    mutating func invalidate(_ stage: Int) {
        stages[stage].result = nil
        for other in plan.stages.indices.dropFirst(stage + 1) where plan.stages[other].needs.contains(stage) {
            if stages[other].result != nil || stages[other].isSkipped {
                stages[other].isSkipped = false
                invalidate(other)
            }
        }
    }

    /// Whether a stage let the stages after it start: it has a result, or was left out.
    func letsOthersStart(_ stage: Int) -> Bool { stages[stage].result != nil || isLeftOut(stage) }

    /// Its condition was false, or that of the stage at its pipeline's entry.
    func isLeftOut(_ stage: Int) -> Bool {
        stages[stage].isSkipped || plan.stages[stage].entry.map(isLeftOut) ?? false
    }
}

/// A task's name, taken apart.
struct TaskName: Equatable {
    enum Kind: Equatable { case fetch, whole, split, shard(Int), merge, output }

    let text: String
    let kind: Kind
    /// Whether the stage's own model is called: these are what users count as shards.
    var isCall: Bool {
        switch kind {
        case .whole, .shard: true
        default: false
        }
    }
    /// Empty for the job's own tasks.
    let stage: String

    init(_ text: String) throws(Violation) {
        self.text = text
        let parts = text.split(separator: "~", omittingEmptySubsequences: false).map(String.init)
        stage = parts[0]
        switch (parts.count, parts.last) {
        case (1, _): kind = .whole
        case (2, "input") where parts[0].isEmpty: kind = .fetch
        case (2, "output") where parts[0].isEmpty: kind = .output
        case (2, "split"): kind = .split
        case (2, "merge"): kind = .merge
        case (2, let index?):
            guard let index = Int(index) else { throw Violation("a task is named \(text)") }
            kind = .shard(index)
        default: throw Violation("a task is named \(text)")
        }
    }
}
