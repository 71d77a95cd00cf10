package import ImflowJSON

/// The Trace Event Format of Chrome, which ui.perfetto.dev opens: one complete event an attempt, one process a machine, a
/// thread for each attempt that ran at the same time, and flow arrows along the edges of small graphs.
/// Source: "Trace Event Format", Google, 2016.
package struct PerfettoTrace {
    /// With more edges than this the arrows hide the picture.
    private static let edgeLimit = 5_000

    private let trace: ExecutionTrace
    private let lanes: Lanes

    package init(_ trace: ExecutionTrace) {
        self.trace = trace
        lanes = Lanes(trace)
    }

    package var json: JSONValue {
        let machines = Array(Set(lanes.bars.map(\.attempt.machine))).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: machines.enumerated().map { ($1, $0 + 1) })
        var events = machines.map { machine -> JSONValue in
            [
                "name": "process_name", "ph": "M", "pid": .int(Int64(numbers[machine] ?? 0)), "tid": 0,
                "args": ["name": .string(machine)],
            ]
        }
        var last: [Int: Lanes.Bar] = [:]
        for bar in lanes.bars {
            events.append(event(bar, process: numbers[bar.attempt.machine] ?? 0))
            last[bar.task] = bar
        }
        if trace.edges.count <= Self.edgeLimit { events += flows(last, numbers) }
        return [
            "displayTimeUnit": "ms", "otherData": ["job_id": .string(trace.job), "status": .string(trace.status)],
            "traceEvents": .array(events),
        ]
    }

    private func event(_ bar: Lanes.Bar, process: Int) -> JSONValue {
        let task = trace.tasks[bar.task]
        var details: JSONObject = [
            "attempt": .int(Int64(bar.attempt.number)), "status": .string(bar.attempt.status), "kind": .string(task.kind),
        ]
        if let model = task.model { details["model"] = .string(model) }
        if let start = bar.attempt.startMilliseconds { details["start_ms"] = .int(start) }
        if let cause = bar.attempt.cause { details["cause"] = .string(cause) }
        if let message = bar.attempt.message { details["message"] = .string(message) }
        return [
            "name": .string(task.id), "cat": .string(task.stage ?? task.kind), "ph": "X",
            "ts": microseconds(bar.attempt.startedAt), "dur": .int(bar.attempt.milliseconds * 1000),
            "pid": .int(Int64(process)), "tid": .int(Int64(bar.lane + 1)), "args": .object(details),
        ]
    }

    /// An arrow from the end of what was waited for to the start of what waited.
    private func flows(_ last: [Int: Lanes.Bar], _ numbers: [String: Int]) -> [JSONValue] {
        var events: [JSONValue] = []
        for (number, edge) in trace.edges.enumerated() {
            guard let from = last[edge.from], let to = last[edge.to] else { continue }
            for (phase, bar, time) in [("s", from, from.attempt.finishedAt), ("f", to, to.attempt.startedAt)] {
                var members: JSONObject = [
                    "name": "needs", "cat": "needs", "ph": .string(phase), "id": .int(Int64(number)),
                    "ts": microseconds(time), "pid": .int(Int64(numbers[bar.attempt.machine] ?? 0)),
                    "tid": .int(Int64(bar.lane + 1)),
                ]
                if phase == "f" { members["bp"] = "e" }
                events.append(.object(members))
            }
        }
        return events
    }

    /// Since the job began.
    private func microseconds(_ time: Int64) -> JSONValue { .int((time - trace.start) * 1000) }
}
