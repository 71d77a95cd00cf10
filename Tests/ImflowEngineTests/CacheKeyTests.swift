import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

/// Which calls may share a result.
@Suite("Cache keys")
struct CacheKeyTests {
    private static func digest(_ value: JSONValue) -> ContentHash { payload(value.canonicalText).hash }

    private var model: ModelPlan {
        ModelPlan(
            name: "m", folder: "/models/m", command: ["python3", "serve.py"], callProtocol: .exec, inputSchema: [:],
            outputSchema: ["type": "object"])
    }

    private struct Call {
        var model: ModelPlan
        var units: [StagedUnit]
        var isShard = true
        var environment: [String: JSONValue] = ["LEVEL": "3"]
        var content: [String: ContentHash] = ["model": digest("content")]
        var order: (inout WorkOrder) -> Void = { _ in }
        var shard = (index: 0, count: 4)

        var key: CacheKey {
            let whole = InputContext(
                sources: [], jobInput: nil, key: nil, soleValueFallback: false, literal: [:], when: nil)
            let work = CallWork(
                model: model, input: isShard ? .shard(shared: payload("{}"), units: payload("[]")) : .whole(whole),
                shardIndex: shard.index, shardCount: shard.count)
            var order = WorkOrder(job: "j", task: "s~00", stage: "s", attempt: 1, token: "t", work: .call(work))
            self.order(&order)
            let input = JSONValue.array(units.map { .object($0.input) })
            return CacheKey(
                of: order, work: work, call: StagedCall(units: units, inputHash: digest(input)),
                environment: environment, content: content, digest: digest)
        }
    }

    private func unit(_ index: Int, _ input: JSONObject) -> StagedUnit {
        StagedUnit(input: input, unit: Unit(geometry: ["index": .int(Int64(index))], set: input))
    }

    private var base: Call {
        Call(model: model, units: [unit(0, ["items": [1], "lang": "en"]), unit(1, ["items": [2], "lang": "en"])])
    }

    @Test("names, times, attempts, limits and the shard's own place are not in the key")
    func whatDoesNotCount() {
        var call = base
        call.order = { order in
            order.job = "other"
            order.task = "other~07"
            order.stage = "other"
            order.attempt = 9
            order.token = "drawn"
            order.recovered = true
            order.timeout = TimeSpan(seconds: 5)
        }
        call.shard = (3, 9)
        call.model.name = "renamed"
        call.model.version = "2"
        call.model.folder = "/elsewhere"
        call.model.port = 1234
        call.model.health = "/ready"
        call.model.concurrency = 8
        call.model.maxParallel = 1
        call.model.resources = Resources(cpu: 4, memory: ByteCount(bytes: 1 << 30))
        #expect(call.key == base.key)
    }

    @Test("the order of members is not in the key")
    func memberOrder() {
        var call = base
        call.units = [unit(0, ["lang": "en", "items": [1]]), unit(1, ["lang": "en", "items": [2]])]
        call.model.outputSchema = ["type": "object"]
        #expect(call.key == base.key)
        var schema = base
        schema.model.inputSchema = ["type": "object", "title": "a"]
        var turned = base
        turned.model.inputSchema = ["title": "a", "type": "object"]
        #expect(schema.key == turned.key)
    }

    @Test("each field changes the key, and is the one that is named")
    func whatCounts() {
        func expect(_ fields: [String], _ change: (inout Call) -> Void) {
            var call = base
            change(&call)
            #expect(call.key.hash != base.key.hash, "\(fields)")
            #expect(CacheKey.difference(call.key.fields, base.key.fields) == fields)
        }
        expect(["command"]) { $0.model.command.append("-v") }
        expect(["protocol"]) { $0.model.callProtocol = .jsonl }
        expect(["protocol"]) { $0.model.callProtocol = .rest }
        expect(["hooks"]) { $0.model.hooks.start = ["./get"] }
        expect(["input_schema"]) { $0.model.inputSchema = ["type": "object"] }
        expect(["output_schema"]) { $0.model.outputSchema = nil }
        expect(["env LEVEL"]) { $0.environment["LEVEL"] = "4" }
        expect(["env MORE"]) { $0.environment["MORE"] = "" }
        expect(["env LEVEL"]) { $0.environment = [:] }
        expect(["model"]) { $0.content["model"] = payload("other").hash }
        expect(["input.lang"]) { $0.units = [unit(0, ["items": [1], "lang": "de"]), unit(1, ["items": [2], "lang": "de"])] }
        expect(["input.lang"]) { $0.units = [unit(0, ["items": [1]]), unit(1, ["items": [2]])] }
        expect(["input.items"]) { $0.units[1] = unit(1, ["items": [3], "lang": "en"]) }
        expect(["units"]) { $0.units[1] = unit(7, ["items": [2], "lang": "en"]) }
        expect(["form", "units"]) { $0.isShard = false }
    }

    @Test("a rest model's path counts, other models' does not")
    func path() {
        var exec = base
        exec.model.path = "/other"
        #expect(exec.key == base.key)
        var one = base
        one.model.callProtocol = .rest
        var other = one
        other.model.path = "/other"
        #expect(CacheKey.difference(one.key.fields, other.key.fields) == ["protocol"])
    }

    @Test("an input with very many members is one field")
    func manyMembers() {
        var members = JSONObject()
        for index in 0...CacheKey.memberLimit { members["m\(index)"] = .int(Int64(index)) }
        var call = base
        call.units = [unit(0, members)]
        #expect(call.key.fields.keys.filter { $0.hasPrefix("input") }.sorted() == ["input", "input_schema"])
        let before = call.key
        members["m3"] = "else"
        call.units = [unit(0, members)]
        #expect(CacheKey.difference(before.fields, call.key.fields) == ["input"])
    }

    @Test("a list of one and the value alone are different inputs")
    func oneOrMany() {
        var one = base
        one.units = [unit(0, ["a": [1]])]
        var two = base
        two.units = [unit(0, ["a": [1]]), unit(1, ["a": [1]])]
        #expect(CacheKey.difference(one.key.fields, two.key.fields) == ["units"])
    }
}
