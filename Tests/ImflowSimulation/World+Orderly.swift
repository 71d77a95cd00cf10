import ImflowEngine
import ImflowExecution
import ImflowPlan

extension World {
    /// What goes wrong in an otherwise orderly world: one thing, at one place.
    struct Script {
        /// By task: how its first attempts fail.
        var failures: [String: [Cause]] = [:]
        /// Before this step of an engine, counted from 0, the engine dies; another one starts.
        var crashBefore: Int?
        /// What the engine ran dies with it.
        var crashTakesChildren = false
        /// The report of this task's first attempt never comes; the engine is started again.
        var dropsReportOf: String?
        /// The report of this task's first attempt comes twice, the second time at the very end.
        var doublesReportOf: String?
        /// The commit with this number, counted from 0, is refused; the engine ends, and another one starts.
        var refusesCommit: Int?

        init() {}
    }

    /// Moves everything on, oldest first, until nothing is left to do. Time moves only when there is nothing else.
    /// - Returns: the steps that engines took.
    @discardableResult
    func settle(_ script: Script = Script()) throws(Violation) -> Int {
        var engineSteps = 0
        var commits = 0
        var isDone = false
        while true {
            if let place = engines.indices.first(where: { engines[$0].canAdvance(at: now) }) {
                if engineSteps == script.crashBefore {
                    engineSteps += 1
                    let (job, slots) = (engines[place].job, engines[place].slots)
                    crash(place, children: script.crashTakesChildren)
                    start(job: job, slots: slots)
                    continue
                }
                engineSteps += 1
                try advance(place, refusing: script.refusesCommit, &commits)
            } else if !executor.mail.isEmpty {
                try count()
                let report = executor.mail[0].report
                if !isDone, report.attempt == 1, report.task == script.dropsReportOf {
                    isDone = true
                    restart(after: executor.mail.removeFirst().engine)
                    continue
                }
                if !isDone, report.attempt == 1, report.task == script.doublesReportOf {
                    isDone = true
                    executor.mail.append(executor.mail[0])
                }
                deliver(0)
            } else if let attempt = executor.working.first {
                try count()
                let order = executor.attempts[attempt].order
                let causes = script.failures[order.task] ?? []
                let cause = causes.indices.contains(order.attempt - 1) ? causes[order.attempt - 1] : nil
                if let cause {
                    answer(attempt, .failed(Failure(cause, "scripted")), remembers: false)
                } else {
                    answer(attempt, try outcome(of: attempt), remembers: false)
                }
            } else if let wake = engines.filter(\.isAlive).compactMap(\.wake).min() {
                try count()
                if wake <= now { throw Violation("an engine wakes at \(wake) and does nothing") }
                now = wake
            } else {
                return engineSteps
            }
        }
    }

    private func advance(_ place: Int, refusing: Int?, _ commits: inout Int) throws(Violation) {
        guard case .turned(let turn) = engines[place].phase, turn.batch != nil else { return try advance(place) }
        if commits == refusing { store.refuseOnce() }
        commits += 1
        let (job, slots) = (engines[place].job, engines[place].slots)
        try advance(place)
        if !engines[place].isAlive { start(job: job, slots: slots) }
    }

    /// The engine waits for what will not come: somebody starts it again.
    private func restart(after place: Int) {
        note("the report is lost")
        let (job, slots) = (engines[place].job, engines[place].slots)
        crash(place, children: false)
        start(job: job, slots: slots)
    }
}
