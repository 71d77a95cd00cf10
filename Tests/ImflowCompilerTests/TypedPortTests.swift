import ImflowCompiler
import ImflowDiagnostics
import ImflowJSON
import Testing

/// What is said of the values that go over the edges of a graph, and what is left to a run.
@Suite struct TypedPortTests {
    /// A chain of `first` and `second`, whose stages are written as they are given.
    private func files(
        first: String, second: String, stages: String, input: String = #"{"x": 1}"#
    ) -> MemoryFiles {
        MemoryFiles([
            "job.json": "{\"input\": \(input), \"job_graph\": {\"stages\": [\(stages)]}}",
            "first/model.yaml": "name: first\nentrypoint: [./run]\n" + first,
            "second/model.yaml": "name: second\nentrypoint: [./run]\n" + second,
        ])
    }

    private func found(_ files: MemoryFiles, _ path: String = "job.json") -> [Diagnostic] {
        files.compile(path) { $0.isSubmitted = true }.diagnostics
    }

    private static let chain = #"{"model": "first"}, {"model": "second", "input_key": "a"}"#
    private static func output(_ schema: String) -> String { "output_schema: \(schema)\n" }
    private static func takes(_ schema: String) -> String { "input_schema: {properties: {a: \(schema)}}\n" }
    private static let list = "{type: object, required: [a], properties: {a: {type: array, items: {type: string}}}}"

    /// Split and merge of `first`, its output, what `second` takes as `a`, and what of `a` the headline says.
    static let merges: [(String, String, String, String?)] = [
        ("merge_strategy: concat-json", "{type: string}", "{type: string}", "a list"),
        ("merge_strategy: concat-json", "{type: string}", "{type: array, minItems: 1, items: {type: number}}", "a string"),
        ("merge_strategy: concat-json", "{type: array, items: {type: string}}",
            "{type: array, minItems: 1, items: {type: array}}", "a string"),
        ("merge_strategy: concat-json", "{type: string}", "{type: array, items: {type: number}}", nil),
        ("merge_strategy: concat-json", "{type: [string, array]}", "{type: array, minItems: 1, items: {type: number}}", nil),
        ("merge_strategy: none", "{type: array}", "{type: array, minItems: 1, items: {type: string}}", "a list"),
        ("merge_strategy: concat-text", "{type: object}", "{type: object}", "a string"),
        ("merge_strategy: concat-text", "{type: object}", "{type: string}", nil),
        ("merge_strategy: sum", "{type: integer}", "{type: string}", "a number"),
        ("merge_strategy: mean", "{type: integer}", "{type: \"null\"}", nil),
        ("merge_strategy: max", "{type: array}", "{type: number}", "a list or null"),
        ("merge_strategy: vote", "{type: string}", "{type: string}", "an object"),
        ("merge_strategy: vote", "{type: string}", "{properties: {winner: {}}, required: [winner], type: object}",
            "an object without `winner`"),
        ("merge_strategy: vote", "{type: string}", "{properties: {value: {type: number}}}", "a string or null"),
        ("merge_strategy: top-k", "{type: object}", "{type: object}", "a list"),
        ("merge_strategy: tile-stitch", "{}", "{type: array}", "a string"),
        ("merge_strategy: detections", "{}", "{type: array, minItems: 1, items: {type: string}}", "an object"),
        // The merged object may have a member `a`, which is published then.
        ("merge_strategy: json-merge", "{type: object}", "{type: array}", nil),
        ("reducer: second", "{type: string}", "{type: number}", nil),
    ]

