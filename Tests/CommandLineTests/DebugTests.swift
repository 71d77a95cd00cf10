import Foundation
import ImflowJSON
import Testing

/// `imflow schema` and `imflow debug` as their users call them.
@Suite("Schema and debug", .onThreads)
struct DebugTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        try place.model("ok", "cat > /dev/null; echo 1\n", keys: "timeout: 1m30s\nresources: {memory: 4Ki}\n")
        try place.write("job.json", #"{"model": "ok", "input": {"a": 1}}"#)
    }

    @Test("the schema of each kind of file, as a document and as a result of imflow's")
    func schema() throws {
        let model = try place.imflow("schema")
        #expect(model.code == 0 && model.errors.isEmpty)
        #expect(try model.json["properties"]?["chained_models"] != nil)
        #expect(try place.imflow("schema", "model").output == model.output)
        let job = try place.imflow("schema", "job").json
        #expect(job["$schema"] == "http://json-schema.org/draft-07/schema#" && job["properties"]?["job_graph"] != nil)
        let wrapped = try place.imflow("schema", "job", "--output", "json").json
        #expect(wrapped["schema"] == "imflow.schema/v1" && wrapped["kind"] == "job")
        #expect(wrapped["definitions"] == job["definitions"])
        let unknown = try place.imflow("schema", "jobs")
        #expect(unknown.code == 2 && unknown.errors.contains("settings"))
    }

    @Test("the tree of a file, plain and with places")
    func tree() throws {
        let text = "name: é\n<<: {a: [1, ~]}\nb: 0x10\n"
        try place.write("any.yaml", text)
        let plain = try place.imflow("debug", "tree", "any.yaml")
        #expect(try plain.json == ["name": "é", "a": [1, nil], "b": 16])
        #expect(plain.code == 0 && plain.errors.contains("merge-key"))
        let located = try place.imflow("debug", "tree", "any.yaml", "--spans").json
        let last = located["members"]?.arrayValue?.last
        #expect(last?["key"]?["span"] == [25, 26] && last?["value"]?["span"] == [28, 32])
        try place.write("broken.yaml", "a: 1\nb: c: d\n")
        let broken = try place.imflow("debug", "tree", "broken.yaml")
        #expect(try broken.code == 1 && broken.json["a"] == 1 && broken.errors.contains("IMF0001"))
    }

    @Test("what was typed, with units as numbers")
    func ir() throws {
        let ended = try place.imflow("debug", "ir", "models/ok/model.yaml")
        let value = try ended.json
        #expect(ended.code == 0 && value["schema"] == "imflow.ir/v1" && value["kind"] == "model")
        #expect(value["value"]?["timeout"] == 90_000 && value["value"]?["resources"] == ["memory": 4096])
        let job = try place.run(["sh", "-c", "\"$0\" debug ir - --spans < job.json", Workplace.binary]).json
        #expect(job["kind"] == "job")
        #expect(job["value"]?["model"] == ["value": "ok", "span": [10, 14], "key_span": [1, 8]])
    }

    @Test("the plan is that of imflow plan")
    func plan() throws {
        let ended = try place.imflow("debug", "plan", "job.json")
        #expect(ended.code == 0)
        #expect(try ended.output == place.imflow("plan", "job.json", "--format", "json").output)
        try place.write("other.json", #"{"model": "none", "input": {}}"#)
        let failed = try place.imflow("debug", "plan", "other.json")
        #expect(failed.code == 1 && failed.output.isEmpty && failed.errors.contains("IMF0201"))
        try place.write("elsewhere/none/model.yaml", "name: none\nentrypoint: [./run]\n")
        #expect(try place.imflow("debug", "plan", "other.json", "--models", "elsewhere").code == 0)
    }

    @Test(
        "usage and unreadable files",
        arguments: [
            (["plan", "job.json", "--spans"], "debug ir"), (["graph", "job.json"], "'tree', 'ir' or 'plan'"),
            (["tree"], "<file>"),
            (["tree", "none.yaml"], "none.yaml does not exist"), (["ir", "models"], "folder"),
        ])
    func refusals(_ arguments: [String], _ word: String) throws {
        let ended = try place.run([Workplace.binary, "debug"] + arguments)
        #expect(ended.code == 2 && ended.output.isEmpty && ended.errors.contains(word), "\(ended.errors)")
    }
}
