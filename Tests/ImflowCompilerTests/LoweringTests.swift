import ImflowCompiler
import ImflowDiagnostics
import ImflowJSON
import ImflowPlan
import Testing

@Suite struct LoweringTests {
    private static let tool = "name: tool\nentrypoint: [./run]\n"

    @Test func policiesOfTheNearestWin() throws {
        let files = MemoryFiles([
            "tool/model.yaml": Self.tool
                + "timeout: 1s\ncache: true\nretry: {maximum_attempts: 2, initial_interval: 9s}\n",
            "pipe/model.yaml": """
            name: pipe
            on_failure: continue
            queue_timeout: 1m
            chained_models:
              - {model_id: tool, timeout: 2s, queue_timeout: 2m}
            """,
            "job.json": """
            {"input": {}, "retry": {"maximum_attempts": 5}, "job_timeout": "1h", "job_graph": {"stages": [
              {"model": "tool"},
              {"model": "tool", "retry": {"maximum_attempts": 7}},
              {"model": "pipe", "timeout": "3s"}]}}
            """,
        ])
        let plan = try #require(files.compile("job.json").plan)
        #expect(plan.policy.timeout == TimeSpan(seconds: 3600))
        let plain = plan.stages[0].policy
        #expect(plain.timeout == TimeSpan(seconds: 1))
        #expect(plain.retry.maximumAttempts == 5)
        #expect(plain.retry.initialInterval == TimeSpan(seconds: 9))
        #expect(plain.cache)
        #expect(plan.stages[1].policy.retry.maximumAttempts == 7)
        let inner = try #require(plan.stages.first { $0.name == "pipe.tool" }).policy
        #expect(inner.timeout == TimeSpan(seconds: 3))
        #expect(inner.retry.maximumAttempts == 5)
        #expect(inner.queueTimeout == TimeSpan(seconds: 120))
        #expect(inner.onFailure == .continue)
    }

    @Test func namesRepeatWithNumbers() throws {
        let files = MemoryFiles([
            "tool/model.yaml": Self.tool,
            "job.json": """
            {"input": {}, "job_graph": {"stages": [{"model": "tool"}, {"model": "tool"}, {"name": "tool-3", "model": "tool"},
              {"model": "tool"}]}}
            """,
        ])
        let plan = try #require(files.compile("job.json").plan)
        #expect(plan.stages.map(\.name) == ["tool", "tool-2", "tool-3", "tool-4"])
        #expect(plan.stages.map(\.needs) == [[], [0], [1], [2]])
        #expect(plan.outputs == [3])
    }

    @Test func innerStagesSeeOnlyThePipeline() throws {
        let files = MemoryFiles([
            "tool/model.yaml": Self.tool,
            "pipe/model.yaml":
                "name: pipe\nchained_models:\n  - {name: a, model_id: tool}\n  - {name: b, model_id: tool}\n",
            "job.json": """
            {"input": {"x": 1}, "job_graph": {"stages": [{"name": "before", "model": "tool"}, {"name": "p", "model": "pipe"},
              {"name": "after", "model": "tool"}]}}
            """,
        ])
        let plan = try #require(files.compile("job.json").plan)
        #expect(plan.stages.map(\.name) == ["before", "p.input", "p.a", "p.b", "p", "after"])
        #expect(plan.stages.map(\.binding.jobInput) == [true, true, false, false, false, true])
        #expect(Array(plan.sources(of: 3, in: SourceGraph(plan))) == [2, 1])
        #expect(Array(plan.sources(of: 4, in: SourceGraph(plan))) == [3])
        #expect(Array(plan.sources(of: 5, in: SourceGraph(plan))) == [4, 0])
        #expect(plan.stages[1].kind == .pass && plan.stages[4].kind == .pass)
    }

