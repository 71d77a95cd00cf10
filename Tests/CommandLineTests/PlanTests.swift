import Foundation
import ImflowJSON
import Testing

/// `imflow plan`: what would run, and what it will come to.
@Suite("Plan", .onThreads)
struct PlanTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    private func estimate(_ arguments: String...) throws -> JSONValue {
        let ended = try place.run([Workplace.binary, "plan", "--estimate", "--output", "json"] + arguments)
        #expect(ended.code == 0, "\(ended.errors)")
        let json = try ended.json
        #expect(json["schema"] == "imflow.estimate/v1")
        return json
    }

    @Test("without history: units where the input tells them, the longest chain, and what is missing; no state folder is made")
    func structure() throws {
        try place.model("lines", "echo 1", keys: "multi_node: {split_mode: lines, max_shards: 2}\n")
        try place.model("each", "echo 1", keys: "multi_node: {split_mode: batch, batch_size: 2}\n")
        try place.write(
            "job.json",
            """
            {"input": {"text": "a\\nb\\nc\\n"}, "job_graph": {"stages": [
              {"model": "lines", "input_key": "text", "output_key": "items"}, {"model": "each", "input_key": "items"}]}}
            """)
        let json = try estimate("job.json")
        let stages = try #require(json["stages"]?.arrayValue)
        #expect(stages.map { $0["units"] } == [3, .null])
        #expect(stages.map { $0["shards"] } == [2, .null])
        #expect(stages.map { $0["units_known"] } == ["exact", "after-split"])
        #expect(json["makespan"] == .null)
        #expect(json["critical_path"]?["stages"] == ["lines", "each"])
        #expect(json["unknown"]?.arrayValue?.count == 3)
        #expect(json["disk"]?["input_bytes"] == 0)
        #expect(json["disk"]?["output_bytes"] == .null)
        let text = try place.imflow("plan", "job.json")
        #expect(text.code == 0)
        #expect(text.output.contains("makespan unknown"))
        #expect(text.output.contains("no earlier job has called lines"))
        #expect(!FileManager.default.fileExists(atPath: place.state))
    }

    @Test("text files, windows and images on this machine tell their units")
    func files() throws {
        try place.write("text.txt", (0..<10).map { "word\($0)" }.joined(separator: " "))
        try place.model(
            "windows", "echo 1",
            keys: "multi_node: {split_mode: sequence, sequence_length: 4, sequence_overlap: 1}\n")
        let windows = try estimate("--model", "windows", "--input", "text_url=text.txt")
        #expect(windows["stages"]?.arrayValue?.first?["units"] == 3)
        #expect(windows["disk"]?["input_bytes"] == 59)

        // A gray PNG of 100 × 60 px.
        let image = Data(
            base64Encoded: """
                iVBORw0KGgoAAAANSUhEUgAAAGQAAAA8CAAAAAC1VEASAAAAMElEQVR4nO3NIQEAAAwCMBz9G5Pg\
                9morsPRBJBKJRCKRSCQSiUQikUgkEolEIpFcBl7WpBHalUGdAAAAAElFTkSuQmCC
                """)
        try #require(image).write(to: URL(filePath: place.path + "/image.png"))
        try place.model("tiles", "echo 1", keys: "multi_node: {split_mode: tile, tile_size: 32}\n")
        let tiles = try estimate("--model", "tiles", "--input", "image_url=image.png")
        #expect(tiles["stages"]?.arrayValue?.first?["units"] == 8)

        let elsewhere = try estimate("--model", "tiles", "--input", "image_url=http://127.0.0.1:1/x.png")
        #expect(elsewhere["stages"]?.arrayValue?.first?["units_known"] == "after-split")
        #expect(elsewhere["disk"]?["input_bytes"] == .null)
        let missing = try estimate("--model", "tiles", "--input", "image_url=nowhere.png")
        #expect(missing["stages"]?.arrayValue?.first?["units"] == .null)
    }

    @Test("a job that has run teaches what the next will take: its makespan, outputs and split")
    func history() throws {
        try place.model("list", #"echo '{"items": [1, 2, 3, 4, 5, 6]}'"#)
        try place.model("each", #"echo '[1]'"#, keys: "version: \"1\"\nmulti_node: {split_mode: batch}\n")
        try place.write("job.json", #"{"job_graph": {"stages": [{"model": "list"}, {"model": "each"}]}}"#)
        #expect(try place.imflow("run", "job.json").code == 0)
        let json = try estimate("job.json", "--concurrency", "2")
        let stages = try #require(json["stages"]?.arrayValue)
        #expect(stages.map { $0["units_known"] } == ["exact", "history"])
        #expect(stages.last?["units"] == 6)
        #expect(json["unknown"] == [])
        let p50 = try #require(json["makespan"]?["p50_ms"]?.doubleValue)
        let p90 = try #require(json["makespan"]?["p90_ms"]?.doubleValue)
        let least = try #require(json["critical_path"]?["milliseconds"]?.doubleValue)
        #expect(0 < p50 && p50 <= p90)
        #expect(0 < least)
        #expect(json["makespan"]?["runs"] == 200)
        // 29 bytes of list, the split's shared {}, six partial lists [[1]] and the merged one.
        let bytes = try #require(json["disk"]?["output_bytes"]?.intValue)
        #expect((29...200).contains(bytes))
        let serial = try estimate("job.json", "--concurrency", "1")
        #expect(try #require(serial["makespan"]?["p50_ms"]?.doubleValue) > p50)

        // Another version is another model.
        try place.model("each", #"echo '[1]'"#, keys: "version: \"2\"\nmulti_node: {split_mode: batch}\n")
        #expect(try estimate("job.json")["unknown"] == [
            "the units of each are known after its split", "no earlier job has called each 2",
        ])
    }

    @Test("infeasible: 2 at once, each constraint named, nothing run; the picture is drawn all the same")
    func infeasible() throws {
        try place.model("big", "echo 1", keys: "resources: {cpu: 4000, memory: 900Ti, gpu: 64}\n")
        try place.write("job.json", #"{"model": "big", "input": {}}"#)
        for command in [["plan", "job.json"], ["plan", "job.json", "--estimate"], ["run", "job.json"]] {
            let ended = try place.run([Workplace.binary] + command)
            #expect(ended.code == 2, "\(command)")
            for asked in ["4000.0 cores", "memory", "64 GPUs"] { #expect(ended.errors.contains(asked), "\(ended.errors)") }
        }
        let json = try place.imflow("plan", "job.json", "--estimate", "--output", "json")
        #expect(json.code == 2)
        #expect(try json.json["infeasible"]?.arrayValue?.count == 3)
        #expect(try place.imflow("plan", "job.json", "--format", "mermaid").code == 0)
        #expect(try place.imflow("plan", "job.json", "--estimate", "--format", "dot").code == 2)
    }
}
