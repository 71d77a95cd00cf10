package import ImflowJSON

/// The job as an instance in WfFormat 1.5, which the tools of WfCommons read (https://github.com/wfcommons/WfFormat).
package struct WorkflowInstance {
    private let trace: ExecutionTrace
    private let version: String
    private let timeText: (Int64) -> String
    /// By task: WfFormat takes letters, digits and `-_.#` in ids.
    private let ids: [String]

    /// - Parameters:
    ///   - version: of imflow.
    ///   - timeText: writes milliseconds since 1970-01-01T00:00:00Z by RFC 3339.
    package init(_ trace: ExecutionTrace, version: String, timeText: @escaping (Int64) -> String) {
        self.trace = trace
        self.version = version
        self.timeText = timeText
        // `~` and `@` stand in no stage's name, so that names stay apart.
        ids = trace.tasks.map { task in
            String(task.id.map { $0 == "~" || $0 == "@" ? "#" : $0 })
        }
    }

    package var json: JSONValue {
        [
            "name": .string(trace.job), "description": .string("A job of imflow; its status is \(trace.status)."),
            "createdAt": .string(timeText(trace.submittedAt)), "schemaVersion": "1.5",
            "runtimeSystem": ["name": "imflow", "version": .string(version)],
            "workflow": ["specification": specification, "execution": execution],
        ]
    }

    private var specification: JSONValue {
        var parents = Array(repeating: [Int](), count: trace.tasks.count)
        var children = parents
        for edge in trace.edges {
            parents[edge.to].append(edge.from)
            children[edge.from].append(edge.to)
        }
        func names(_ tasks: [Int]) -> JSONValue { .array(tasks.map { .string(ids[$0]) }) }
        func outputs(_ tasks: [Int]) -> JSONValue {
            var seen: Set<String> = []
            return .array(
                tasks.compactMap { trace.tasks[$0].output?.hash }.filter { seen.insert($0).inserted }
                    .map { .string($0) })
        }
        let tasks = trace.tasks.indices.map { index -> JSONValue in
            [
                "name": .string(trace.tasks[index].id), "id": .string(ids[index]), "parents": names(parents[index]),
                "children": names(children[index]), "inputFiles": outputs(parents[index]),
                "outputFiles": outputs([index]),
            ]
        }
        var seen: Set<String> = []
        let files = trace.tasks.compactMap(\.output).filter { seen.insert($0.hash).inserted }.map { file -> JSONValue in
            ["id": .string(file.hash), "sizeInBytes": .int(Int64(file.size))]
        }
        return ["tasks": .array(tasks), "files": .array(files)]
    }

    /// A task's time is that of the attempt that counted, else of its last.
    private var execution: JSONValue {
        var machines: [String] = []
        let tasks = trace.tasks.indices.compactMap { index -> JSONValue? in
            let attempts = trace.tasks[index].attempts
            guard let attempt = attempts.last(where: { $0.status == "succeeded" }) ?? attempts.last else { return nil }
            if !machines.contains(attempt.machine) { machines.append(attempt.machine) }
            var members: JSONObject = [
                "id": .string(ids[index]), "runtimeInSeconds": .number(Double(attempt.milliseconds) / 1000),
                "executedAt": .string(timeText(attempt.startedAt)), "machines": [.string(attempt.machine)],
            ]
            if let model = trace.tasks[index].model { members["command"] = ["program": .string(model)] }
            return .object(members)
        }
        return [
            "makespanInSeconds": .number(Double(trace.end - trace.start) / 1000),
            "executedAt": .string(timeText(trace.start)), "tasks": .array(tasks),
            "machines": .array(machines.map { ["nodeName": .string($0), "system": "linux"] }),
        ]
    }
}
