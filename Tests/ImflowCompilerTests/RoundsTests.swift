import ImflowCompiler
import ImflowDiagnostics
import ImflowPlan
import Testing

/// `repeat`: the rounds that a stage becomes, what each sees, and what checks say of them.
@Suite struct RoundsTests {
    private static let tool = "name: tool\nentrypoint: [./run]\n"

    private func files(_ stages: String, input: String = #"{"text": "t"}"#, tool: String = tool) -> MemoryFiles {
        MemoryFiles([
            "job.json": "{\"input\": \(input), \"job_graph\": {\"stages\": [\(stages)]}}", "tool/model.yaml": tool,
            "pipe/model.yaml": """
            name: pipe
            chained_models:
              - {name: a, model_id: tool}
              - {name: b, model_id: tool, repeat: {times: 2}}
            """,
        ])
    }

    private func plan(_ stages: String) throws -> Plan {
        let compilation = files(stages).compile("job.json")
        return try #require(compilation.plan, "\(DiagnosticRenderer(.full).render(compilation.diagnostics))")
    }

    /// By name.
    private func sources(_ name: String, _ plan: Plan) throws -> [String] {
        let index = try #require(plan.stages.firstIndex { $0.name == name })
        return plan.sources(of: index, in: SourceGraph(plan)).map { plan.stages[$0].name }
    }

    @Test func roundsSeeTheOneBeforeAndNoOlder() throws {
        let plan = try plan(
            """
            {"name": "x", "model": "tool"}, {"name": "s", "model": "tool", "when": "text", "repeat": {"times": 3, "until": "done"}},
            {"name": "y", "model": "tool"}
            """)
        #expect(plan.stages.map(\.name) == ["x", "s@1", "s@2", "s@3", "s", "y"])
        #expect(try sources("s@1", plan) == ["x"])
        #expect(try sources("s@2", plan) == ["s@1", "x"])
        #expect(try sources("s@3", plan) == ["s@2", "x"])
        #expect(try sources("s", plan) == ["s@3", "s@2", "s@1"])
        #expect(try sources("y", plan) == ["s", "x"])
        #expect(plan.stages.map(\.needs) == [[], [0], [1], [2], [3], [4]])
        #expect(plan.stages.map(\.entry) == [nil, nil, 1, 2, 1, nil])
        let until = Condition.not(.truthy(path: ["done"]))
        #expect(plan.stages.map(\.when) == [nil, .truthy(path: ["text"]), until, until, nil, nil])
        #expect(plan.stages.map(\.binding.firstSource) == [nil, nil, nil, nil, true, nil])
        #expect(plan.stages.map(\.binding.jobInput) == [true, true, true, true, false, true])
    }

    /// Rounds of a pipeline whose own last stage is repeated.
    @Test func pipelinesAreRepeatedWhole() throws {
        let plan = try plan(#"{"name": "p", "model": "pipe", "repeat": {"times": 2}}, {"name": "y", "model": "tool"}"#)
        #expect(
            plan.stages.map(\.name) == [
                "p@1.input", "p@1.a", "p@1.b@1", "p@1.b@2", "p@1.b", "p@1", "p@2.input", "p@2.a", "p@2.b@1", "p@2.b@2",
                "p@2.b", "p@2", "p", "y",
            ])
        #expect(try sources("p@1.b@2", plan) == ["p@1.b@1", "p@1.a", "p@1.input"])
        #expect(try sources("p@2.input", plan) == ["p@1"])
        #expect(try sources("p@2.a", plan) == ["p@2.input"])
        #expect(try sources("p", plan) == ["p@2", "p@1"])
        #expect(try sources("y", plan) == ["p"])
        #expect(plan.stages[6].entry == 5 && plan.stages[7].entry == 6 && plan.stages[12].entry == 0)
    }

    /// No two candidates of a stage have one seed, whatever is repeated around it.
    @Test func seedsGoOn() throws {
        let files = files(
            #"{"name": "p", "model": "pipe", "repeat": {"times": 2}}"#,
            tool: Self.tool + "multi_node: {split_mode: candidates, candidates: 3, seed: 10}\n")
        let plan = try #require(files.compile("job.json").plan)
        let seeds = Dictionary(uniqueKeysWithValues: plan.stages.compactMap { stage in stage.split.map { (stage.name, $0.seed) } })
        #expect(seeds == ["p@1.a": 10, "p@1.b@1": 10, "p@1.b@2": 13, "p@2.a": 13, "p@2.b@1": 16, "p@2.b@2": 19])
    }

    /// A job's `shard_count` is for every round of the stage that is split.
    @Test func allRoundsAreTheTarget() throws {
        let files = MemoryFiles([
            "job.json": """
            {"input": {"items": [1]}, "shard_count": 3, "job_graph": {"stages": [
              {"model": "tool", "input_key": "items", "output_key": "items", "repeat": {"times": 4}}, {"name": "z", "model": "tool"}]}}
            """,
            "tool/model.yaml": Self.tool + "multi_node: {split_mode: batch, max_shards: 9}\n",
        ])
        let plan = try #require(files.compile("job.json").plan)
        #expect(plan.stages.map { $0.split?.shardLimit } == [3, 3, 3, 3, nil, 9])
    }

