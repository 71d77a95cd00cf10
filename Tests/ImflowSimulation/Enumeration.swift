import ImflowEngine
import ImflowExecution
import ImflowPlan

/// Every graph of up to four tasks, each with every single thing that can go wrong: nothing drawn, nothing left out.
package struct Enumeration {
    /// How many cases were tried, by kind of failure.
    package private(set) var cases: [String: Int] = [:]
    package private(set) var violations: [String] = []

    package var total: Int { cases.values.reduce(0, +) }

    private static let attempts = 2
    private let size: Int

    /// - Parameter size: tasks of a graph, 1…4.
    package init(size: Int) { self.size = size }

    /// The graphs over tasks in topological order: every set of edges from earlier tasks to later ones.
    private var graphs: [[[Int]]] {
        let pairs = (0..<size).flatMap { later in (0..<later).map { (later, $0) } }
        return (0..<(1 << pairs.count)).map { chosen in
            var needs = Array(repeating: [Int](), count: size)
            for (bit, pair) in pairs.enumerated() where chosen & (1 << bit) != 0 { needs[pair.0].append(pair.1) }
            return needs
        }
    }

    package mutating func run() {
        for (number, graph) in graphs.enumerated() {
            for policy in FailurePolicy.allCases {
                for task in 0..<size { fail(graph, number, policy, task) }
            }
            disturb(graph, number)
        }
    }

    private static func plan(_ graph: [[Int]], _ policy: FailurePolicy = .fail) -> Plan {
        let retry = RetryPolicy(maximumAttempts: attempts, initialInterval: TimeSpan(milliseconds: 100))
        let stages = graph.enumerated().map { index, needs in
            StagePlan(
                name: "t\(index)", kind: .call(model: "m"), needs: needs, binding: Binding(sources: needs.reversed()),
                policy: StagePolicy(retry: retry, onFailure: policy))
        }
        let sinks = graph.indices.filter { index in !graph.contains { $0.contains(index) } }
        return Plan(
            models: ["m": PlanDrawing.model("m")], stages: stages, input: .object([:]), inputFiles: [], outputs: sinks)
    }

    // MARK: One task fails

    /// Each cause, at the first attempt, and at every attempt that there is.
    private mutating func fail(_ graph: [[Int]], _ number: Int, _ policy: FailurePolicy, _ task: Int) {
        let plan = Self.plan(graph, policy)
        guard let ending = try? Ending(of: plan, model: SimulatedModel()) else { return violations.append("no ending") }
        for cause in Cause.allCases {
            let budget = [.app, .timeout, .oom].contains(cause) ? Self.attempts : Backoff.foreignBudget + 1
            for failures in 1...budget {
                check("failure", "graph \(number) of \(size), \(policy), t\(task) fails \(failures) times: \(cause)") {
                    var script = World.Script()
                    script.failures["t\(task)"] = Array(repeating: cause, count: failures)
                    try Self.expect(plan, ending, script, failing: failures == budget ? task : nil, [task: failures])
                }
            }
        }
    }

    // MARK: One step is disturbed

    private mutating func disturb(_ graph: [[Int]], _ number: Int) {
        let plan = Self.plan(graph)
        guard let ending = try? Ending(of: plan, model: SimulatedModel()) else { return violations.append("no ending") }
        let steps = check("undisturbed", "graph \(number) of \(size)") {
            try Self.expect(plan, ending, World.Script(), failing: nil)
        }
        for step in 0..<(steps ?? 0) {
            for children in [false, true] {
                check("crash", "graph \(number) of \(size): the engine dies before its step \(step)") {
                    var script = World.Script()
                    script.crashBefore = step
                    script.crashTakesChildren = children
                    try Self.expect(plan, ending, script, failing: nil, nil)
                }
            }
        }
        for commit in 0..<2 * size {
            check("refusal", "graph \(number) of \(size): the commit \(commit) is refused") {
                var script = World.Script()
                script.refusesCommit = commit
                try Self.expect(plan, ending, script, failing: nil, nil)
            }
        }
        for task in 0..<size {
            check("lost report", "graph \(number) of \(size): the report of t\(task) is lost") {
                var script = World.Script()
                script.dropsReportOf = "t\(task)"
                try Self.expect(plan, ending, script, failing: nil, [task: 1])
            }
            check("doubled report", "graph \(number) of \(size): the report of t\(task) comes twice") {
                var script = World.Script()
                script.doublesReportOf = "t\(task)"
                try Self.expect(plan, ending, script, failing: nil)
            }
        }
    }

    // MARK: What must come of it

    @discardableResult
    private mutating func check<Value>(
        _ kind: String, _ name: String, _ body: () throws -> Value
    ) -> Value? {
        cases[kind, default: 0] += 1
        do { return try body() } catch {
            violations.append("\(name): \(error)")
            return nil
        }
    }

    /// Runs the plan by the script, and resumes it when a task has failed for good.
    /// - Parameters:
    ///   - task: the one that has failed for good at the end of the first drive.
    ///   - repeats: how often tasks start beyond once, over both drives; nil: nobody knows, but no task that succeeded runs
    ///     again.
    /// - Returns: the steps that engines took.
    @discardableResult
    private static func expect(
        _ plan: Plan, _ ending: Ending, _ script: World.Script, failing task: Int?, _ repeats: [Int: Int]? = [:]
    ) throws(Violation) -> Int {
        let world = World()
        let job = try world.submit(plan, model: SimulatedModel())
        world.start(job: job, slots: 2, isSubmitter: true)
        let steps = try world.settle(script)
        if let task {
            try checkFailed(world.jobs[job], task)
            world.start(job: job, slots: 2)
            try world.settle()
        }
        guard Ending(world.jobs[job].replica) == ending else {
            throw Violation("it ends as \(Ending(world.jobs[job].replica)), not as \(ending)")
        }
        if let repeats { try checkStarts(world.jobs[job], repeats) }
        return steps
    }

    /// With `fail` nothing starts any more; otherwise all goes on that does not need the task.
    private static func checkFailed(_ job: World.Job, _ task: Int) throws(Violation) {
        let machine = job.replica
        guard machine.stages[task].status == .failed else { throw Violation("t\(task) is \(machine.stages[task].status)") }
        var behind: Set<Int> = []
        for (index, stage) in job.plan.stages.enumerated() {
            if stage.needs.contains(where: { $0 == task || behind.contains($0) }) { behind.insert(index) }
        }
        let fails = job.plan.stages[task].policy.onFailure == .fail
        for (index, stage) in machine.stages.enumerated() where index != task {
            let expected: Set<StageStatus> =
                behind.contains(index) ? [.skipped] : fails ? [.succeeded, .running, .waiting] : [.succeeded]
            guard expected.contains(stage.status) else {
                throw Violation("t\(task) has failed, and t\(index) is \(stage.status)")
            }
        }
        let survives = !fails && job.plan.outputs.contains { $0 != task && !behind.contains($0) }
        guard machine.status == (survives ? .partial : .failed) else {
            throw Violation("t\(task) has failed, and the job is \(machine.status)")
        }
    }

    /// Every task once, and those of `repeats` so many times more.
    private static func checkStarts(_ job: World.Job, _ repeats: [Int: Int]) throws(Violation) {
        for index in job.plan.stages.indices {
            let starts = job.ledger.namedAttempts.count { $0.hasPrefix("t\(index)/") }
            let released = job.ledger.released["t\(index)"] ?? 0
            let expected = 1 + (repeats[index] ?? 0) + released
            guard starts == expected else { throw Violation("t\(index) starts \(starts) times, not \(expected)") }
        }
    }
}
