import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowPlan
import ImflowStore

/// What `imflow resume JOB` would do, for people and programs. Making it writes nothing.
struct ResumePreview {
    private let machine: JobMachine
    private let plan: ResumePlan
    private let lost: LostOutputs
    private let replanning: Replanning?
    /// The process that drives the job now; nil: nobody.
    private let holder: Int32?

    init(_ row: JobRow, launched: Launched, state: State, replanning: Bool) async throws {
        var machine = try await state.machine(row)
        self.replanning =
            replanning ? try Replanning(machine, launched: launched, content: state.content) : nil
        if let replan = self.replanning {
            if !replan.difference.isEmpty { machine = try replan.rehearsed(machine) }
        } else {
            Replanning.noteChanges(of: machine, launched: launched, content: state.content)
        }
        holder = try await state.database.leaseHolder(job: row.id)?.pid
        var check = ContentCheck(content: state.content)
        lost = try LostOutputs(machine, &check)
        self.machine = machine
        plan = ResumePlan(machine, lost: lost.tasks, replanned: self.replanning?.reasons ?? [:])
    }

    private var isDone: Bool { machine.status == .succeeded && lost.tasks.isEmpty }

    var text: String {
        var lines = ["job \(machine.job): \(summary)"]
        if let holder { lines.append("process \(holder) drives it: until it ends, a resume is refused") }
        if let replanning {
            let changes = replanning.lines
            lines += changes.isEmpty ? ["the manifests say what they said when it was planned"] : changes
        }
        let names = plan.entries.map { Self.name($0) }
        let width = min(names.map(\.count).max() ?? 0, 48)
        for (entry, name) in zip(plan.entries, names) {
            let verdict = entry.verdict.rawValue.padding(to: 4)
            lines.append("\(verdict)  \(name.padding(to: width))  \(Self.sentence(entry))")
        }
        return lines.joined(separator: "\n")
    }

    private var summary: String {
        if isDone { return "it has succeeded; a resume has nothing to do" }
        func tasks(_ count: Int) -> String { count == 1 ? "1 task" : "\(count) tasks" }
        let more = plan.isOpenEnded ? ", and more that are known after a split" : ""
        return "a resume keeps \(tasks(plan.kept)) and runs \(tasks(plan.toRun))\(more)"
    }

    /// `words~03`, `words~03 … ~17`, `words, each shard`.
    private static func name(_ entry: ResumePlan.Entry) -> String {
        guard case .shard = entry.kind else { return entry.task }
        guard let shards = entry.shards else { return "\(entry.task), each shard" }
        return shards.count == 1 ? entry.task : "\(entry.task) … \(shards.upperBound)"
    }

    /// Why, in words.
    private static func sentence(_ entry: ResumePlan.Entry) -> String {
        let shards = entry.shards.map { $0.count > 1 ? " (\($0.count) shards)" : "" } ?? ""
        switch entry.reason {
        case .committed(let hash): return "committed" + (hash.map { " with \($0)" } ?? "") + shards
        case .skippedByCondition: return "skipped by its condition"
        case .neverStarted: return "never started" + shards
        case .interrupted(let attempt): return "ended by the engine in attempt \(attempt)" + shards
        case .running(let attempt):
            return "attempt \(attempt) ran when the engine stopped: taken up where it still runs, else run again" + shards
        case .failed(let failure): return "failed for good (\(failure.cause.rawValue)): \(failure.message)" + shards
        case .retrying(let failure): return "waits for another attempt after \(failure.cause.rawValue)" + shards
        case .outputLost: return "its output is lost or damaged" + shards
        case .inputChanges(let stage): return "its input changes: \(stage) runs again"
        case .waits(let stages):
            return stages.isEmpty ? "waits for the job's input" : "waits for \(Self.list(stages))"
        case .neededFailed(let stage): return "was left out, since \(stage) failed"
        case .afterSplit: return "known after the split"
        case .partsChange: return "shards that it is made of run"
        case .replanned: return "its manifest changed"
        }
    }

    private static func list(_ stages: [String]) -> String {
        let shown = stages.prefix(8).joined(separator: ", ")
        return stages.count > 8 ? "\(shown) and \(stages.count - 8) more" : shown
    }

    var json: JSONValue {
        var members: JSONObject = [
            "schema": "imflow.resume/v1", "job_id": .string(machine.job), "done": .bool(isDone),
            "keep": .int(Int64(plan.kept)), "run": .int(Int64(plan.toRun)),
            // False: splits are to run, after which there are more tasks.
            "complete": .bool(!plan.isOpenEnded), "driven_by": holder.map { .int(Int64($0)) } ?? .null,
            "tasks": .array(plan.entries.map(Self.json(of:))),
        ]
        if let replanning { members["changes"] = replanning.json }
        return .object(members)
    }

    private static func json(of entry: ResumePlan.Entry) -> JSONValue {
        var members: JSONObject = [
            "task": .string(entry.task), "stage": entry.stage.map { .string($0) } ?? .null,
            "kind": .string(kind(entry.kind)), "verdict": .string(entry.verdict.rawValue),
            "reason": .string(code(entry.reason)), "why": .string(sentence(entry)),
        ]
        if case .shard = entry.kind {
            members["shards"] = entry.shards.map { .array([.int(Int64($0.lowerBound)), .int(Int64($0.upperBound))]) } ?? .null
        }
        switch entry.reason {
        case .committed(let hash?): members["output_hash"] = .string(hash.description)
        case .failed(let failure), .retrying(let failure): members["cause"] = .string(failure.cause.rawValue)
        case .inputChanges(let stage), .neededFailed(let stage): members["stages"] = [.string(stage)]
        case .waits(let stages): members["stages"] = .array(stages.map { .string($0) })
        case .running(let attempt), .interrupted(let attempt): members["attempt"] = .int(Int64(attempt))
        default: break
        }
        return .object(members)
    }

    private static func kind(_ kind: TaskKind) -> String {
        switch kind {
        case .fetch: "fetch"
        case .whole: "stage"
        case .split: "split"
        case .shard: "shard"
        case .merge: "merge"
        case .output: "output"
        }
    }

    private static func code(_ reason: ResumePlan.Reason) -> String {
        switch reason {
        case .committed: "committed"
        case .skippedByCondition: "skipped"
        case .neverStarted: "never-started"
        case .interrupted: "interrupted"
        case .running: "running"
        case .failed: "failed"
        case .retrying: "retrying"
        case .outputLost: "output-lost"
        case .inputChanges: "input-changes"
        case .waits: "waits"
        case .neededFailed: "needed-failed"
        case .afterSplit: "after-split"
        case .partsChange: "parts-change"
        case .replanned: "manifest-changed"
        }
    }
}
