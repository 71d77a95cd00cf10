import ArgumentParser
import ImflowEngine
import ImflowJSON
import ImflowStore

struct GraphCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, mermaid, dot }

    static let configuration = CommandConfiguration(
        commandName: "graph", abstract: "Show a job's tasks, what became of them and what waits for what.")

    @Option(help: "The job's id, its beginning, or @latest.")
    var job: String
    @Option(help: "text, json, mermaid or dot.")
    var format: Format = .text
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let state = try self.state.open()
        let row = try await state.job(job)
        let graph = TaskGraph(try await state.machine(row), children: try await state.database.children(of: row.id))
        switch output.output == .json ? .json : format {
        case .text: Console.print(graph.text)
        case .json: Console.print(graph.json)
        case .mermaid: Console.print(graph.mermaid)
        case .dot: Console.print(graph.dot)
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
            for need in needs { if let last = lastTask(of: need) { edges.append((last, first)) } }
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
