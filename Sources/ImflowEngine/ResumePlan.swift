package import ImflowExecution
import ImflowPlan

extension JobMachine {
    /// The facts that start a resume.
    /// - Parameters:
    ///   - lost: the tasks whose outputs are gone from the store, or damaged there.
    ///   - at: milliseconds since 1970-01-01T00:00:00Z.
    package static func opening(lost: [Int], at: Int64) -> [Fact] {
        lost.isEmpty ? [.resumed(at: at)] : [.outputsLost(tasks: lost), .resumed(at: at)]
    }
}

/// What a resume would keep and what it would run, task by task, and why. Nothing is foretold: a copy of the machine
/// takes the very facts that start a resume, and is compared with what was before.
package struct ResumePlan: Sendable, Equatable {
    /// Of stages with more shards than this, neighbouring shards with the same lot stand in one entry.
    package static let listedShards = 32

    package enum Verdict: String, Sendable { case keep, run }

    package enum Reason: Sendable, Equatable {
        /// Nil: of several shards.
        case committed(ContentHash?)
        case skippedByCondition
        case neverStarted
        /// Ended by the engine before it was done, at this attempt.
        case interrupted(attempt: Int)
        /// Had a live attempt when the engine stopped: it is taken up again where it still runs.
        case running(attempt: Int)
        /// For good.
        case failed(Failure)
        /// Waits for its next attempt.
        case retrying(Failure)
        case outputLost
        /// What it works on is made again by this stage.
        case inputChanges(stage: String)
        /// The stages that have to end before it starts.
        case waits(stages: [String])
        /// It was left out because this stage failed.
        case neededFailed(stage: String)
        /// A split runs first: how many shards there will be is known after it.
        case afterSplit
        /// Shards that it is made of run.
        case partsChange
        /// The manifests say something else of its stage now.
        case replanned
    }

    package struct Entry: Sendable, Equatable {
        package var kind: TaskKind
        /// Nil for what belongs to no stage.
        package var stage: String?
        /// The task's name, the first one's of several shards; of shards that are not known yet, their stage's.
        package var task: String
        /// Nil for anything but shards, and for shards that are not known yet.
        package var shards: ClosedRange<Int>?
        package var verdict: Verdict
        package var reason: Reason

        /// Nil: known after the split.
        package var count: Int? {
            if case .shard = kind { return shards.map(\.count) }
            return 1
        }
    }

    package private(set) var entries: [Entry] = []
    /// Tasks, each shard counted.
    package private(set) var kept = 0
    package private(set) var toRun = 0
    /// Whether splits are to run, so that there will be more tasks than ``toRun``.
    package private(set) var isOpenEnded = false

    private let before: JobMachine
    private let after: JobMachine
    private let lost: Set<Int>
    private let replanned: [Int: Reason]

    /// - Parameters:
    ///   - lost: as for ``JobMachine/opening(lost:at:)``.
    ///   - replanned: the stages that a new plan has just made run again, and why.
    package init(_ machine: JobMachine, lost: [Int], replanned: [Int: Reason] = [:]) {
        before = machine
        var resumed = machine
        for fact in JobMachine.opening(lost: lost, at: machine.submittedAt) { resumed.apply(fact) }
        after = resumed
        self.lost = Set(lost)
        self.replanned = replanned
        if let fetch = after.fetchTask { add(fetch) }
        for stage in after.stages.indices { add(stage: stage) }
        if let output = after.outputTask {
            add(output)
            return
        }
        let open = after.plan.outputs.filter { !after.stages[$0].status.isSettled }
        let made = after.plan.outputs.contains { after.stages[$0].result != nil }
        if after.plan.outputs.count > 1, !open.isEmpty || made {
            add(Entry(kind: .output, stage: nil, task: "~output", verdict: .run, reason: .waits(stages: names(open))))
        }
    }

    package static func == (left: ResumePlan, right: ResumePlan) -> Bool { left.entries == right.entries }

    private func names(_ stages: [Int]) -> [String] { stages.map { after.plan.stages[$0].name } }

    private mutating func add(_ entry: Entry) {
        entries.append(entry)
        guard let count = entry.count else {
            isOpenEnded = true
            return
        }
        if entry.verdict == .keep { kept += count } else { toRun += count }
    }

    private mutating func add(stage index: Int) {
        let stage = after.stages[index]
        let name = after.plan.stages[index].name
        guard let first = stage.firstTask else {
            if stage.status == .skipped {
                let kind = after.plan.stages[index].split == nil ? TaskKind.whole : .split
                return add(
                    Entry(kind: kind, stage: name, task: name, verdict: .keep, reason: .skippedByCondition))
            }
            return addUnopened(index, reason(ofUnopened: index))
        }
        add(first)
        guard after.plan.stages[index].split != nil, stage.status != .skipped else { return }
        addShards(of: index)
        if let merge = stage.mergeTask {
            add(merge)
        } else {
            let had = before.stages[index].mergeTask != nil
            add(
                Entry(
                    kind: .merge, stage: name, task: "\(name)~merge", verdict: .run,
                    reason: had ? .partsChange : replanned[index] ?? .neverStarted))
        }
    }

    /// A stage that starts, or starts again, once what it needs is there.
    private mutating func addUnopened(_ index: Int, _ reason: Reason) {
        let name = after.plan.stages[index].name
        func entry(_ kind: TaskKind, _ task: String, _ reason: Reason) -> Entry {
            Entry(kind: kind, stage: name, task: task, verdict: .run, reason: reason)
        }
        guard after.plan.stages[index].split != nil else { return add(entry(.whole, name, reason)) }
        add(entry(.split, "\(name)~split", reason))
        add(entry(.shard(0), name, .afterSplit))
        add(entry(.merge, "\(name)~merge", reason))
    }

    private func reason(ofUnopened index: Int) -> Reason {
        if let reason = replanned[index] { return reason }
        let needs = after.plan.stages[index].needs
        let open = needs.filter { !after.stages[$0].status.isSettled }
        switch before.stages[index].status {
        case .waiting:
            if open.isEmpty, let fetch = after.fetchTask, after.tasks[fetch].status != .succeeded {
                return .waits(stages: [])
            }
            return .waits(stages: names(open))
        case .skipped:
            let failed = needs.first { !before.stages[$0].letsDependentsStart }
            return failed.map { .neededFailed(stage: after.plan.stages[$0].name) } ?? .waits(stages: names(open))
        default:
            return open.first.map { .inputChanges(stage: after.plan.stages[$0].name) } ?? .outputLost
        }
    }

    private mutating func addShards(of index: Int) {
        let stage = after.stages[index]
        let name = after.plan.stages[index].name
        guard stage.shardCount != nil else {
            return add(Entry(kind: .shard(0), stage: name, task: name, verdict: .run, reason: .afterSplit))
        }
        let grouping = stage.shards.count > Self.listedShards
        var group: Entry?
        for (number, task) in stage.shards.enumerated() {
            var entry = entry(of: task)
            if grouping, case .committed = entry.reason { entry.reason = .committed(nil) }
            if grouping, let last = group, let shards = last.shards, last.verdict == entry.verdict,
                last.reason == entry.reason
            {
                group?.shards = shards.lowerBound...number
                continue
            }
            if let group { add(group) }
            group = entry
            group?.shards = number...number
        }
        if let group { add(group) }
    }

    private mutating func add(_ task: Int) { add(entry(of: task)) }

    private func entry(of task: Int) -> Entry {
        let state = after.tasks[task]
        let (verdict, reason) = lot(of: task)
        return Entry(
            kind: state.kind, stage: state.stage.map { after.plan.stages[$0].name }, task: after.name(of: task),
            verdict: verdict, reason: reason)
    }

    private func lot(of task: Int) -> (Verdict, Reason) {
        let state = after.tasks[task]
        switch state.status {
        case .succeeded:
            let shared = state.kind == .split ? state.stage.flatMap { after.stages[$0].shared } : nil
            return (.keep, .committed((state.result ?? shared)?.hash))
        case .skipped: return (.keep, .skippedByCondition)
        case .running: return (.run, .running(attempt: state.attempts))
        case .waiting: return (.run, state.failure.map { .retrying($0) } ?? .neverStarted)
        case .ready, .failed, .cancelled, .superseded:
            return (.run, before.tasks.indices.contains(task) ? reason(ofOld: task) : reason(ofNew: task))
        }
    }

    private func reason(ofOld task: Int) -> Reason {
        if lost.contains(task) { return .outputLost }
        let old = before.tasks[task]
        if old.status == .failed, let failure = old.failure { return .failed(failure) }
        return old.startedAt == nil ? .neverStarted : .interrupted(attempt: old.attempts)
    }

    /// Of a task that the resume makes.
    private func reason(ofNew task: Int) -> Reason {
        let state = after.tasks[task]
        guard let stage = state.stage else {
            return before.outputTask.map(lost.contains) == true ? .outputLost : .neverStarted
        }
        if state.kind == .merge {
            if before.stages[stage].mergeTask.map(lost.contains) == true { return .outputLost }
            if let reason = replanned[stage] { return reason }
            return before.stages[stage].mergeTask == nil ? .neverStarted : .partsChange
        }
        if before.stages[stage].firstTask.map(lost.contains) == true { return .outputLost }
        if let reason = replanned[stage] { return reason }
        return before.stages[stage].firstTask == nil ? .neverStarted : .outputLost
    }
}
