import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowJSON
import ImflowPlan
import Testing

@Suite struct SplitStrategyOptionTests {
    private static let page = "\"page_url\": \"https://example.org/a.png\""
    private let files = MemoryFiles([
        "reader/model.yaml": "name: reader\nentrypoint: [./run]\n",
        "job.json": "{\"model\": \"reader\", \"input\": {\(page)}}",
        "tiled.job.json": "{\"model\": \"reader\", \"input\": {\(page), \"split_strategy\": \"tile_64\"}}",
        "graph.job.json": """
        {"input": {\(page)}, "job_graph": {"stages": [
          {"model": "reader", "multi_node": {"split_mode": "tile", "tile_size": 8}}, {"model": "reader"}]}}
        """,
    ])

    /// The option's value, as a job file that has it as a member.
    private func written(_ value: JSONValue) -> MemoryFiles {
        var files = files
        let text = "{\"model\": \"reader\", \"input\": {\(Self.page), \"split_strategy\": \(value.text)}}"
        files.files["/repo/written.job.json"] = Array(text.utf8)
        return files
    }

    @Test(arguments: ["job.json", "tiled.job.json", "graph.job.json"]) func splitsAndStaysFromTheModel(
        _ path: String
    ) throws {
        let compilation = files.compile(path) { $0.input = ["split_strategy": "tile_16_overlap_4", "k": 1] }
        let plan = try #require(compilation.plan, "\(compilation.diagnostics)")
        let split = try #require(plan.stages[0].split)
        #expect([split.tileWidth, split.tileHeight, split.tileOverlapX, split.tileOverlapY] == [16, 16, 4, 4])
        #expect(plan.input == ["page_url": "https://example.org/a.png", "k": 1])
    }

    @Test(arguments: ["tile_512", "none", "tile_512_overlap_8"]) func actsAsTheMember(_ text: String) throws {
        let given = files.compile("job.json") { $0.input = ["split_strategy": .string(text)] }
        let plan = try #require(given.plan)
        #expect(plan == written(.string(text)).compile("written.job.json").plan)
    }

    @Test(arguments: ["bogus", "tile_0", "tile_16_overlap_16", "batch_4", 512, ["tile_512"], "", true] as [JSONValue])
    func isRefusedAsTheMemberIs(_ value: JSONValue) throws {
        let given = files.compile("job.json") { $0.input = ["split_strategy": value] }
        let member = written(value).compile("written.job.json")
        #expect(given.plan == nil && member.plan == nil)
        #expect(given.diagnostics.map(\.headline) == member.diagnostics.map(\.headline))
        #expect(given.diagnostics.map(\.code) == member.diagnostics.map(\.code))
    }

    @Test func findingsPointAtTheOption() throws {
        let given = files.compile("job.json") { $0.input = ["split_strategy": "bogus_1"] }
        let span = try #require(given.diagnostics.first).primary.span
        #expect(span.source.name == "<command line>")
        #expect(String(decoding: span.source.bytes, as: UTF8.self) == "--input split_strategy=bogus_1")
        #expect(String(decoding: span.source.bytes[span.range], as: UTF8.self) == "bogus_1")
    }
}

@Suite struct InputArgumentsTests {
    @Test func valuesAreJSONOrText() throws {
        let members = try InputArguments.members(["a=1", "b=x=y", "c=", "d={\"e\": [true]}", "f=\"1\""])
        #expect(members == ["a": 1, "b": "x=y", "c": "", "d": ["e": [true]], "f": "1"])
    }

    @Test(arguments: [["a=1", "b=2", "a=2"], ["a=1", "a=1"], ["a=null", "a=null"]]) func aKeyIsGivenOnce(
        _ texts: [String]
    ) {
        let error = #expect(throws: InputArgumentError.self) { try InputArguments.members(texts) }
        #expect(error?.message == "--input gives `a` twice: give each key once")
    }

    @Test(arguments: ["a", "=1", ""]) func aKeyIsNeeded(_ text: String) {
        #expect(throws: InputArgumentError.self) { try InputArguments.members([text]) }
    }
}

