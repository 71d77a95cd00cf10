package import ImflowExecution
package import ImflowPlan

/// One job's state and its rules. Pure: no clock, no randomness, no files. ``decide(_:now:)`` and ``schedule(now:slots:token:)``
/// answer facts; ``apply(_:)`` moves the state by them and cannot fail. Recovery is a fold of the job's facts.
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
    /// Why the job rests, or is to come to rest, when somebody else than who drove it wished so.
    package var pauseReason: String?

    /// The job's input, its files fetched once the fetch has succeeded.
    package internal(set) var jobInput: Payload?
    /// Fetches the job's input files; nil: there are none.
    package internal(set) var fetchTask: Int?
    /// Tasks of stages that a new plan dropped.
    var retiredTasks: [Int: RetiredStage] = [:]
    /// The highest attempt number that tasks of a dropped stage used, by the stage's name.
    var retiredAttempts: [String: Int] = [:]
    var sourceGraph: SourceGraph
    /// What follows from the plan alone.
    var graph: StageOrder
    var ready: ReadyQueue
    /// When tasks that wait for their back-off become ready. Alarms whose task moved on mean nothing.
    var retries = Heap<Alarm>()
    /// Tasks with a live attempt.
    var running: Set<Int> = []
    /// The attempts whose report counts, by token: at most two of a task.
    var liveAttempts: [String: RunningAttempt] = [:]
    /// Second attempts, by task; the first one is in the task's own state.
    var hedges: [Int: LiveAttempt] = [:]
    /// Tokens of attempts that lost to their twin and are to be ended, with their task. They hold their slots until they report.
    package internal(set) var attemptsToEnd: [String: Int] = [:]
    /// Attempts that call a model with a limit and have not ended, by lane.
    var laneAttempts: [Int]
    /// Tasks that became ready and whose time in the queue has yet to be measured; and when that time is over.
    var arrivals: [Int] = []
    var queueLimits = Heap<Alarm>()
    /// Of the stages that hedge.
    var watches: [Int: StragglerWatch] = [:]
    /// The stages among them that have calls running.
    var watchedStages: Set<Int> = []
    /// Tasks that straggle and have no second attempt yet, the longest running first.
    var stragglers: [Alarm] = []
    /// By task: attempts that ran out of memory, over all resumes.
    var memoryFailures: [Int: Int] = [:]
    var unsettledStages: Int
    /// A stage failed whose policy is to fail the job.
    var failing = false
    var outputTask: Int?
    /// Attempt numbers that an output task before a resume has used.
    var supersededOutputAttempts = 0
    var firstFailure: Failure?
    var clock = DrivenTime()

    /// - Parameter plans: those that later facts name.
    package init(job: String, plan: Plan, plans: [ContentHash: Plan] = [:]) {
        self.job = job
        self.plan = plan
        self.plans = plans
        sourceGraph = SourceGraph(plan)
        graph = StageOrder(plan)
        stages = plan.stages.map { StageState(openNeeds: $0.needs.count) }
        unsettledStages = plan.stages.count
        ready = ReadyQueue(groups: plan.stages.count + 1, lanes: graph.laneLimits.count)
        laneAttempts = Array(repeating: 0, count: graph.laneLimits.count)
    }

    /// Nothing new may start: the job fails, is cancelled, ran out of time, or the engine is to stop.
    package var isHalting: Bool { failing || cancelRequested || timedOut || draining }

    /// What still runs is to be ended, too.
    package var endsRunningAttempts: Bool { failing || cancelRequested || timedOut }

    package var liveTokens: Set<String> { Set(liveAttempts.keys) }
    package var liveCount: Int { liveAttempts.count }

    /// Attempts that hold a slot, or have lent it: those that run, and those that are being ended.
    package var occupiedSlots: Int { liveAttempts.count + attemptsToEnd.count }

    func policy(of task: Int) -> StagePolicy { tasks[task].stage.map { plan.stages[$0].policy } ?? StagePolicy() }
}

/// A live attempt, as its token finds it.
struct RunningAttempt: Sendable {
    var task: Int
    var attempt: Int
}
