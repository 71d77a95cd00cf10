import FoundationEssentials
import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowPlan
import ImflowStore

extension ChildFamily {
    /// Starts what may be driven of a job's children.
    func pump(_ parent: String) {
        while !isClosing, let child = queues[parent]?.next() {
            let recorder = HistoryRecorder()
            let conductor = conductor(of: child, recorder)
            members.enrol(
                child.job,
                FamilyMembers.Member(
                    depth: child.depth, priority: child.priority, modelFolders: Self.modelFolders(child.machine.plan),
                    conductor: conductor))
            Task { await self.drive(child, conductor, recorder) }
        }
    }

    static func modelFolders(_ plan: Plan) -> [String] { Set(plan.models.values.map(\.folder)).sorted() }

    private func conductor(of child: WaitingChild, _ recorder: HistoryRecorder) -> Conductor {
        let observer = Conductor.Observer(
            committed: { [self] facts, machine in heed(facts, of: machine) }, unitsDone: { _, _ in })
        return Conductor(
            machine: child.machine, store: state.database, executor: executor, slots: launched.concurrency,
            pool: seat(depth: child.depth, priority: child.priority, arrived: child.arrived),
            observer: recorder.observing(observer), now: { WallClock.now })
    }

    /// Whether it ended well is in the store.
    private func drive(_ child: WaitingChild, _ conductor: Conductor, _ recorder: HistoryRecorder) async {
        var isFinished = false
        do {
            try await state.database.acquireLease(job: child.job)
            let final = try await withTaskExecutorPreference(BlockingThreads.shared) {
                try await conductor.run(opening: child.opening)
            }
            isFinished = final.status.isFinished
            await recorder.save(in: state)
        } catch {
            // The same trouble will meet the parent; until then its model sees a job that does not end.
            Console.note("job \(child.job), submitted by \(child.task) of job \(child.parent), stops: \(error)")
        }
        await settle(below: child.job, finished: isFinished)
        await executor.sweep(job: child.job, keeping: [])
        try? FileManager.default.removeItem(atPath: state.folder.work(job: child.job))
        try? await state.database.releaseLease(job: child.job)
        members.dismiss(child.job)
        queues[child.parent]?.ended(child.job)
        child.arrived.open()
        child.atRest.open()
        pump(child.parent)
    }

    /// Looks for tasks that have ended: what their attempts submitted and did not wait for is ended, too.
    nonisolated func heed(_ facts: [Fact], of machine: borrowing JobMachine) {
        guard members.hasSubmitters(machine.job) else { return }
        let job = machine.job
        for fact in facts {
            let task: Int
            switch fact {
            case .attemptSucceeded(let index, _, _, _): task = index
            case .attemptFailed(let index, _, _, nil, _): task = index
            default: continue
            }
            let name = machine.name(of: task)
            if members.takeSubmitter(name, of: job) { Task { await self.cancelChildren(of: name, in: job) } }
        }
    }

    private func cancelChildren(of task: String, in parent: String) async {
        guard let queue = queues[parent] else { return }
        for child in queue.driven.values where child.task == task { members[child.job]?.conductor.send(.cancel) }
        for child in queues[parent]?.withdraw(where: { $0.task == task }) ?? [] { await abandon(child) }
    }

    /// A job has come to rest: so do its children. Of a finished one they are cancelled, of a paused one paused.
    func settle(below parent: String, finished: Bool) async {
        let waiting = queues[parent]?.withdraw { _ in true } ?? []
        let driven = queues[parent].map { Array($0.driven.values) } ?? []
        for child in driven { members[child.job]?.conductor.send(finished ? .cancel : .stop) }
        for child in waiting { if finished { await abandon(child) } else { child.atRest.open() } }
        for child in driven { await child.atRest.wait() }
        queues[parent] = nil
    }

    /// Cancels a child that is not driven.
    func abandon(_ child: WaitingChild) async {
        await cancelStored(child.job)
        child.atRest.open()
    }

    func cancelStored(_ job: String) async {
        do {
            guard let row = try await state.database.jobs(withPrefix: job).first, row.id == job,
                !row.status.isFinished
            else { return }
            try await JobDriver.cancelAbandoned(row, in: state)
        } catch {
            Console.note("job \(job) could not be cancelled: \(error)")
        }
    }

    /// The root has come to rest, or cannot be driven on: nothing of the family runs any more when this returns.
    /// - Parameter finished: what an earlier engine has left unfinished is cancelled, too.
    func close(finished: Bool) async {
        isClosing = true
        await settle(below: root, finished: finished)
        guard finished, let below = try? await state.database.descendants(of: root) else { return }
        for job in below { await cancelStored(job) }
    }
}