@Suite struct JobSourceTests {
    @Test func aPlanNeedsAModelAndACheckDoesNot() {
        let files = MemoryFiles(["job.json": "{\"job_id\": \"bd92-e3f1\", \"input\": {\"text\": \"a\"}}"])
        for isSubmitted in [false, true] {
            let compilation = files.compile("job.json") { $0.isSubmitted = isSubmitted }
            #expect(compilation.diagnostics.map(\.code.slug) == ["no-model"])
            #expect(compilation.hasErrors && compilation.plan == nil)
            #expect(compilation.diagnostics.first?.help == "add one, or give `--model ID`")
        }
        #expect(Compiler(files).check(["job.json"]).diagnostics.map(\.severity) == [.note])
    }

    @Test(arguments: [
        ("one", "did you mean `one/model.yaml`?"), ("one/", "did you mean `one/model.yaml`?"),
        ("jobs", "did you mean `jobs/a.job.json`?"), ("two", "name a file in it: `two/job.json`, `two/model.yaml`"),
        (".", "did you mean `job.yaml`?"), ("/repo/one", "did you mean `/repo/one/model.yaml`?"), ("none", nil),
    ])
    func aFolderNamesTheFileThatWasMeant(_ path: String, _ help: String?) throws {
        let files = MemoryFiles([
            "one/model.yaml": "", "one/run.sh": "", "jobs/a.job.json": "", "jobs/b/job.json": "", "two/job.json": "",
            "two/model.yaml": "", "none/readme.md": "", "job.yaml": "",
        ])
        let compilation = files.compile(path)
        #expect(compilation.isUnreadable)
        #expect(try #require(compilation.diagnostics.first).help == help)
    }

    @Test(arguments: ["a", "my dir/job.json", "it's", "''", "", "$HOME", "a\nb", "~", "ü", "a;b", "a\\"])
    func quotedWordsReadBack(_ word: String) {
        #expect(ShellWords.split(ShellWords.quoted(word)) == [word])
    }

    @Test func plainWordsStayAsTheyAre() {
        #expect(ShellWords.quoted("my-model/job.json") == "my-model/job.json")
        #expect(ShellWords.quoted("my dir/job.json") == "'my dir/job.json'")
        #expect(ShellWords.quoted("it's") == "'it'\\''s'")
        #expect(ShellWords.quoted("$HOME") == "'$HOME'")
    }

    @Test(arguments: ProjectTemplate.allCases) func templatesNameCommandsThatExist(_ template: ProjectTemplate) {
        let commands = ["check", "plan", "init", "run", "resume", "cancel", "job", "graph", "logs", "verify", "gc", "try"]
        for file in template.files(named: "m") {
            for part in file.text.split(separator: "`imflow ", omittingEmptySubsequences: false).dropFirst() {
                let command = String(part.prefix { $0.isLetter })
                #expect(commands.contains(command), "\(file.path): imflow \(command)")
            }
        }
    }
}

@Suite struct ConditionKeyTests {
    private func codes(_ when: String, input: String = "\"input\": {\"a\": 1},", first: String = "") -> [String] {
        codesOf("closed", when, input: input, first: first)
    }

    private func codesOf(_ model: String, _ when: String, input: String, first: String) -> [String] {
        let files = MemoryFiles([
            "tool/model.yaml": "name: tool\nentrypoint: [./run]\n",
            "closed/model.yaml": """
            name: closed
            entrypoint: [./run]
            output_schema: {properties: {b: {}}, additionalProperties: false}
            """,
            "job.json": """
            {\(input) "job_graph": {"stages": [{"model": "\(model)"\(first)},
              {"model": "tool", "when": "\(when)", "input": {"own": 1}}]}}
            """,
        ])
        return files.compile("job.json").diagnostics.filter { $0.severity > .note }.map(\.code.slug)
    }

    @Test(arguments: ["a", "b.c > 1", "own", "a && (b || !own)"]) func whatIsInReachIsFine(_ when: String) {
        #expect(codes(when).isEmpty)
    }

    @Test(arguments: ["nosuch == 1", "!nosuch", "a && (b || nosuch.b)", "nosuch || nosuch.x > 1"])
    func whatNothingGivesIsTold(_ when: String) {
        #expect(codes(when) == ["unbound-condition"])
        let given = codes(when, first: ", \"output_key\": \"nosuch\"")
        // The key takes the place of the schema's `b`.
        #expect(given == (when.contains("(b") ? ["unbound-condition"] : []))
    }

    @Test func whatIsOpenIsLeftToTheRun() {
        #expect(codes("nosuch == 1", input: "").isEmpty)
        #expect(codesOf("tool", "nosuch == 1", input: "\"input\": {},", first: "").isEmpty)
    }
}