    /// What a round answers is what the next one gets.
    @Test func roundsFitOneAnother() {
        let typed = Self.tool + """
            input_schema: {properties: {text: {type: string}}}
            output_schema: {type: object, required: [text], properties: {text: {type: array}}}

            """
        let stage = #"{"name": "s", "model": "tool", "input_key": "text", "output_key": "text"REPEAT}"#
        for (more, expected) in [("", []), (#", "repeat": {"times": 1}"#, []), (#", "repeat": {"times": 5}"#, ["schema-conflict"])] {
            let found = files(stage.replacing("REPEAT", with: more), tool: typed).compile("job.json").diagnostics
            #expect(found.map(\.code.slug) == expected, "\(more)")
        }
    }

    @Test func untilAsksForWhatIsThere() {
        let closed = Self.tool + "output_schema: {type: object, properties: {done: {type: boolean}}, additionalProperties: false}\n"
        for (until, expected) in [("done", []), ("donne", ["unbound-condition"]), ("text", [])] {
            let found = files(
                "{\"name\": \"s\", \"model\": \"tool\", \"repeat\": {\"times\": 5, \"until\": \"\(until)\"}}", tool: closed
            ).compile("job.json").diagnostics
            #expect(found.map(\.code.slug) == expected, "\(until)")
        }
    }

    /// Rounds count as stages, as many as they are and not as many as are looked at.
    @Test(arguments: [(999, 10, true), (1000, 10, false), (1000, 9, true)])
    func roundsAreBounded(_ outer: Int, _ inner: Int, _ fits: Bool) {
        let files = MemoryFiles([
            "job.json": """
            {"input": {"text": "t"}, "job_graph": {"stages": [{"name": "s", "model": "pipe", "repeat": {"times": \(outer)}}]}}
            """,
            "pipe/model.yaml":
                "name: pipe\nchained_models: [{name: i, model_id: tool, repeat: {times: \(inner - 3)}}]\n",
            "tool/model.yaml": Self.tool,
        ])
        let compilation = files.compile("job.json")
        #expect((compilation.plan != nil) == fits)
        #expect(compilation.plan.map { $0.stages.count == outer * inner + 1 } ?? true)
        let found = Compiler(files).check(["job.json"]).diagnostics.filter { $0.severity == .error }
        #expect(found.map(\.code.slug) == (fits ? [] : ["graph-too-large"]))
    }
}

/// Stages that start shard by shard.
@Suite struct UnitFlowTests {
    private func follows(_ first: String, _ second: String, stages: String? = nil) throws -> Int? {
        let files = MemoryFiles([
            "job.json": "{\"input\": {\"pages\": [1]}, \"job_graph\": {\"stages\": [\(stages ?? Self.both)]}}",
            "a/model.yaml": "name: a\nentrypoint: [./a]\n\(first)\n", "b/model.yaml": "name: b\nentrypoint: [./b]\n\(second)\n",
        ])
        let compilation = files.compile("job.json")
        let plan = try #require(compilation.plan, "\(DiagnosticRenderer(.full).render(compilation.diagnostics))")
        return plan.stages.last?.follows
    }

    private static let both =
        #"{"model": "a", "input_key": "pages", "output_key": "words"}, {"model": "b", "input_key": "words"}"#
    private static let list = "multi_node: {split_mode: batch, merge_strategy: none}"

    @Test func sameUnitsFlow() throws {
        #expect(try follows(Self.list, Self.list) == 0)
        #expect(try follows("multi_node: {split_mode: candidates, candidates: 9, merge_strategy: none}", Self.list) == 0)
        #expect(try follows("multi_node: {split_mode: batch}\noutput_schema: {type: object}", Self.list) == 0)
        #expect(try follows("on_failure: continue\n" + Self.list, Self.list) == 0)
    }

    @Test func otherUnitsWait() throws {
        // Answers that are lists are joined, and any may be one.
        #expect(try follows("multi_node: {split_mode: batch}", Self.list) == nil)
        #expect(try follows("multi_node: {split_mode: batch}\noutput_schema: {type: [array, object]}", Self.list) == nil)
        #expect(try follows("multi_node: {split_mode: batch, merge_strategy: top-k}", Self.list) == nil)
        #expect(try follows("on_failure: partial\n" + Self.list, Self.list) == nil)
        #expect(try follows("multi_node: {split_mode: batch, merge_strategy: none, max_shards: 8}", Self.list) == nil)
        #expect(try follows(Self.list, "multi_node: {split_mode: batch, batch_size: 2}") == nil)
        #expect(try follows("", Self.list) == nil)
    }

    @Test func whatElseDecidesWaits() throws {
        let a = #"{"model": "a", "input_key": "pages", "output_key": "words"MORE}"#
        let b = #"{"model": "b", "input_key": "words"MORE}"#
        func follows(_ first: String, _ second: String) throws -> Int? {
            let stages = a.replacing("MORE", with: first) + "," + b.replacing("MORE", with: second)
            return try self.follows(Self.list, Self.list, stages: stages)
        }
        #expect(try follows("", "") == 0)
        #expect(try follows(#", "when": "pages""#, "") == nil)
        #expect(try follows("", #", "when": "pages""#) == nil)
        #expect(try follows("", #", "input": {"words": [1]}"#) == nil)
        #expect(try follows("", #", "input": {"other": 1}"#) == 0)
        #expect(try follows("", #", "repeat": {"times": 2}"#) == nil)
        #expect(try follows(#", "on_failure": "continue""#, #", "soft_needs": ["a"]"#) == nil)
        // Between the two stands one that may publish the same.
        let open = #"{"model": "a", "name": "x", "needs": ["a"], "input_key": "pages"},"#
        let both = a.replacing("MORE", with: "") + "," + open + b.replacing("MORE", with: #", "needs": ["a", "x"]"#)
        #expect(try self.follows(Self.list, Self.list, stages: both) == nil)
    }
}
