package import ImflowExecution
package import ImflowPlan

/// One job's state and its rules. Pure: no clock, no randomness, no files. ``decide(_:now:)`` and ``schedule(now:slots:token:)``
/// look and answer; ``apply(_:)`` moves the state and cannot fail. Recovery is a fold of the job's facts.
package struct JobMachine: Sendable {
    package let job: String
    /// What the job is to do now: as it was planned, or planned again.
    package internal(set) var plan: Plan
    /// The plans that the job's facts name, by hash. Filled before they are applied: a fold reads nothing.
    package var plans: [ContentHash: Plan]
    package internal(set) var status: JobStatus = .pending
    package internal(set) var tasks: [TaskState] = []
    package internal(set) var stages: [StageState]
    package internal(set) var output: Payload?
    package internal(set) var submittedAt: Int64 = 0
    package internal(set) var completedAt: Int64?
    package internal(set) var cancelRequested = false
    package internal(set) var timedOut = false
    /// Somebody asked the engine to stop; nothing new is started.
    package var draining = false

    /// The job's input, its files fetched once the fetch has succeeded.
    package internal(set) var jobInput: Payload?
    /// Fetches the job's input files; nil: there are none.
    package internal(set) var fetchTask: Int?
    /// Tasks of stages that a new plan dropped.
    var retiredTasks: [Int: RetiredStage] = [:]
    /// The highest attempt number that tasks of a dropped stage used, by the stage's name.
    var retiredAttempts: [String: Int] = [:]
    var dependents: [[Int]]
    var ready = ReadyQueue()
    /// Tasks that wait for their back-off to pass.
    var delayed: Set<Int> = []
    /// Tasks with a live attempt.
    var running: Set<Int> = []
    var unsettledStages: Int
    /// A stage failed whose policy is to fail the job.
    var failing = false
    var outputTask: Int?
    /// Attempt numbers that an output task before a resume has used.
    var supersededOutputAttempts = 0
    var firstFailure: Failure?
    /// Since submission or the last resume: what the job's time limit is measured from.
    var drivenSince: Int64 = 0

    /// - Parameter plans: those that later facts name.
    package init(job: String, plan: Plan, plans: [ContentHash: Plan] = [:]) {
        self.job = job
        self.plan = plan
        self.plans = plans
        stages = plan.stages.map { StageState(openNeeds: $0.needs.count) }
        unsettledStages = plan.stages.count
        dependents = Array(repeating: [], count: plan.stages.count)
        for (index, stage) in plan.stages.enumerated() {
            for need in stage.needs { dependents[need].append(index) }
        }
    }

    /// Nothing new may start: the job fails, is cancelled, ran out of time, or the engine is to stop.
    package var isHalting: Bool { failing || cancelRequested || timedOut || draining }

    /// What still runs is to be ended, too.
    package var endsRunningAttempts: Bool { failing || cancelRequested || timedOut }

    package var liveTokens: Set<String> { Set(running.compactMap { tasks[$0].live?.token }) }

    /// When there is something to do although nobody reports: the earliest back-off or time limit.
    package var nextWake: Int64? {
        let retries = isHalting ? nil : delayed.compactMap { tasks[$0].retryAt }.min()
        let limit = plan.policy.timeout.map { drivenSince + $0.milliseconds }
        return [retries, status == .running && !timedOut ? limit : nil].compactMap { $0 }.min()
    }

    /// A task's name: unique in the job, safe in paths. `~` stands in no stage's name.
    package func name(of task: Int) -> String {
        let state = tasks[task]
        guard let name = stageName(of: task) else { return state.kind == .fetch ? "~input" : "~output" }
        return switch state.kind {
        case .split: "\(name)~split"
        case .merge: "\(name)~merge"
        case .shard(let index): "\(name)~\(paddedIndex(index, of: shardCount(besides: task)))"
        default: name
        }
    }

    /// A sub-job's id by SPEC section 8: `<job>-<index>`, in a graph `<job>-<stage>-<index>`.
    package func subJobID(of task: Int) -> String {
        let state = tasks[task]
        guard let name = stageName(of: task) else { return "\(job)-\(state.kind == .fetch ? "input" : "output")" }
        let stem = plan.stages.count == 1 ? job : "\(job)-\(name)"
        return switch state.kind {
        case .shard(let index): "\(stem)-\(paddedIndex(index, of: shardCount(besides: task)))"
        case .split: "\(stem)-split"
        case .merge: "\(stem)-merge"
        default: "\(stem)-00"
        }
    }

    /// Of stages that a new plan dropped, too; nil for what belongs to no stage.
    package func stageName(of task: Int) -> String? {
        tasks[task].stage.map { plan.stages[$0].name } ?? retiredTasks[task]?.name
    }

    private func shardCount(besides task: Int) -> Int {
        tasks[task].stage.map { stages[$0].shardCount ?? 1 } ?? retiredTasks[task]?.shardCount ?? 1
    }

    private func paddedIndex(_ index: Int, of count: Int) -> String {
        let width = max(2, String(max(count - 1, 0)).utf8.count)
        let digits = String(index)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    func policy(of task: Int) -> StagePolicy { tasks[task].stage.map { plan.stages[$0].policy } ?? StagePolicy() }
}
