import ArgumentParser
import Glibc
import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowStore
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
        let graph = TaskGraph(try await state.machine(row), children: try await state.database.children(of: row.id))
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
    /// The jobs that its models submitted, each beside the task that did.
    private let children: [(row: ChildRow, task: Int?)]

    init(_ machine: JobMachine, children: [ChildRow] = []) {
        self.machine = machine
        let tasks = Dictionary(
            machine.tasks.indices.map { (machine.name(of: $0), $0) }, uniquingKeysWith: { _, newest in newest })
        self.children = children.map { ($0, tasks[$0.origin.task]) }
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
        let jobs = children.map { child -> ExecutionTrace.Task in
            let summary = child.row.summary
            return ExecutionTrace.Task(
                id: child.row.id, kind: "job", stage: nil, model: nil, status: summary.status.rawValue,
                output: summary.output.map { ($0.hash.description, $0.size) })
        }
        let submissions = children.indices.compactMap { index in
            children[index].task.flatMap { numbers[$0] }.map { (from: $0, to: tasks.count + index) }
        }
        return ExecutionTrace(
            job: machine.job, status: machine.status.rawValue, submittedAt: machine.submittedAt,
            completedAt: machine.completedAt, tasks: tasks + jobs,
            edges: edges.compactMap { edge in
                numbers[edge.from].flatMap { from in numbers[edge.to].map { (from, $0) } }
            } + submissions)
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
        let jobs = children.map { child -> JSONValue in
            [
                "id": .string(child.row.id), "kind": "job", "stage": .null,
                "status": .string(child.row.summary.status.rawValue), "started_at": time(child.row.summary.submittedAt),
                "finished_at": time(child.row.summary.completedAt), "attempts": 1,
            ]
        }
        let submissions = children.map { child -> JSONValue in
            ["from": .string(child.row.origin.task), "to": .string(child.row.id)]
        }
        return [
            "schema": "imflow.graph/v1", "job_id": .string(machine.job), "nodes": .array(nodes + jobs),
            "edges": .array(edges + submissions),
        ]
    }

    var text: String {
        (nodes.map { index in
            let task = machine.tasks[index]
            let span =
                task.startedAt.flatMap { start in task.finishedAt.map { WallClock.span(max(0, $0 - start)) } } ?? "-"
            let tries = task.attempts > 1 ? "  \(task.attempts) attempts" : ""
            return "\(machine.name(of: index).padding(to: 28)) \(kind(index).padding(to: 6)) "
                + "\(task.status.rawValue.padding(to: 10)) \(span)\(tries)"
        }
            + children.map { child in
                let summary = child.row.summary
                let span = summary.completedAt.map { WallClock.span(max(0, $0 - summary.submittedAt)) } ?? "-"
                return "\(child.row.id.padding(to: 28)) job    \(summary.status.rawValue.padding(to: 10)) \(span)"
                    + "  submitted by \(child.row.origin.task)"
            }).joined(separator: "\n")
    }

    var mermaid: String {
        (["flowchart TD"]
            + nodes.map { "  t\($0)[\"\(machine.name(of: $0)): \(machine.tasks[$0].status.rawValue)\"]" }
            + edges.map { "  t\($0.from) --> t\($0.to)" } + childLines { "  \($0)([\"\($1)\"])" } edge: { "  t\($0) --> \($1)" }).joined(separator: "\n")
    }

    var dot: String {
        (["digraph \"\(machine.job)\" {"]
            + nodes.map { "  t\($0) [label=\"\(machine.name(of: $0))\\n\(machine.tasks[$0].status.rawValue)\"];" }
            + edges.map { "  t\($0.from) -> t\($0.to);" }
            + childLines { "  \($0) [shape=box, label=\"\($1)\"];" } edge: { "  t\($0) -> \($1);" } + ["}"])
            .joined(separator: "\n")
    }

    /// - Parameters:
    ///   - node: a job's line, by its name in the graph and its text.
    ///   - edge: the line of the submission, by the task's index and the job's name.
    private func childLines(node: (String, String) -> String, edge: (Int, String) -> String) -> [String] {
        children.enumerated().flatMap { index, child -> [String] in
            let line = node("j\(index)", "job \(child.row.id): \(child.row.summary.status.rawValue)")
            return [line] + (child.task.map { [edge($0, "j\(index)")] } ?? [])
        }
    }
}