    @Test func sourcesAreNearestFirst() throws {
        let files = MemoryFiles([
            "tool/model.yaml": Self.tool,
            "job.json": """
            {"input": {}, "job_graph": {"stages": [{"name": "a", "model": "tool"}, {"name": "b", "model": "tool", "needs": ["a"]},
              {"name": "c", "model": "tool", "needs": ["a"]}, {"name": "d", "model": "tool", "needs": ["b", "c"]},
              {"name": "root", "model": "tool"}, {"name": "e", "model": "tool", "needs": ["a", "d"]}]}}
            """,
        ])
        let plan = try #require(files.compile("job.json").plan)
        #expect(Array(plan.sources(of: 3, in: SourceGraph(plan))) == [2, 1, 0])
        #expect(Array(plan.sources(of: 4, in: SourceGraph(plan))) == [])
        #expect(Array(plan.sources(of: 5, in: SourceGraph(plan))) == [3, 0, 2, 1])
        #expect(plan.outputs == [4, 5])
    }

    @Test func pathsBecomeFileURLs() throws {
        let files = MemoryFiles([
            "tool/model.yaml": Self.tool + "input_schema: {properties: {picture: {format: uri}}}\n",
            "jobs/job.json": """
            {"model": "tool", "input": {"a_url": "x y/ü.png", "b_uri": "file:///tmp/z", "c": {"d_url": ["../e", "https://h/f"]},
              "picture": "p.png", "text": "no/path", "empty_url": "", "e~/f_url": "/abs"}}
            """,
        ])
        let plan = try #require(files.compile("jobs/job.json").plan)
        #expect(plan.input["a_url"] == "file:///repo/jobs/x%20y/%C3%BC.png")
        #expect(plan.input["c"]?["d_url"] == ["file:///repo/e", "https://h/f"])
        #expect(plan.input["picture"] == "file:///repo/jobs/p.png")
        #expect(plan.input["text"] == "no/path")
        #expect(plan.inputFiles == ["/a_url", "/b_uri", "/c/d_url/0", "/c/d_url/1", "/picture", "/e~0~1f_url"])
    }

    @Test func commandLineWins() throws {
        let files = MemoryFiles([
            "tool/model.yaml": Self.tool + "multi_node: {split_mode: batch}\n",
            "job.json": "{\"job_id\": \"old\", \"shard_count\": 2, \"input\": {\"items\": [1], \"k\": 1}}",
        ])
        let compilation = files.compile("job.json") {
            $0.model = "tool"
            $0.jobID = "new"
            $0.shardCount = 3
            $0.input = ["k": 2, "page_url": "a.html"]
        }
        let plan = try #require(compilation.plan)
        #expect(compilation.jobID == "new")
        #expect(plan.stages.map(\.name) == ["tool"])
        #expect(plan.stages[0].split?.shardLimit == 3)
        #expect(plan.input == ["items": [1], "k": 2, "page_url": "file:///repo/a.html"])
    }

    @Test func modelMayBeAPath() throws {
        let files = MemoryFiles([
            "deep/er/model.yaml": Self.tool, "deep/pipe/model.yaml": "name: pipe\nchained_models: [{model_id: tool}]\n",
        ])
        for model in ["deep/er", "./deep/er/model.yaml", "/repo/deep/er"] {
            let compilation = files.compile(nil) {
                $0.model = model
                $0.isSubmitted = true
            }
            #expect(compilation.plan?.stages.map(\.name) == ["tool"], "\(compilation.diagnostics)")
        }
        let pipe = files.compile(nil) {
            $0.model = "deep/pipe"
            $0.models = ["deep"]
        }
        #expect(pipe.plan?.stages.map(\.name) == ["tool"])
        #expect(pipe.plan?.stages.first?.binding.jobInput == true)
        for model in ["nothing/here", "Bad Name", "deep", "absent"] {
            let failed = files.compile(nil) { $0.model = model }
            #expect(failed.plan == nil)
            #expect(failed.diagnostics.filter { $0.severity == .error }.count == 1, "\(model): \(failed.diagnostics)")
        }
    }

    @Test func shardCountOnTheCommandLineIsChecked() {
        let files = MemoryFiles(["tool/model.yaml": Self.tool + "multi_node: {split_mode: batch, max_shards: 4}\n"])
        let compilation = files.compile("tool/model.yaml") {
            $0.shardCount = 5
            $0.input = ["items": [1, 2]]
        }
        #expect(compilation.diagnostics.map(\.code.slug).contains("shards-over-limit"))
        #expect(compilation.diagnostics.first?.primary.span.source.name == "<command line>")
    }