    @Test(arguments: merges)
    func mergesMakeWhatTheyMake(_ merge: String, _ output: String, _ taken: String, _ phrase: String?) {
        let first = Self.output(output) + "multi_node: {split_mode: batch, split_key: x, \(merge)}\n"
        let stages = #"{"model": "first", "output_key": "a"}, {"model": "second", "input_key": "a"}"#
        let diagnostics = found(
            files(first: first, second: Self.takes(taken), stages: stages, input: #"{"x": [1]}"#))
        let conflicts = diagnostics.filter { $0.code.slug == "schema-conflict" }
        if let phrase {
            #expect(conflicts.first?.headline.contains("is \(phrase)") == true, "\(diagnostics.map(\.headline))")
            #expect(conflicts.count == 1 && conflicts.first?.secondary.count == 2)
        } else {
            #expect(diagnostics.isEmpty, "\(diagnostics.map(\.headline))")
        }
    }

    /// The split of `second`, what it takes as `a`, and whether a list of strings can be it.
    static let splits: [(String, String, Bool)] = [
        ("split_mode: batch, batch_size: 2", "{type: array, maxItems: 1}", true),
        ("split_mode: batch, batch_size: 2", "{type: array, minItems: 3}", false),
        ("split_mode: batch", "{type: string}", false), ("split_mode: batch", "{items: {type: number}}", false),
        ("split_mode: batch", "{items: {type: string}}", true), ("split_mode: lines", "{type: string}", false),
        ("split_mode: candidates, candidates: 3", "{type: array}", true),
        ("split_mode: candidates, candidates: 3", "{type: string}", false),
    ]

    @Test(arguments: splits) func unitsAreWhatASplitMakes(_ split: String, _ taken: String, _ fits: Bool) {
        let second = Self.takes(taken) + "multi_node: {\(split), merge_strategy: none}\n"
        let diagnostics = found(files(first: Self.output(Self.list), second: second, stages: Self.chain))
        #expect(diagnostics.filter { $0.code.slug == "schema-conflict" }.isEmpty == fits, "\(diagnostics.map(\.headline))")
    }

    /// What is published, bound or left out is no conflict where a run may still find a value that fits.
    @Test(arguments: [
        // `a` may be missing in the result, and then comes from the job.
        ("{type: object, properties: {a: {type: string}}}", chain, "{\"a\": [1]}"),
        // The first stage may be skipped.
        (
            "{type: object, required: [a], properties: {a: {type: string}}}",
            #"{"model": "first", "when": "go"}, {"model": "second", "input_key": "a"}"#, "{\"a\": [1], \"go\": true}"
        ),
        // A literal member wins.
        (
            "{type: object, required: [a], properties: {a: {type: string}}}",
            #"{"model": "first"}, {"model": "second", "input": {"a": [1]}}"#, "{}"
        ),
        // Nothing says what the result is.
        ("{}", chain, "{}"), ("true", chain, "{}"),
        // The whole result is published where it has no member `a`.
        ("{anyOf: [{type: array}, {type: object}]}", #"{"model": "first", "output_key": "a"}, {"model": "second", "input_key": "a"}"#, "{}"),
    ])
    func undecidedEdgesAreLeftToTheRun(_ output: String, _ stages: String, _ input: String) {
        let files = files(
            first: Self.output(output), second: Self.takes("{type: array}"), stages: stages, input: input)
        let errors = found(files).filter { $0.severity == .error }
        #expect(errors.isEmpty, "\(errors.map(\.headline))")
    }

    /// The peers of a gang work on one input, and answer as one model.
    @Test(arguments: [("array", 1), ("string", 0)]) func gangsAnswerAsTheirModel(_ taken: String, _ count: Int) {
        let gang = "multi_node: {distributed_runtime: ray, shard_role: head, cluster_size: 2}\n"
        let own = Self.output("{type: object, required: [a], properties: {a: {type: string}}}") + gang
        let files = files(first: own, second: Self.takes("{type: \(taken)}"), stages: Self.chain)
        let expected = Array(repeating: "`a` is a string, and `second` takes a list", count: count)
        #expect(found(files).filter { $0.severity == .error }.map(\.headline) == expected)
    }

    /// A stage whose condition holds for every value of its kind publishes what it publishes: the job's `a` is not asked.
    @Test(arguments: [
        ("x != null", true), ("x == null || x != 0 || x == 0", true), ("m == 2", true), ("x", false), ("x > 0", false),
        ("m == 3 || x < 9", false), ("a.b != 1", false),
        ("f_uri != null", true), ("f_uri == 'f.png'", false), ("!(x != null && m == 2)", false),
    ])
    func whatSurelyRunsSurelyPublishes(_ condition: String, _ isSure: Bool) {
        let stages = """
            {"model": "first", "when": "\(condition)", "input": {"m": 2, "f_uri": "f.png"}}, {"model": "second", "input_key": "a"}
            """
        let first = Self.output("{type: object, required: [a], properties: {a: {type: string}}}")
        let job = files(
            first: first, second: Self.takes("{type: array}"), stages: stages, input: #"{"x": 1, "a": [1]}"#)
        #expect(found(job).filter { $0.code.slug == "schema-conflict" }.isEmpty != isSure, "\(found(job).map(\.headline))")
    }

    /// What a stage before it publishes, a condition sees by its kind; what it may leave out it may be without.
    @Test(arguments: [("required: [x], ", "x", true), ("", "x", false), ("required: [y], ", "y", false)])
    func conditionsSeeWhatIsPublished(_ required: String, _ name: String, _ isSure: Bool) {
        let files = MemoryFiles([
            "job.json": """
                {"input": {"a": [1]}, "job_graph": {"stages": [{"model": "asked"},
                {"model": "first", "when": "\(name) != null", "output_key": "a"}, {"model": "second", "input_key": "a"}]}}
                """,
            "asked/model.yaml": """
                name: asked
                entrypoint: [./run]
                output_schema:
                  {type: object, \(required)additionalProperties: false,
                  properties: {x: {type: integer}, y: {type: [integer, "null"]}}}
                """,
            "first/model.yaml": "name: first\nentrypoint: [./run]\n" + Self.output("{type: string}"),
            "second/model.yaml": "name: second\nentrypoint: [./run]\n" + Self.takes("{type: array}"),
        ])
        #expect(found(files).filter { $0.code.slug == "schema-conflict" }.isEmpty != isSure)
    }

    /// A pipeline that may be skipped publishes nothing for sure, nor do its stages.
    @Test(arguments: [("n != null", true), ("n", false)]) func aSkippedPipelineGivesNothing(_ condition: String, _ isSure: Bool) {
        let files = MemoryFiles([
            "job.json": """
                {"input": {"n": 1, "b": 2}, "job_graph": {"stages": [
                {"model": "pipe", "when": "\(condition)"}, {"model": "second", "input_key": "b"}]}}
                """,
            "pipe/model.yaml": "name: pipe\nchained_models: [{model_id: first, output_key: b}]\n",
            "first/model.yaml": "name: first\nentrypoint: [./run]\n" + Self.output("{type: string}"),
            "second/model.yaml":
                "name: second\nentrypoint: [./run]\ninput_schema: {properties: {b: {type: number}}}\n",
        ])
        #expect(found(files).filter { $0.code.slug == "schema-conflict" }.isEmpty != isSure)
    }

    @Test func aLoneValueIsPassedByItsType() {
        let files = files(
            first: Self.output("{type: object, additionalProperties: false, required: [b], properties: {b: {type: string}}}"),
            second: Self.takes("{type: number}"), stages: Self.chain)
        #expect(Set(found(files).map(\.code.slug)) == ["schema-conflict", "sole-value"])
        let text = self.files(first: Self.output("{type: string}"), second: Self.takes("{type: number}"), stages: Self.chain)
        #expect(found(text).contains { $0.headline == "`a` is a string, and `second` takes a number" })
    }

    /// Who gets the whole context gets the job's input, too, whatever else may be given by the same name.
    @Test func aClosedSchemaTakesNoMore() {
        let closed = "input_schema: {type: object, additionalProperties: false, properties: {a: {}}}\n"
        let files = files(
            first: Self.output("{type: object, required: [a]}"), second: closed,
            stages: #"{"model": "first"}, {"model": "second"}"#, input: #"{"a": 1, "n": 2}"#)
        #expect(found(files).map(\.headline) == ["`second` takes no `n`"])
        #expect(found(files).first.map(text) == "2")
    }

    /// What cannot be split is said once.
    @Test(arguments: ["batch", "lines"]) func whatCannotBeSplitIsSaidOnce(_ mode: String) {
        let second = Self.takes(mode == "batch" ? "{type: array}" : "{type: string}")
            + "multi_node: {split_mode: \(mode), split_key: a, merge_strategy: none}\n"
        let files = files(first: "", second: second, stages: #"{"model": "second", "input_key": "a"}"#, input: #"{"a": 7}"#)
        #expect(found(files).map(\.code.slug) == ["split-input"])
    }

    /// A URL gives way to that of a copy: neither its length nor what it is one of can be judged.
    @Test func filesAreJudgedByTypeAlone() {
        let url = "{type: object, required: [a], properties: {a: {enum: [\"https://example.org/a\"]}}}"
        let files = files(
            first: Self.output(url), second: Self.takes("{type: string, pattern: \"^file:\", minLength: 99}"),
            stages: Self.chain)
        #expect(found(files).isEmpty)
        let own = MemoryFiles([
            "job.json": #"{"model": "m", "input": {"a_url": "a.png", "b": "https://x", "c_uri": ["a", 1]}}"#,
            "m/model.yaml": """
                name: m
                entrypoint: [./run]
                input_schema:
                  properties: {a_url: {maxLength: 1}, b: {const: x}, c_uri: {items: {type: string, enum: [z]}}}
                """,
        ])
        #expect(found(own).map(\.code.slug) == ["input-breaks-schema"])
        #expect(found(own).first.map { self.text($0) } == "1")
    }

    private func text(_ diagnostic: Diagnostic) -> String {
        let span = diagnostic.primary.span
        return String(decoding: span.source.bytes[span.range], as: UTF8.self)
    }

    @Test func theCommandLineIsJudgedLikeAFile() {
        let files = MemoryFiles([
            "m/model.yaml": "name: m\nentrypoint: [./run]\ninput_schema: {properties: {n: {type: integer}}}\n"
        ])
        let wrong = files.compile(nil) {
            $0.model = "m/"
            $0.input = ["secret": "s3cret", "n": "many"]
            $0.isSubmitted = true
        }
        #expect(wrong.diagnostics.map(\.code.slug) == ["input-breaks-schema"])
        #expect(wrong.diagnostics.first.map(text) == "n")
        let shown = wrong.diagnostics.first?.primary.span.source.bytes ?? []
        #expect(!String(decoding: shown, as: UTF8.self).contains("s3cret"))
        let right = files.compile(nil) {
            $0.model = "m/"
            $0.input = ["n": 3.0]
        }
        #expect(right.plan != nil && right.diagnostics.isEmpty)
    }

    /// Places go through anchors, merge keys, escapes and flow style.
    @Test func placesAreExact() {
        let yaml = """
            name: m
            entrypoint: [./run]
            x-parts:
              text: &text {type: strin}
              base: &base
                minLength: -2
            input_schema:
              type: object
              properties:
                a: *text
                "b/c~d": {<<: *base, type: string}
                e:
                  items:
                    - {pattern: '[z'}
            """
        let diagnostics = Compiler(MemoryFiles(["model.yaml": yaml])).check(["model.yaml"]).diagnostics
        #expect(diagnostics.filter { $0.code.slug == "bad-schema" }.map(text) == ["strin", "-2", "'[z'"])
    }

    /// A graph as long as is allowed, with schemas on every stage.
    @Test func longGraphsAreCompared() {
        let stages = (0..<10_000).map { "{\"model\": \"\($0 == 9999 ? "second" : "first")\", \"input_key\": \"a\"}" }
        let own = Self.output("{type: object, required: [a], properties: {a: {type: string}}}") + Self.takes("{type: string}")
        let files = files(
            first: own, second: Self.takes("{type: array}"), stages: stages.joined(separator: ","), input: #"{"a": "x"}"#)
        #expect(found(files).map(\.code.slug) == ["schema-conflict"])
    }

    /// Through a pipeline as a model: what it takes, what its stages give each other, and what comes out of it.
    @Test func pipelinesAreSeenThrough() {
        let pipeline = """
            name: pipe
            input_schema: {properties: {n: {type: integer}}}
            chained_models: [{model_id: first, output_key: b}]

            """
        let job = #"{"input": {"n": "x"}, "job_graph": {"stages": [STAGES]}}"#
        func files(_ stages: String, _ job: String) -> MemoryFiles {
            MemoryFiles([
                "job.json": job.replacing("STAGES", with: stages), "pipe/model.yaml": pipeline,
                "first/model.yaml": "name: first\nentrypoint: [./run]\n" + Self.output("{type: string}"),
                "second/model.yaml": "name: second\nentrypoint: [./run]\ninput_schema: {properties: {b: {type: number}}}\n",
            ])
        }
        let both = found(files(#"{"model": "pipe"}, {"model": "second", "input_key": "b"}"#, job))
        #expect(both.map(\.code.slug) == ["input-breaks-schema", "schema-conflict"])
        #expect(both.last?.headline == "`b` is a string, and `second` takes a number")
        let alone = found(files("", #"{"input": {"n": "x"}, "model": "pipe"}"#))
        #expect(alone.map(\.code.slug) == ["input-breaks-schema"])
        #expect(alone.first.map(text) == "\"x\"")
    }

    /// What a pipeline says that it is given, its own stages must be able to take.
    @Test func pipelinesGiveWhatTheyTake() {
        let files = MemoryFiles([
            "pipe/model.yaml": """
                name: pipe
                input_schema: {type: object, properties: {a: {type: string}}}
                chained_models: [{model_id: second, input_key: a}]
                """,
            "second/model.yaml": "name: second\nentrypoint: [./run]\n" + Self.takes("{type: array}"),
        ])
        #expect(Compiler(files).check(["."]).diagnostics.map(\.code.slug) == ["schema-conflict"])
    }

    /// A context of many names over many stages, and schemas that refer to each other without end.
    @Test func hostileGraphsEnd() {
        let names = (0..<100).map { "n\($0): {type: string}" }.joined(separator: ", ")
        let stages = (0..<120).map { _ in #"{"model": "first"}"# }.joined(separator: ",")
        let wide = Self.output("{type: object, properties: {\(names)}}") + "input_schema: {properties: {\(names)}}\n"
        let many = files(first: wide, second: "", stages: stages, input: "{}")
        #expect(found(many).allSatisfy { $0.severity < .error })
        let levels = (1...100).map { "d\($0): {allOf: [{$ref: '#/definitions/d\($0 - 1)'}, {$ref: '#/definitions/d\($0 - 1)'}]}" }
        let knot = "{definitions: {d0: {type: object}, \(levels.joined(separator: ", "))}, $ref: '#/definitions/d100'}"
        let knots = files(
            first: "input_schema: \(knot)\n" + Self.output(knot), second: "", stages: stages, input: "{}")
        #expect(found(knots).allSatisfy { $0.severity < .error })
    }
}
