import ArgumentParser
import Glibc
import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowTrace

struct GraphCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, mermaid, dot, svg, html, perfetto, wfformat
    }

    static let configuration = CommandConfiguration(
        commandName: "graph", abstract: "Show a job's tasks, what became of them and what waits for what.",
        discussion: """
            text      a line a task
            json      nodes and edges (imflow.graph/v1); --output json is the same
            mermaid, dot, svg
                      the graph as a drawing; svg draws many tasks by stage
            html      a report in one file: timeline, stages, stragglers, failures, graph
            perfetto  Chrome's Trace Event Format, for ui.perfetto.dev: one bar an attempt
            wfformat  an instance in WfFormat 1.5, for the tools of WfCommons
            """)

    @Option(help: "The job's id, its beginning, or @latest.")
    var job: String
    @Option(help: "text, json, mermaid, dot, svg, html, perfetto or wfformat.")
    var format: Format = .text
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let state = try self.state.open()
        let row = try await state.job(job)
        let graph = TaskGraph(try await state.machine(row))
        func trace() async throws -> ExecutionTrace { graph.trace(receipts: try await state.receipts(row)) }
        switch output.output == .json ? .json : format {
        case .text: Console.print(graph.text)
        case .json: Console.print(graph.json)
        case .mermaid: Console.print(graph.mermaid)
        case .dot: Console.print(graph.dot)
        case .svg: Console.write(GraphDrawing(try await trace()).svg, to: STDOUT_FILENO)
        case .html: Console.write(HTMLReport(try await trace(), timeText: WallClock.text).html, to: STDOUT_FILENO)
        case .perfetto: Console.print(PerfettoTrace(try await trace()).json)
        case .wfformat:
            Console.print(
                WorkflowInstance(try await trace(), version: Imflow.version, timeText: WallClock.text).json)
        }
    }
}

/// A job's tasks as a graph: what the engine made of the plan so far.
struct TaskGraph {
    private let machine: JobMachine
    private let nodes: [Int]
    private var edges: [(from: Int, to: Int)] = []

    init(_ machine: JobMachine) {
        self.machine = machine
        nodes = machine.tasks.indices.filter { machine.tasks[$0].status != .superseded }
        let fetch = nodes.first { machine.tasks[$0].kind == .fetch }
        for (index, stage) in machine.stages.enumerated() {
            guard let first = stage.firstTask else { continue }
            let needs = machine.plan.stages[index].needs
            for need in needs where need != machine.leader(of: index) {
                if let last = lastTask(of: need) { edges.append((last, first)) }
            }
            if let leader = machine.leader(of: index) { addEdges(from: leader, to: index) }
            if needs.isEmpty, let fetch { edges.append((fetch, first)) }
            for shard in stage.shards {
                edges.append((first, shard))
                if let merge = stage.mergeTask { edges.append((shard, merge)) }
            }
            if stage.shards.isEmpty, let merge = stage.mergeTask { edges.append((first, merge)) }
        }
        if let output = nodes.first(where: { machine.tasks[$0].kind == .output }) {
            for stage in machine.plan.outputs { if let last = lastTask(of: stage) { edges.append((last, output)) } }
        }
    }

    /// A stage that runs on another's shards one by one.
    private mutating func addEdges(from leader: Int, to stage: Int) {
        let (before, after) = (machine.stages[leader], machine.stages[stage])
        if let split = before.firstTask, let own = after.firstTask { edges.append((split, own)) }
        for (from, to) in zip(before.shards, after.shards) { edges.append((from, to)) }
        if let from = before.mergeTask, let to = after.mergeTask { edges.append((from, to)) }
    }

    private func lastTask(of stage: Int) -> Int? { machine.stages[stage].mergeTask ?? machine.stages[stage].firstTask }

    private func kind(_ task: Int) -> String {
        switch machine.tasks[task].kind {
        case .fetch: "fetch"
        case .whole: "stage"
        case .split: "split"
        case .shard: "shard"
        case .merge: "merge"
        case .output: "output"
        }
    }

    /// - Parameter receipts: of all attempts of the job.
    func trace(receipts: [Receipt]) -> ExecutionTrace {
        let attempts = Dictionary(grouping: receipts, by: \.task)
        let numbers = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1, $0) })
        let tasks = nodes.map { index -> ExecutionTrace.Task in
            let state = machine.tasks[index]
            let stage = state.stage.map { machine.plan.stages[$0] }
            var model: String?
            if state.isCall, case .call(let key)? = stage?.kind { model = key }
            var task = ExecutionTrace.Task(
                id: machine.name(of: index), kind: kind(index), stage: stage?.name, model: model,
                status: state.status.rawValue, output: state.result.map { ($0.hash.description, $0.size) })
            task.attempts = (attempts[task.id] ?? []).map { ExecutionTrace.Attempt($0) }
            return task
        }
        return ExecutionTrace(
            job: machine.job, status: machine.status.rawValue, submittedAt: machine.submittedAt,
            completedAt: machine.completedAt, tasks: tasks,
            edges: edges.compactMap { edge in
                numbers[edge.from].flatMap { from in numbers[edge.to].map { (from, $0) } }
            })
    }

    var json: JSONValue {
        func time(_ milliseconds: Int64?) -> JSONValue { milliseconds.map { .string(WallClock.text($0)) } ?? .null }
        let nodes = nodes.map { index -> JSONValue in
            let task = machine.tasks[index]
            return [
                "id": .string(machine.name(of: index)), "kind": .string(kind(index)),
                "stage": task.stage.map { .string(machine.plan.stages[$0].name) } ?? .null,
                "status": .string(task.status.rawValue), "started_at": time(task.startedAt),
                "finished_at": time(task.live == nil ? task.finishedAt : nil), "attempts": .int(Int64(task.attempts)),
            ]
        }
        let edges = edges.map { edge -> JSONValue in
            ["from": .string(machine.name(of: edge.from)), "to": .string(machine.name(of: edge.to))]
        }
        return [
            "schema": "imflow.graph/v1", "job_id": .string(machine.job), "nodes": .array(nodes), "edges": .array(edges),
        ]
    }

    var text: String {
        nodes.map { index in
            let task = machine.tasks[index]
            let span =
                task.startedAt.flatMap { start in task.finishedAt.map { WallClock.span(max(0, $0 - start)) } } ?? "-"
            let tries = task.attempts > 1 ? "  \(task.attempts) attempts" : ""
            return "\(machine.name(of: index).padding(to: 28)) \(kind(index).padding(to: 6)) "
                + "\(task.status.rawValue.padding(to: 10)) \(span)\(tries)"
        }.joined(separator: "\n")
    }

    var mermaid: String {
        (["flowchart TD"]
            + nodes.map { "  t\($0)[\"\(machine.name(of: $0)): \(machine.tasks[$0].status.rawValue)\"]" }
            + edges.map { "  t\($0.from) --> t\($0.to)" }).joined(separator: "\n")
    }

    var dot: String {
        (["digraph \"\(machine.job)\" {"]
            + nodes.map { "  t\($0) [label=\"\(machine.name(of: $0))\\n\(machine.tasks[$0].status.rawValue)\"];" }
            + edges.map { "  t\($0.from) -> t\($0.to);" } + ["}"]).joined(separator: "\n")
    }
}