    @Test func submittedJobsNeedTheirInput() throws {
        let files = MemoryFiles([
            "tool/model.yaml": Self.tool,
            "job.json": "{\"job_graph\": {\"stages\": [{\"model\": \"tool\", \"input_key\": \"audio_url\"}]}}",
        ])
        #expect(files.compile("job.json").plan != nil)
        let bare = files.compile("job.json") { $0.isSubmitted = true }
        #expect(bare.diagnostics.map(\.code.slug) == ["unbound-key"])
        let given = files.compile("job.json") {
            $0.isSubmitted = true
            $0.input = ["audio_url": "a.wav"]
        }
        #expect(given.plan?.inputFiles == ["/audio_url"])
    }

    @Test func linesOfSeveralAreASequence() throws {
        let files = MemoryFiles([
            "tool/model.yaml": Self.tool,
            "job.json": "{\"model\": \"tool\", \"input\": {\"text\": \"a\", \"split_strategy\": \"lines_100\"}}",
        ])
        let split = try #require(files.compile("job.json").plan?.stages[0].split)
        #expect(split.mode == .sequence && split.sequenceUnit == .lines && split.sequenceLength == 100)
    }

    /// Each limit where the plan has it, and hedging laid over member by member.
    @Test func limitsStandWhereTheyCount() throws {
        let files = MemoryFiles([
            "tool/model.yaml": Self.tool
                + "max_parallel: 7\nresources: {memory: 1Gi, memory_max: 2Gi}\nretry: {maximum_attempts: 2}\n"
                + "multi_node: {split_mode: lines}\nhedge: {quantile: 0.5, factor: 9}\n",
            "job.json": """
            {"input": {"text": "a"}, "priority": 5, "max_parallel": 3, "job_graph": {"stages": [
              {"name": "a", "model": "tool", "on_failure": "continue", "max_parallel": 2, "hedge": {"factor": 4}},
              {"name": "b", "model": "tool", "input_key": "text", "needs": []},
              {"name": "c", "model": "tool", "needs": ["b"], "soft_needs": ["a"], "input_key": "text", "hedge": false}]}}
            """,
        ])
        let plan = try #require(files.compile("job.json").plan)
        #expect(plan.policy.priority == 5 && plan.policy.maxParallel == 3)
        #expect(plan.models["tool"]?.maxParallel == 7)
        #expect(plan.models["tool"]?.resources.memoryMax == ByteCount(bytes: 2 << 30))
        #expect(plan.stages.map(\.policy.maxParallel) == [2, nil, nil])
        #expect(plan.stages[0].policy.hedge == HedgePolicy(factor: 4, quantile: 0.5))
        #expect(plan.stages[1].policy.hedge == HedgePolicy(factor: 9, quantile: 0.5))
        #expect(plan.stages[2].policy.hedge == nil)
        #expect(plan.stages.map(\.needs) == [[], [], [1, 0]])
        #expect(plan.stages.map(\.softNeeds) == [nil, nil, [0]])
    }

    /// A need that is soft makes the graph a DAG as a hard one does; a circle of them is one.
    @Test func softNeedsAreNeeds() throws {
        func found(_ stages: String) -> [String] {
            MemoryFiles([
                "tool/model.yaml": Self.tool, "job.json": "{\"input\": {}, \"job_graph\": {\"stages\": [\(stages)]}}",
            ]).compile("job.json").diagnostics.map(\.code.slug)
        }
        #expect(
            found(
                #"{"name": "a", "model": "tool", "soft_needs": ["b"]}, {"name": "b", "model": "tool", "soft_needs": ["a"]}"#)
                == ["stage-cycle"])
        #expect(found(#"{"name": "a", "model": "tool", "soft_needs": ["b"]}"#) == ["unknown-stage"])
        #expect(
            found(#"{"name": "a", "model": "tool", "soft_needs": ["b"]}, {"name": "b", "model": "tool"}"#)
                == ["soft-need-unused"])
    }
}
