import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowPlan
import ImflowStore
import Synchronization

/// Measures the engine alone: jobs whose shards do nothing, in this process, in a real state folder.
struct DebugEngineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine", abstract: "Run jobs whose shards do nothing, and say what the engine took for it.",
        discussion: """
            Every fact is committed as in any other job (WAL, synchronous=FULL). The jobs stay in the state folder. Prints JSON: \
            tasks, seconds, tasks_per_second, cpu_us_per_task, and memory_bytes_per_pending_shard, which is what the process has grown \
            by between the submission and the moment at which all shards were waiting.
            """)

    @Option(help: "Shards of a job.")
    var shards = 100_000
    @Option(help: "Jobs, one after another.")
    var jobs = 1
    @Option(help: "Attempts that run at once.")
    var slots = 256
    @Option(help: "The state folder: it is made, and must not hold a state yet.")
    var state: String

    func validate() throws {
        guard (1...10_000_000).contains(shards), (1...100_000).contains(jobs), (1...4096).contains(slots) else {
            throw ValidationError("--shards takes 1 to 10,000,000, --jobs 1 to 100,000, --slots 1 to 4,096")
        }
    }

    func run() async throws {
        let folder = StateFolder(root: absolutePath(state))
        guard !FileManager.default.fileExists(atPath: folder.database) else {
            throw CommandFailure(.usage, "\(folder.root) holds a state already: name a folder that does not exist")
        }
        let state = try State(folder, creating: true)
        let start = ContinuousClock.now
        let cpu = Self.processorSeconds()
        var memory: [Int] = []
        for number in 0..<jobs { memory.append(try await drive(job: "job-\(number)", in: state)) }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        // Beside its shards a job has a split and a merge.
        let tasks = jobs * (shards + 2)
        Console.print([
            "schema": "imflow.debug.engine/v1", "tasks": .int(Int64(tasks)), "seconds": .number(seconds),
            "tasks_per_second": .number(Double(tasks) / seconds),
            "cpu_us_per_task": .number((Self.processorSeconds() - cpu) / Double(tasks) * 1e6),
            "memory_bytes_per_pending_shard": .int(Int64((memory.max() ?? 0) / shards)),
        ])
    }

    /// - Returns: what the process has grown by when all shards were waiting, in bytes.
    private func drive(job: String, in state: State) async throws -> Int {
        let plan = Plan(
            models: ["nothing": ModelPlan(name: "nothing", folder: "/", command: ["/bin/true"])],
            stages: [
                StagePlan(
                    name: "nothing", kind: .call(model: "nothing"),
                    split: SplitPlan(mode: .batch, shardLimit: shards), merge: MergePlan(strategy: .none))
            ], input: .object([:]), inputFiles: [], outputs: [0])
        let planned = try StoredPlan.write(plan, to: state.content)
        let submitted = Fact.submitted(at: WallClock.now, input: try state.content.payload(plan.input))
        var machine = JobMachine(job: job, plan: plan)
        machine.apply(submitted)
        let launched = Launched(executor: .process, concurrency: slots)
        try await state.database.insert(
            job: job, plan: planned, launch: String(decoding: try JSONEncoder().encode(launched), as: UTF8.self),
            submitted: submitted, summary: machine.summary)
        let before = Self.residentBytes()
        let executor = try IdleExecutor(shards: shards, content: state.content)
        let grown = Mutex(0)
        let observer = Conductor.Observer(
            committed: { facts, _ in
                guard facts.contains(where: { if case .splitExpanded = $0 { true } else { false } }) else { return }
                grown.withLock { $0 = Self.residentBytes() - before }
            }, unitsDone: { _, _ in })
        let conductor = Conductor(
            machine: machine, store: state.database, executor: executor, slots: slots, observer: observer,
            now: { WallClock.now })
        let end = try await conductor.run(opening: [])
        guard end.status == .succeeded else {
            throw CommandFailure(.infrastructure, "job \(job) is \(end.status.rawValue): \(end.summary.message ?? "")")
        }
        return grown.withLock { $0 }
    }

    private static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }

    private static func residentBytes() -> Int {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return pages.count > 1 ? (Int(pages[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }
}

/// Splits into as many shards as it was told, and answers every call by 0.
private struct IdleExecutor: Executor {
    let shards: [Payload]
    let shared: Payload
    let result: Payload

    init(shards count: Int, content: ContentStore) throws {
        shards = try (0..<count).map { index in
            try content.payload([["unit": ["index": .int(Int64(index))], "set": ["items": [.int(Int64(index))]]]])
        }
        shared = try content.payload(.object([:]))
        result = try content.payload([0])
    }

    func run(_ order: WorkOrder, progress: @escaping UnitProgress) async -> AttemptReport {
        var outcome = Outcome.succeeded(result)
        if case .split = order.work { outcome = .expanded(shared: shared, unitCount: shards.count, shards: shards) }
        let now = WallClock.now
        return AttemptReport(
            order: order, outcome: outcome, inputHash: shared.hash, startedAt: now, finishedAt: now,
            latencyMilliseconds: 0, node: "0x" + String(repeating: "0", count: 40))
    }

    func sweep(job: String, keeping tokens: Set<String>) async {}
    func shutdown() async {}
}
