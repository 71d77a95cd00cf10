import ImflowEngine
import ImflowExecution

/// One process that wants to drive one job: what it has in memory, which dies with it.
struct SimulatedEngine {
    enum Phase {
        case starting
        /// Holds the lease and has not read the journal.
        case leased
        /// Has decided; nothing of it is committed.
        case turned(JobLoop.Turn)
        /// Has committed; this many effects were handed out.
        case handing(JobLoop.Effects, Int)
        case idle
        /// The job is at rest; the lease is still held.
        case resting
        case gone
    }

    let number: Int
    let job: Int
    let slots: Int
    let holder: LeaseHolder
    /// Drives a job that it has just submitted, so that there is nothing to recover.
    let isSubmitter: Bool
    var phase = Phase.starting
    var loop: JobLoop?
    var inbox: [JobLoop.News] = []
    /// Of the turn whose batch is to be committed.
    var circumstances: Ledger.Circumstances
    var wake: Int64?
    /// A turn follows the first one without news.
    var owesTurn = false

    init(number: Int, job: Int, slots: Int, holder: LeaseHolder, isSubmitter: Bool) {
        self.number = number
        self.job = job
        self.slots = slots
        self.holder = holder
        self.isSubmitter = isSubmitter
        circumstances = Ledger.Circumstances(slots: slots)
    }

    var isAlive: Bool { if case .gone = phase { false } else { true } }

    /// Whether it believes that the job is its own.
    var drives: Bool {
        switch phase {
        case .starting, .gone: false
        default: true
        }
    }

    /// Whether it has something to do at this time.
    func canAdvance(at now: Int64) -> Bool {
        switch phase {
        case .gone: false
        case .idle: owesTurn || !inbox.isEmpty || wake.map { $0 <= now } ?? false
        default: true
        }
    }

    /// Takes what has come, as the conductor does.
    mutating func turn(now: Int64, token: () -> String) -> JobLoop.Turn? {
        let news = inbox
        inbox = []
        owesTurn = false
        circumstances.delivered = [:]
        circumstances.cancels = false
        circumstances.latest = max(circumstances.latest, now)
        for item in news {
            switch item {
            case .report(let report):
                if circumstances.delivered[report.token] == nil { circumstances.delivered[report.token] = report.outcome }
            case .command(.cancel): circumstances.cancels = true
            case .command: circumstances.drains = true
            case .wake: break
            }
        }
        return loop?.turn(news, now: now, token: token)
    }
}
