import ImflowCompiler
import ImflowPlan
import Testing

@Suite struct ModelSearchTests {
    private func tool(_ version: String) -> String { "name: tool\nversion: \"\(version)\"\nentrypoint: [./run]\n" }

    private func version(
        _ files: MemoryFiles, _ job: String = "a/b/job.json", models: [String] = [], environment: [String] = []
    )
        -> String?
    {
        files.compile(job) {
            $0.models = models
            $0.environmentModels = environment
        }.plan?.models["tool"]?.version
    }

    private let job = "{\"model\": \"tool\", \"input\": {}}"

    @Test func nearerPlacesWin() {
        var files = ["a/b/job.json": job, "/else/tool/model.yaml": tool("environment")]
        #expect(version(MemoryFiles(files), environment: ["/else"]) == "environment")
        files["Manifests/x/y/z/model.yaml"] = tool("root")
        #expect(version(MemoryFiles(files), environment: ["/else"]) == "root")
        files["a/models/deep/tool/imflow.yaml"] = tool("parent")
        #expect(version(MemoryFiles(files)) == "parent")
        files["a/b/tool/model.yaml"] = tool("beside")
        #expect(version(MemoryFiles(files)) == "beside")
        files["/given/tool/model.yaml"] = tool("given")
        #expect(version(MemoryFiles(files), models: ["/given"]) == "given")
    }

    @Test func twiceAtOneDistanceIsAmbiguous() {
        let files = MemoryFiles([
            "job.json": job, "models/one/model.yaml": tool("1"), "Manifests/two/model.yaml": tool("2"),
        ])
        let found = Compiler(files).check(["job.json"]).diagnostics
        #expect(found.map(\.code.slug) == ["ambiguous-model"])
        #expect(
            found[0].secondary.map(\.span.source.name).sorted() == [
                "Manifests/two/model.yaml", "models/one/model.yaml",
            ])
        let given = files.compile("job.json") { $0.models = ["models", "Manifests"] }
        #expect(given.diagnostics.map(\.code.slug) == ["ambiguous-model"])
    }

    @Test func pinsChooseAmongVersions() throws {
        let files = MemoryFiles([
            "job.json": "{\"model\": \"tool@2\", \"input\": {}}", "one/model.yaml": tool("1"),
            "two/model.yaml": tool("2"),
        ])
        let plan = try #require(files.compile("job.json").plan)
        #expect(plan.models["tool"]?.folder == "/repo/two")
    }

    @Test func dotFoldersAndFarFoldersAreNotSearched() {
        let files = MemoryFiles([
            "a/b/job.json": job, ".hidden/tool/model.yaml": tool("hidden"), "other/deep/tool/model.yaml": tool("deep"),
            "/outside/tool/model.yaml": tool("outside"),
        ])
        #expect(files.codes("a/b/job.json") == ["IMF0201"])
    }

    @Test func withoutARepositoryTheParentIsTheLast() {
        for path in ["/x/models/tool/model.yaml", "/x/Manifests/tool/model.yaml", "/x/tool.imflow.yaml"] {
            let near = MemoryFiles(["/x/y/job.json": job, path: tool("1")], in: "/x/y", isRepository: false)
            #expect(near.codes("job.json") == [])
        }
        // A neighbour may be another project.
        let beside = MemoryFiles(
            ["/x/y/job.json": job, "/x/tool/model.yaml": tool("1")], in: "/x/y", isRepository: false)
        #expect(beside.codes("job.json") == ["IMF0201"])
        let far = MemoryFiles(
            ["/x/y/z/job.json": job, "/x/tool/model.yaml": tool("1")], in: "/x/y/z", isRepository: false)
        #expect(far.codes("job.json") == ["IMF0201"])
    }

    @Test func nearNamesAreOffered() {
        let files = MemoryFiles(["job.json": "{\"model\": \"toll\", \"input\": {}}", "tool/model.yaml": tool("1")])
        let finding = Compiler(files).check(["job.json"]).diagnostics.first
        #expect(finding?.help?.contains("`tool`") == true)
        #expect(finding?.fixes.first?.edits.first?.replacement == "\"tool\"")
    }

    @Test func mistakesInCalledModelsAreTold() {
        let files = MemoryFiles([
            "job.json": job, "tool/model.yaml": "name: tool\nentrypoint: [./run]\nprot: 9000\n",
            "unused/model.yaml": "name: unused\nprot: 9000\n",
        ])
        let found = Compiler(files).check(["job.json"]).diagnostics
        #expect(found.map(\.code.slug) == ["unknown-key"])
        #expect(files.compile("job.json").plan == nil)
        #expect(Compiler(files).check(["."]).files.count == 3)
    }
}
