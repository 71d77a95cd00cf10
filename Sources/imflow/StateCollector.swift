import FoundationEssentials
import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowStore

/// Finds out what of a state folder nobody needs any more, and removes it. Safe while jobs run: what a live or resumable job
/// refers to stays, and so does what was stored since the oldest attempt that is not over began.
struct StateCollector {
    struct Options {
        /// In milliseconds; older jobs that are over, and results that nobody took for so long, go. Nil: none.
        var age: Int64?
        /// Of what is stored, in bytes; the least recently used goes until no more is left. Nil: no limit.
        var maxSize: Int64?
        var dryRun: Bool
    }

    struct Report {
        var jobs: [String] = []
        var results = 0
        var files = 0
        var bytes: Int64 = 0
        /// What stays, in bytes: contents and results.
        var left: Int64 = 0
    }

    /// Younger content may belong to a job that is about to write it down.
    private static let grace: Int64 = 3600 * 1000
    /// Clocks may be set back a little while a job runs.
    private static let slack: Int64 = 60 * 1000
    /// For so long, in milliseconds, damaged contents that were set aside can be looked at.
    private static let quarantine: Int64 = 7 * 86_400_000
    /// Jobs that are over for good. Others can be resumed and keep what they have.
    static let over: Set<JobStatus> = [.succeeded, .cancelled]
    private static let ended = over.union([.failed, .partial])

    /// A job with all that its models submitted, and theirs: they go together.
    private struct Family {
        /// Children stay behind when gc is killed while it forgets them.
        var hasRoot = false
        /// Without the one at the top.
        var children: [String] = []
        var references: Set<ContentHash> = []
        var completedAt: Int64 = 0
        /// Whether it is over for good. Children go on only with the job at the top: of them it is enough that they have ended.
        var isOver = true

        mutating func add(_ row: JobRow, isRoot: Bool, _ references: [ContentHash], now: Int64) {
            self.references.formUnion(references)
            completedAt = max(completedAt, row.summary.completedAt ?? now)
            if isRoot { hasRoot = true } else { children.append(row.id) }
            if isRoot ? !StateCollector.over.contains(row.status) : !row.status.isFinished { isOver = false }
        }
    }

    private let state: State
    private let options: Options
    /// By the job at the top.
    private var families: [String: Family] = [:]
    private let now: Int64
    private var usage: StorageUsage
    private var cutoff: Int64
    private let cache: ResultCache

    init(_ state: State, _ options: Options, now: Int64) async throws {
        self.state = state
        self.options = options
        self.now = now
        cutoff = now - Self.grace
        cache = try ResultCache(folder: state.folder.cache, content: state.content)
        // First what is there, then who refers to it: what is stored later is in neither list.
        usage = StorageUsage(try state.content.all())
        try await addJobs()
        try addResults()
        usage.keep(since: cutoff)
    }

    private mutating func addJobs() async throws {
        let memo = ReferenceMemo(state)
        let roots = try await state.database.roots()
        for row in try await state.database.jobs(limit: .max) {
            let references: [ContentHash]
            if let known = memo.references(of: row) {
                references = known
            } else {
                let facts = try await state.database.facts(of: row.id)
                references = state.references(of: row, facts)
                if row.status.isFinished { memo.remember(references, of: row) } else { protect(facts) }
            }
            let root = roots[row.id] ?? row.id
            families[root, default: Family()].add(row, isRoot: row.id == root, references, now: now)
        }
        for (root, family) in families.sorted(by: { $0.key < $1.key }) {
            usage.add(.job(root), usedAt: family.isOver ? family.completedAt : nil, size: 0, Array(family.references))
        }
    }

    /// An attempt stores files long before its report names them.
    private mutating func protect(_ facts: [Fact]) {
        var live: [Int: Int64] = [:]
        for fact in facts {
            switch fact {
            case .attemptStarted(let task, _, _, let at): live[task] = min(at, live[task] ?? at)
            case .attemptSucceeded(let task, _, _, _), .splitExpanded(let task, _, _, _, _, _),
                .attemptSkipped(let task, _, _, _), .attemptFailed(let task, _, _, _, _), .attemptReleased(let task, _, _):
                live[task] = nil
            default: break
            }
        }
        if let oldest = live.values.min() { cutoff = min(cutoff, oldest - Self.slack) }
    }

    private mutating func addResults() throws {
        for item in try cache.all() {
            guard let entry = cache.entry(item.key) else { continue }
            let listing = ["model", "image"].compactMap { entry.fields[$0] }
            usage.add(
                .result(item.key), usedAt: item.usedAt, size: item.size,
                state.content.references(of: entry.result) + listing)
        }
    }

    mutating func collect() async throws -> Report {
        if let age = options.age { usage.drop(usedBefore: now - age) }
        if let size = options.maxSize { usage.drop(untilAtMost: size) }
        var report = Report()
        for owner in usage.dropped {
            switch owner {
            case .job(let id): report.jobs += try await forget(id)
            case .result(let key):
                if !options.dryRun { try cache.remove(key) }
                report.results += 1
            }
        }
        // A job that was taken up meanwhile keeps what it has: it is looked at again the next time.
        let kept = Set(usage.dropped.compactMap { if case .job(let id) = $0 { id } else { nil } })
            .subtracting(report.jobs)
        for item in usage.unused(unlessOwnedBy: kept) where item.modified < cutoff {
            if !options.dryRun, try !state.content.remove(item.hash, unlessSince: cutoff) { continue }
            report.files += 1
            report.bytes += item.size
        }
        report.left = usage.total - report.bytes
        let spoiled = try state.content.emptyQuarantine(before: now - Self.quarantine, dryRun: options.dryRun)
        report.files += spoiled.files
        report.bytes += spoiled.bytes
        if !options.dryRun {
            _ = try state.content.removeLeftovers(olderThan: (now - cutoff) / 1000)
            try state.content.removeStaleNotes()
            try cache.removeLeftovers()
        }
        return report
    }

    /// - Returns: the jobs that are forgotten; none when the one at the top was taken up meanwhile.
    private func forget(_ root: String) async throws -> [String] {
        guard let family = families[root] else { return [] }
        let (top, children) = (family.hasRoot ? [root] : [], family.children)
        if options.dryRun { return top + children }
        if family.hasRoot, try await !forget(root, ifOneOf: Self.over) { return [] }
        var forgotten = top
        for child in children where try await forget(child, ifOneOf: Self.ended) { forgotten.append(child) }
        return forgotten
    }

    private func forget(_ job: String, ifOneOf statuses: Set<JobStatus>) async throws -> Bool {
        guard try await state.database.forget(job: job, ifOneOf: statuses) else { return false }
        ReferenceMemo(state).forget(job)
        for path in [
            state.folder.work(job: job), state.folder.logs(job: job), state.folder.api(job: job),
            state.folder.published(job: job),
        ] {
            try? FileManager.default.removeItem(atPath: path)
        }
        return true
    }
}
