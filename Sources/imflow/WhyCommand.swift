import ArgumentParser
import ImflowContent
import ImflowDiagnostics
import ImflowEngine
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowStore

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Say why a task ran, or did not.",
        discussion: """
            TASK is a stage, a task as `imflow graph` names it, or a sub-job's id. Without it, every stage is told of. Reads \
            the job's journal and the result cache only.
            """)

    @Argument(help: ArgumentHelp("JOB, JOB/TASK or JOB/STAGE, or a sub-job's id.", valueName: "job/task"))
    var target: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    /// Tasks of a stage that are told of one by one.
    private static let textLimit = 20
    private static let jsonLimit = 10_000

    func run() async throws {
        let state = try self.state.open()
        let (row, name) = try await find(state)
        let plan = try StoredPlan.read(row.plan, from: state.content)
        let history = JobHistory(job: row.id, plan: plan, facts: try await state.database.facts(of: row.id))
        let isDriven = try await state.database.leaseHolder(job: row.id) != nil
        let neighbours = CacheNeighbours(state)
        func story(_ task: Int) -> TaskStory {
            TaskStory(history: history, task: task, isDriven: isDriven, neighbours: neighbours)
        }
        let whole = StageStories(history: history, isDriven: isDriven)
        if let name, let task = whole.task(named: name) { return show(row.id, [story(task)], notes: [], left: 0) }
        let stages = try whole.stages(named: name)
        let tasks = stages.flatMap(whole.tasks(of:)) + (name == nil ? whole.others : [])
        let limit = output.output == .json ? Self.jsonLimit : Self.textLimit
        show(
            row.id, tasks.prefix(limit).map(story), notes: stages.compactMap(whole.note(on:)),
            left: max(0, tasks.count - limit))
    }

    /// The job, and what of it is meant; nil: all.
    private func find(_ state: State) async throws -> (JobRow, String?) {
        if let slash = target.firstIndex(of: "/") {
            let name = String(target[target.index(after: slash)...])
            return (try await state.job(String(target[..<slash])), name.isEmpty ? nil : name)
        }
        if target == "@latest" { return (try await state.job(target), nil) }
        // A sub-job's id begins with its job's, and both may hold `-`.
        var end = target.endIndex
        while true {
            let id = String(target[..<end])
            if let row = try await state.database.jobs(withPrefix: id).first(where: { $0.id == id }) {
                return (row, end == target.endIndex ? nil : target)
            }
            guard let dash = target[..<end].lastIndex(of: "-"), dash > target.startIndex else { break }
            end = dash
        }
        return (try await state.job(target), nil)
    }

    private func show(_ job: String, _ stories: [TaskStory], notes: [StageStories.Note], left: Int) {
        // An attempt that waits for a device runs, as far as the journal knows.
        let waits = GPUWait.all(of: job)
        switch output.output {
        case .json:
            Console.print([
                "schema": "imflow.why/v1", "job_id": .string(job), "tasks": .array(stories.map(\.json)),
                "stages": .array(
                    notes.map {
                        ["stage": .string($0.stage), "status": .string($0.status), "reason": .string($0.reason)]
                    }),
                "waits_for_gpus": .array(waits.map(\.json)), "not_shown": .int(Int64(left)),
            ])
        case .text:
            for note in notes { Console.print("\(job)/\(note.stage): \(note.reason)") }
            for story in stories {
                Console.print("\(job)/\(story.history.machine.name(of: story.task)): \(story.text.joined(separator: "\n"))")
            }
            for wait in waits {
                let who = wait.task == "instance" ? "an instance of model \(wait.model)" : wait.task
                Console.print("\(job)/\(who): waits for \(wait.reason)")
            }
            if left > 0 { Console.print("… and \(left) tasks more: name one, as in imflow why \(job)/TASK") }
        }
    }
}

/// The tasks behind the names that users give, and stages that have none yet.
struct StageStories {
    struct Note {
        var stage: String
        var status: String
        var reason: String
    }

    let history: JobHistory
    let isDriven: Bool
    private var machine: JobMachine { history.machine }

    /// By the name in the graph or the sub-job's id; of several that bore it one after the other, the last. A stage that has
    /// one task only is that task.
    func task(named name: String) -> Int? {
        let plain = machine.plan.stages.contains { $0.name == name }
        return machine.tasks.indices.last { task in
            let state = machine.tasks[task]
            if plain { return state.kind == .whole && machine.name(of: task) == name }
            return machine.name(of: task) == name || machine.subJobID(of: task) == name
        }
    }

    /// - Throws: ``CommandFailure`` for a name that nothing has.
    func stages(named name: String?) throws -> [Int] {
        guard let name else { return Array(machine.plan.stages.indices) }
        let found = machine.plan.stages.indices.filter { index in
            let stage = machine.plan.stages[index].name
            return stage == name || stage.hasPrefix(name + ".") || stage.hasPrefix(name + "@")
        }
        guard found.isEmpty else { return found }
        let names = machine.plan.stages.map(\.name) + machine.tasks.indices.prefix(10_000).map(machine.name(of:))
        let hint = nearest(name, in: names).map { "; did you mean \($0)?" } ?? ": imflow graph --job \(machine.job)"
        throw CommandFailure(.usage, "job \(machine.job) has no task or stage \(name)\(hint)")
    }

    func tasks(of stage: Int) -> [Int] {
        machine.tasks.indices.filter { machine.tasks[$0].stage == stage && machine.tasks[$0].status != .superseded }
    }

    /// Tasks that belong to no stage.
    var others: [Int] {
        machine.tasks.indices.filter { machine.tasks[$0].stage == nil && machine.tasks[$0].status != .superseded }
    }

    /// Why a stage has no task, or not all of them; nil when there is nothing to say.
    func note(on index: Int) -> Note? {
        let plan = machine.plan.stages[index]
        let stage = machine.stages[index]
        func note(_ reason: String) -> Note { Note(stage: plan.name, status: stage.status.rawValue, reason: reason) }
        let tasks = tasks(of: index)
        if tasks.isEmpty {
            switch stage.status {
            case .skipped: return note(skipped(index))
            case _ where machine.status.isFinished: return note("was not run: the job is over (\(machine.status.rawValue))")
            default: return note(waiting(index))
            }
        }
        if plan.split != nil, stage.shardCount == nil, !stage.status.isSettled {
            return note("its shards wait for its split, which has not ended")
        }
        return nil
    }

    private func skipped(_ index: Int) -> String {
        let plan = machine.plan.stages[index]
        let bad = plan.needs.filter { machine.stages[$0].status == .failed || machine.stages[$0].status == .skipped }
        if let entry = plan.entry, machine.stages[entry].status == .skipped {
            return "skipped with its pipeline, \(machine.plan.stages[entry].name)"
        }
        guard let first = bad.first else { return "skipped" }
        return "skipped: stage \(machine.plan.stages[first].name), which it needs, \(machine.stages[first].status.rawValue)"
    }

    private func waiting(_ index: Int) -> String {
        let open = machine.plan.stages[index].needs.filter { !machine.stages[$0].status.isSettled }
        if open.isEmpty {
            return isDriven ? "waits to be started" : "waits: nobody drives the job; imflow resume \(machine.job)"
        }
        let names = open.prefix(5).map { "\(machine.plan.stages[$0].name) (\(machine.stages[$0].status.rawValue))" }
        let more = open.count > 5 ? " and \(open.count - 5) more" : ""
        return "waits for \(names.joined(separator: ", "))\(more)"
    }
}
