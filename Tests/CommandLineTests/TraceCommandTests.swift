import Foundation
import ImflowJSON
import Testing

/// What a job did, in the formats of others: `graph --format`, `--events`, and jobs made of others' workflows.
@Suite("Traces of jobs", .onThreads)
struct TraceCommandTests {
    @Test("events are CloudEvents, each once, in the order in which things happened, over a failure and a resume")
    func events() throws {
        let place = try Workplace()
        try place.model("flaky", "test \"$IMFLOW_SHARD_INDEX\" != 1 -o -e mended && echo 1", keys: "multi_node: {split_mode: batch}\n")
        try place.write("job.json", #"{"job_id": "e", "input": {"items": [1, 2, 3]}, "shard_count": 3}"#)
        let run = try place.imflow("run", "job.json", "--model", "flaky", "--events", "events", "--concurrency", "1")
        #expect(run.code == 1)
        // Models run in their own folder.
        try place.write("models/flaky/mended", "")
        #expect(try place.imflow("resume", "e").code == 0)
        let events = try place.read("events").split(separator: "\n").map { try JSONValue.parse(String($0)) }
        let types = events.compactMap { $0["type"]?.stringValue }
        #expect(types.first == "imflow.job.submitted")
        #expect(types.last == "imflow.job.finished")
        #expect(types.count { $0 == "imflow.job.finished" } == 2)
        #expect(types.contains("imflow.job.resumed") && types.contains("imflow.attempt.failed"))
        let ids = events.compactMap { $0["id"]?.stringValue }
        #expect(Set(ids).count == events.count)
        for event in events {
            #expect(event["specversion"] == "1.0" && event["source"] == "imflow/jobs/e")
            #expect(event["time"]?.stringValue?.hasSuffix("Z") == true)
        }
        let split = try #require(events.first { $0["data"]?["units"] != nil })
        #expect(split["data"]?["units"] == 3 && split["data"]?["shards"] == 3)
        let ends = events.filter { $0["data"]?["task"] == "flaky~02" && $0["type"] == "imflow.attempt.succeeded" }
        #expect(ends.count == 1)
    }

    @Test("a job that has run is written in every format", arguments: ["svg", "html", "perfetto", "wfformat", "mermaid", "dot"])
    func formats(_ format: String) throws {
        let place = try Workplace()
        try place.model("one", "echo 1", keys: "multi_node: {split_mode: batch}\n")
        try place.write("job.json", #"{"job_id": "f", "input": {"items": [1, 2, 3]}, "shard_count": 3}"#)
        #expect(try place.imflow("run", "job.json", "--model", "one").code == 0)
        let graph = try place.imflow("graph", "--job", "f", "--format", format)
        #expect(graph.code == 0)
        let expected = format == "wfformat" ? "one#02" : format == "svg" || format == "html" ? ">one~02<" : "one~02"
        #expect(graph.output.contains(expected))
        if format == "perfetto" {
            let bars = try graph.json["traceEvents"]?.arrayValue?.filter { $0["ph"] == "X" }
            #expect(bars?.count == 5)
        }
    }

    /// A fork and a join, as WfFormat has them.
    private static let instance = """
        {"name": "fork", "schemaVersion": "1.5", "workflow": {"specification": {"tasks": [
          {"name": "A:1", "id": "A:1", "parents": [], "children": ["b", "c"]},
          {"name": "b", "id": "b", "parents": ["A:1"], "children": ["d"]},
          {"name": "c", "id": "c", "parents": ["A:1"], "children": ["d"]},
          {"name": "d", "id": "d", "parents": ["b", "c"], "children": []}]},
         "execution": {"makespanInSeconds": 1, "executedAt": "2026-01-01T00:00:00Z", "tasks": [
          {"id": "A:1", "runtimeInSeconds": 0.5}, {"id": "b", "runtimeInSeconds": 0.5},
          {"id": "c", "runtimeInSeconds": 1}, {"id": "d", "runtimeInSeconds": 0.5}]}}}
        """

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Instances of WfCommons, where there are any beside the project.
    private static let instances: [String] = {
        let folder = root.deletingLastPathComponent().appending(path: "shared/data/wf").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().map { folder + "/" + $0 }
    }()

    @Test("a workflow of WfCommons runs in an order that respects every edge", arguments: ["own"] + instances)
    func instance(_ path: String) throws {
        let place = try Workplace()
        if path == "own" { try place.write("own.json", Self.instance) }
        let tool = Self.root.appending(path: "Tools/wf2job").path
        let sleep = path == "own" ? ["--sleep", "0.02"] : []
        let made = try place.run([tool, path == "own" ? "own.json" : path, "job"] + sleep)
        #expect(made.code == 0, "\(made.errors)")
        let run = try place.imflow("run", "job/job.json", "--concurrency", "4")
        #expect(run.code == 0, "\(run.errors.suffix(500))")
        let graph = try place.imflow("graph", "--job", "@latest", "--output", "json").json
        let nodes = try #require(graph["nodes"]?.arrayValue)
        let byID = Dictionary(uniqueKeysWithValues: nodes.map { ($0["id"]?.stringValue ?? "", $0) })
        let job = try JSONValue.parse(place.read("job/job.json"))
        let stages = try #require(job["job_graph"]?["stages"]?.arrayValue)
        var edges = 0
        for stage in stages {
            let own = try #require(byID[stage["name"]?.stringValue ?? ""])
            #expect(own["status"] == "succeeded")
            for need in stage["needs"]?.arrayValue ?? [] {
                let parent = try #require(byID[need.stringValue ?? ""])
                // Times of one form, in UTC: their texts are in their order.
                let end = try #require(parent["finished_at"]?.stringValue)
                let start = try #require(own["started_at"]?.stringValue)
                #expect(end <= start, "\(need) ended after \(stage["name"] ?? nil) had started")
                edges += 1
            }
        }
        #expect(edges > 0)
    }
}
