import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowPlan
import Testing

@Suite struct RenderingTests {
    private var files: MemoryFiles {
        MemoryFiles([
            "cut/model.yaml":
                "name: cut\nentrypoint: [./run]\nmulti_node: {split_mode: batch, batch_size: 2, max_shards: 2}\n",
            "say/model.yaml": "name: say\nimage: say:1\nretry: {maximum_attempts: 3}\ntimeout: 90s\n",
            "job.json": """
            {"job_id": "j-1", "input": {"items": [1, 2, 3, 4, 5], "page_url": "a.html", "kind": "b", "x": 0}, "job_graph": {"stages": [
              {"model": "cut", "output_key": "parts"},
              {"model": "say", "input_key": "parts", "when": "parts && (kind != \\"a\\" || !x)"}]}}
            """,
        ])
    }

    @Test func textSaysWhatHappens() throws {
        let plan = try #require(files.compile("job.json").plan)
        #expect(
            PlanText(plan).render(jobID: "j-1") == """
                plan of job j-1: 2 stages
                input    items, page_url, kind, x
                fetched  /page_url

                1. cut → parts
                   model    cut · process · exec · ./run
                   needs    nothing
                   input    everything in reach
                   split    batch of 2 · 3 units in 2 shards
                   merge    concat-json

                2. say
                   model    say · image say:1 · rest on port 9000/inference
                   needs    cut
                   input    parts
                   when     parts && (kind != "a" || !x)
                   policy   timeout 1m30s · 3 attempts

                result  say

                """)
    }

    @Test func drawingsNameStagesAndKeys() throws {
        let plan = try #require(files.compile("job.json").plan)
        #expect(
            PlanGraph(plan).mermaid == """
                flowchart LR
                    s0[["cut<br/>batch of 2, 2 shards"]]
                    s1["say<br/>if parts #amp;#amp; (kind != #quot;a#quot; || !x)"]
                    s0 -->|"parts"| s1

                """)
        #expect(
            PlanGraph(plan).dot == """
                digraph plan {
                    rankdir=LR;
                    node [shape=box];
                    s0 [label="cut\\nbatch of 2, 2 shards", peripheries=2];
                    s1 [label="say\\nif parts && (kind != \\"a\\" || !x)"];
                    s0 -> s1 [label="parts"];
                }

                """)
    }

    @Test(arguments: [
        "a", "!a", "a && b || c && !d", "(a || b) && c", "!(a && b)", "a.b >= -0.5", "x == \"q\\\"\"", "!(a == 1)",
    ])
    func conditionsReadBack(_ text: String) throws {
        let condition = try ConditionParser.parse(text)
        #expect(try ConditionParser.parse(condition.text) == condition)
    }
}

@Suite struct ProjectTemplateTests {
    @Test(arguments: ProjectTemplate.allCases, ["my-model", "x"]) func compilesWithoutFindings(
        _ template: ProjectTemplate, _ name: String
    ) throws {
        let written = template.files(named: name)
        let files = MemoryFiles(
            Dictionary(written.map { ("\(name)/\($0.path)", $0.text) }, uniquingKeysWith: { _, last in last }),
            isRepository: false)
        let compilation = files.compile("\(name)/job.json") { $0.isSubmitted = true }
        #expect(compilation.diagnostics.isEmpty)
        let plan = try #require(compilation.plan)
        for model in plan.models.values {
            let command = try #require(model.command.last)
            let program = command.hasPrefix("./") ? String(command.dropFirst(2)) : command
            let path = PathText.shown(PathText.join(model.folder, program), from: "/repo/\(name)")
            #expect(written.contains { $0.path == path && $0.isExecutable }, "\(path)")
        }
        #expect(Compiler(files).check([name]).diagnostics.isEmpty)
        for file in written where file.path.hasSuffix(".yaml") || file.path.hasSuffix(".json") {
            guard case .formatted(let text) = ManifestFormatter.format(Source(name: file.path, bytes: Array(file.text.utf8)))
            else { return #expect(Bool(false), "\(file.path) cannot be laid out") }
            #expect(String(decoding: text, as: UTF8.self) == file.text)
        }
    }

    @Test func namesComeFromFolders() {
        #expect(ProjectTemplate.modelName(for: "My Project") == "my-project")
        #expect(ProjectTemplate.modelName(for: "日本") == "model")
    }
}

@Suite struct PathTextTests {
    @Test func pathsAreText() {
        #expect(PathText.absolute("a/./b/../c//d", from: "/x") == "/x/a/c/d")
        #expect(PathText.absolute("../../..", from: "/x/y") == "/")
        #expect(PathText.absolute("/p", from: "/x") == "/p")
        #expect(PathText.parent("/a") == "/" && PathText.parent("/a/b") == "/a" && PathText.last("/") == "")
        #expect(PathText.shown("/x/y", from: "/x") == "y" && PathText.shown("/xy", from: "/x") == "/xy")
        #expect(PathText.hasScheme("ipfs://Qm") && PathText.hasScheme("data:,x") && !PathText.hasScheme("a/b:c"))
        #expect(!PathText.hasScheme("") && !PathText.hasScheme(":x") && !PathText.hasScheme("1a:b"))
    }
}
