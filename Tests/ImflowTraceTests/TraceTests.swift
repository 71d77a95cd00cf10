import Foundation
import ImflowExecution
import ImflowJSON
import ImflowTrace
import Testing

@Suite("Traces")
struct TraceTests {
    /// A split stage of `count` shards, two at once, of which the last takes ten times as long and the first failed once.
    private func trace(shards count: Int) throws -> ExecutionTrace {
        func attempt(_ number: Int, _ status: String, _ start: Int64, _ end: Int64) throws -> ExecutionTrace.Attempt {
            let cause: JSONValue = status == "failed" ? "app" : nil
            let receipt: JSONValue = [
                "jobID": "j-00", "stage": "s", "task": "s~00", "attempt": .int(Int64(number)), "status": .string(status),
                "cause": cause, "message": status == "failed" ? "said <no> & \"left\"" : nil, "latencyMilliseconds": 1,
                "node": "0xab", "startedAt": .int(1_000 + start), "finishedAt": .int(1_000 + end),
            ]
            return ExecutionTrace.Attempt(try JSONDecoder().decode(Receipt.self, from: Data(receipt.canonicalBytes())))
        }
        var tasks = [ExecutionTrace.Task(id: "s~split", kind: "split", stage: "s", model: nil, status: "succeeded")]
        tasks[0].attempts = [try attempt(1, "succeeded", 0, 10)]
        for index in 0..<count {
            let start = 10 + Int64(index / 2) * 100
            let length: Int64 = index == count - 1 ? 1_000 : 100
            var task = ExecutionTrace.Task(
                id: "s~\(index)", kind: "shard", stage: "s", model: "m", status: "succeeded",
                output: ("0x0\(index)", 7))
            task.attempts = [try attempt(2, "succeeded", start, start + length)]
            if index == 0 { task.attempts.insert(try attempt(1, "failed", start - 5, start), at: 0) }
            tasks.append(task)
        }
        return ExecutionTrace(
            job: "j<1>", status: "succeeded", submittedAt: 1_000, completedAt: 3_000, tasks: tasks,
            edges: (1...count).map { (0, $0) })
    }

    @Test("attempts that overlap lie in lanes of their own, as few as ran at once")
    func lanes() throws {
        let lanes = Lanes(try trace(shards: 8))
        #expect(lanes.bars.count == 10)
        for (index, bar) in lanes.bars.enumerated() {
            for other in lanes.bars[(index + 1)...] where other.lane == bar.lane {
                #expect(other.attempt.startedAt >= bar.attempt.finishedAt)
            }
        }
        #expect(lanes.count == 2)
        #expect(Lanes(try trace(shards: 8), limit: 3).bars.count == 3)
    }

    @Test("the shard that took ten times as long as its peers is the only straggler")
    func stragglers() throws {
        let found = Straggler.all(in: try trace(shards: 8))
        #expect(found == [Straggler.all(in: try trace(shards: 8))[0]])
        #expect(found.first?.task == "s~7")
        #expect(found.first?.ratio == 10)
        #expect(Straggler.all(in: try trace(shards: 3)).isEmpty)
    }

    @Test("a Perfetto trace has a complete event an attempt, in microseconds since the start, and arrows along edges")
    func perfetto() throws {
        let events = try #require(PerfettoTrace(try trace(shards: 4)).json["traceEvents"]?.arrayValue)
        let bars = events.filter { $0["ph"] == "X" }
        #expect(bars.count == 6)
        #expect(bars[0]["ts"] == 0 && bars[0]["dur"] == 10_000)
        #expect(bars.contains { $0["args"]?["cause"] == "app" && $0["args"]?["attempt"] == 1 })
        #expect(events.count { $0["ph"] == "s" } == 4)
        #expect(events.count { $0["ph"] == "f" } == 4)
        #expect(events.contains { $0["ph"] == "M" && $0["args"]?["name"] == "0xab" })
    }

    @Test("a WfFormat instance has every task with parents and children, and only characters that the format allows")
    func wfformat() throws {
        let instance = WorkflowInstance(try trace(shards: 4), version: "1") { "t\($0)" }.json
        let tasks = try #require(instance["workflow"]?["specification"]?["tasks"]?.arrayValue)
        #expect(instance["schemaVersion"] == "1.5")
        #expect(tasks.map { $0["id"]?.stringValue } == ["s#split", "s#0", "s#1", "s#2", "s#3"])
        #expect(tasks[0]["children"]?.arrayValue?.count == 4)
        #expect(tasks[1]["parents"] == ["s#split"])
        #expect(tasks[1]["outputFiles"] == ["0x00"])
        let ran = try #require(instance["workflow"]?["execution"]?["tasks"]?.arrayValue)
        #expect(ran.map { $0["runtimeInSeconds"]?.doubleValue } == [0.01, 0.1, 0.1, 0.1, 1])
        #expect(instance["workflow"]?["execution"]?["makespanInSeconds"]?.doubleValue == 2)
    }

    @Test("drawings and reports are well-formed XML whatever stands in names and messages", arguments: [4, 400])
    func markup(shards: Int) throws {
        let trace = try trace(shards: shards)
        let report = HTMLReport(trace) { "\($0) ms" }.html
        #expect(report.contains("said &lt;no&gt; &amp; &quot;left&quot;"))
        #expect(!report.contains("<no>"))
        #expect(report.contains("s~\(shards - 1)"))
        let svg = GraphDrawing(trace).svg
        // By stage, the split and its shards are one box.
        #expect(svg.components(separatedBy: "<rect").count - 1 == (shards > GraphDrawing.taskLimit ? 1 : shards + 1))
        let folder = FileManager.default.temporaryDirectory.appending(path: "imflow-trace-\(UUID().uuidString).svg")
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(svg.utf8).write(to: folder)
        let python = Process()
        python.executableURL = URL(filePath: "/usr/bin/python3")
        python.arguments = ["-c", "import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])", folder.path]
        try python.run()
        python.waitUntilExit()
        #expect(python.terminationStatus == 0)
    }
}
