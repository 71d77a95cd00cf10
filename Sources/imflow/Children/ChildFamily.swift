import FoundationEssentials
import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowInvocation
import ImflowJobAPI
import ImflowPlan
import ImflowStore

/// The jobs that a job's models submit, and that theirs do: submits, drives and ends them.
actor ChildFamily {
    let state: State
    let launched: Launched
    let local: LocalExecutor
    let root: String
    let limits: ChildLimits
    nonisolated let members: FamilyMembers
    nonisolated let slots: FamilySlots
    nonisolated let lending: SlotLending
    /// What all jobs of the family are driven with.
    nonisolated let executor: FamilyExecutor

    /// By the parent's id.
    var queues: [String: ChildQueue] = [:]
    /// Submissions under way, by origin: the same one twice at once is one.
    private var submitting: [String: Task<Result<(job: String, isNew: Bool), APIResponse>, Never>] = [:]
    /// Jobs below the root; nil: not counted yet.
    private var count: Int?
    /// Nothing new is driven.
    var isClosing = false

    /// - Parameter slots: the machine's.
    init(
        state: State, launched: Launched, executor: LocalExecutor, slots: any SlotPool, root: String,
        limits: ChildLimits
    ) {
        self.state = state
        self.launched = launched
        local = executor
        self.executor = FamilyExecutor(executor: executor, root: root)
        self.root = root
        self.limits = limits
        members = FamilyMembers()
        self.slots = FamilySlots(machine: slots, limit: launched.concurrency)
        lending = SlotLending(self.slots)
    }

    /// Where one job of the family gets its slots.
    nonisolated func seat(depth: Int, priority: Int, arrived: Latch? = nil) -> any SlotPool {
        slots.seat(FamilySlots.Rank(depth: depth, priority: priority)) { arrived?.open() }
    }

    // MARK: Submitting

    /// Finds the job again, or writes it down and has it driven.
    func submit(
        _ body: ChildBody, key: String, priority: Int?, session: ModelSession
    ) async throws(APIResponse) -> (job: String, isNew: Bool) {
        let order = session.call.order
        guard let member = members[order.job], !isClosing else { throw .problem(409, "the job is being ended") }
        guard member.depth < limits.depth else {
            throw .problem(409, "job \(order.job) is \(member.depth) jobs deep: deeper than \(limits.depth) is refused")
        }
        let origin = ChildOrigin(
            root: root, parent: order.job, task: order.task, unit: session.call.unit, key: key, bodyHash: body.hash,
            depth: member.depth + 1, priority: priority ?? 0)
        let place = "\(origin.parent)/\(origin.task)/\(origin.unit)/\(origin.bodyHash)/\(origin.key)"
        let task = submitting[place] ?? Task {
            let result: Result<(job: String, isNew: Bool), APIResponse>
            do throws(APIResponse) {
                result = .success(
                    try await self.findOrMake(body, origin, givenPriority: priority, folders: member.modelFolders))
            } catch { result = .failure(error) }
            return result
        }
        submitting[place] = task
        let result = await task.value
        submitting[place] = nil
        let submitted = try result.get()
        members.noteSubmission(by: order.task, of: order.job)
        let isFirst = session.sees(submitted.job)
        if !submitted.isNew { try await revive(submitted.job, retrying: isFirst) }
        // Whoever submits several and then waits gives its slot to the most urgent of them, not to the fastest.
        await queues[origin.parent]?.driven[submitted.job]?.arrived.wait()
        return submitted
    }

    private func findOrMake(
        _ body: ChildBody, _ origin: ChildOrigin, givenPriority: Int?, folders: [String]
    ) async throws(APIResponse) -> (job: String, isNew: Bool) {
        if let job = try await stored(origin) { return (job, false) }
        try await reserve()
        do throws(APIResponse) {
            let compiler = ChildCompiler(places: launched.source.map(ModelPlaces.init), modelFolders: folders)
            let (plan, id) = try await Self.compile(body, compiler)
            var origin = origin
            origin.priority = givenPriority ?? plan.policy.priority ?? 0
            return (try await insert(plan, id: id, origin), true)
        } catch {
            count = count.map { $0 - 1 }
            throw error
        }
    }

    /// Off the actor: a compilation reads many files.
    private nonisolated static func compile(
        _ body: ChildBody, _ compiler: ChildCompiler
    ) async throws(APIResponse) -> (plan: Plan, jobID: String?) {
        try compiler.compile(body)
    }

    private func reserve() async throws(APIResponse) {
        if count == nil {
            let below: Int
            do { below = try await state.database.descendants(of: root).count } catch { throw Self.problem(error) }
            if count == nil { count = below }
        }
        guard let count, count < limits.jobs else {
            throw .problem(429, "job \(root) has \(limits.jobs) jobs below it: no more are taken (--max-children)")
        }
        self.count = count + 1
    }

    private func insert(_ plan: Plan, id: String?, _ origin: ChildOrigin) async throws(APIResponse) -> String {
        do {
            try Feasibility().check(plan, disk: state.folder.root, elsewhere: local.modelsElsewhere(of: plan))
            try await local.preflight(plan)
            return try await write(plan, id: id, origin)
        } catch {
            throw Self.problem(error)
        }
    }

    /// Of generated ids another is drawn where one is taken.
    private func write(_ plan: Plan, id: String?, _ origin: ChildOrigin) async throws -> String {
        let planned = try StoredPlan.write(plan, to: state.content)
        let submitted = Fact.submitted(at: WallClock.now, input: try state.content.payload(plan.input))
        var own = launched
        own.result = nil
        own.events = nil
        own.source = nil
        let launch = String(decoding: try JSONEncoder().encode(own), as: UTF8.self)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<8 {
            let job = id ?? JobID.random(using: &generator)
            var machine = JobMachine(job: job, plan: plan)
            machine.apply(submitted)
            if let existing = try await state.database.jobs(withPrefix: job).first, existing.id == job {
                if id == nil { continue }
                throw APIResponse.problem(409, "there is a job \(job) already: give each its own job_id")
            }
            try await state.database.insert(
                job: job, plan: planned, launch: launch, submitted: submitted, summary: machine.summary,
                origin: origin)
            enqueue(job, origin, machine, opening: [])
            return job
        }
        throw APIResponse.problem(500, "no free job id was found")
    }

    // MARK: Going on with what an earlier attempt, or an earlier engine, has begun

    /// Has a child driven that nobody drives.
    /// - Parameter retrying: also one that has ended, but did not succeed.
    func revive(_ job: String, retrying: Bool) async throws(APIResponse) {
        do {
            guard let row = try await state.database.jobs(withPrefix: job).first, row.id == job,
                let origin = try await state.database.origin(ofChild: job), !isClosing
            else { return }
            guard queues[origin.parent]?.child(job) == nil, retrying || !row.status.isFinished else { return }
            let machine = try await state.machine(row)
            var check = ContentCheck(content: state.content)
            let lost = try LostOutputs(machine, &check)
            if machine.status == .succeeded, lost.tasks.isEmpty { return }
            check.removeDamaged()
            let opening = JobMachine.opening(lost: lost.tasks, at: WallClock.now)
            var resumed = machine
            for fact in opening { resumed.apply(fact) }
            await executor.sweep(job: job, keeping: resumed.liveTokens)
            // Another request may have come first, while this one looked.
            guard queues[origin.parent]?.child(job) == nil, !isClosing else { return }
            enqueue(job, origin, machine, opening: opening)
        } catch {
            throw Self.problem(error)
        }
    }

    private func enqueue(_ job: String, _ origin: ChildOrigin, _ machine: JobMachine, opening: [Fact]) {
        let child = WaitingChild(
            job: job, parent: origin.parent, task: origin.task, unit: origin.unit, depth: origin.depth,
            priority: origin.priority, machine: machine, opening: opening)
        queues[origin.parent, default: ChildQueue(limit: limits.atOnce)].add(child)
        pump(origin.parent)
    }

    // MARK: Errors

    private func stored(_ origin: ChildOrigin) async throws(APIResponse) -> String? {
        do { return try await state.database.child(origin) } catch { throw Self.problem(error) }
    }

    static func problem(_ error: any Error) -> APIResponse {
        switch error {
        case let response as APIResponse: response
        case let failure as CommandFailure: .problem(failure.code == .usage ? 422 : 500, failure.message)
        default: .problem(500, "\(error)")
        }
    }
}
