import Foundation
import ImflowJSON
import Testing

/// What an editor asks about a place, over the real protocol.
@Suite("Language server: features", .onThreads, .timeLimit(.minutes(10)))
struct LanguageServerFeatureTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        try place.write(".git/HEAD", "")
        try place.write(
            "models/asr/model.yaml",
            "name: asr-v1\nversion: \"1.10\"\ndescription: Speech to text.\nentrypoint: [./run]\n")
        try place.write("models/llm/model.yaml", "name: llm\nentrypoint: [./run]\n")
    }

    private var pipeline: String { place.path + "/pipeline/model.yaml" }
    private var job: String { place.path + "/job.json" }

    /// Opens `marked` in a session of its own and asks one thing about the cursor's place.
    private func ask(
        _ method: String, _ marked: String, at path: String? = nil, _ more: JSONObject = [:]
    ) throws -> JSONValue {
        let marked = Marked(marked)
        let client = try EditorClient(place)
        try client.start([place.path])
        try client.open(path ?? pipeline, marked.text)
        let id = try client.send(request: "textDocument/" + method, marked.params(path ?? pipeline, more))
        let response = try client.response(id)
        #expect(try client.end() == 0)
        return response["result"] ?? response["error"] ?? nil
    }

    private func labels(_ marked: String, at path: String? = nil) throws -> [String] {
        (try ask("completion", marked, at: path).arrayValue ?? []).compactMap { $0["label"]?.stringValue }
    }

    /// The text after the edits of an answer that changes one document.
    private func applied(_ edit: JSONValue?, to text: String, at path: String) throws -> String {
        let edits = try #require(edit?["changes"]?[EditorClient.uri(path)]?.arrayValue)
        var lines = text.components(separatedBy: "\n")
        func place(_ position: JSONValue?) -> (line: Int, character: Int) {
            (position?["line"]?.intValue ?? 0, position?["character"]?.intValue ?? 0)
        }
        let sorted = edits.sorted { place($0["range"]?["start"]) > place($1["range"]?["start"]) }
        for edit in sorted {
            let start = place(edit["range"]?["start"])
            let end = place(edit["range"]?["end"])
            let before = Array(lines[start.line].utf16)[..<start.character]
            let after = Array(lines[end.line].utf16)[end.character...]
            let new = String(decoding: before, as: UTF16.self) + (edit["newText"]?.stringValue ?? "")
                + String(decoding: after, as: UTF16.self)
            lines.replaceSubrange(start.line...end.line, with: new.components(separatedBy: "\n"))
        }
        return lines.joined(separator: "\n")
    }

    // MARK: - Hover

    @Test("hover tells of keys, models, stages and codes", arguments: [
        ("name: a\ntime‸out: 5s\n", "**timeout**", "Since imflow 0.1."),
        ("name: a\nmulti_node:\n  tile_size: 5‸12\n", "**tile_size**", "Default: `512`"),
        ("chained_models:\n  - model_id: asr‸-v1\n", "model **asr-v1** `1.10`", "Speech to text."),
        ("chained_models:\n  - model_id: asr-v1\n  - model_id: llm\n    needs: [asr‸-v1]\n", "stage **asr-v1**", "`asr-v1`"),
        ("x: 1 # imflow: ignore[unknown‸-key] why\n", "`IMF0101`", "unknown-key"),
        ("x: 1 # imflow: ignore[IMF01‸01]\n", "**unknown-key**", "error"),
        ("na‸me: p\ny: [\n", "**name**", "refer to"),
    ])
    func hover(_ marked: String, _ first: String, _ second: String) throws {
        let hover = try ask("hover", marked)
        let text = hover["contents"]?["value"]?.stringValue ?? ""
        #expect(text.contains(first), "\(text)")
        #expect(text.contains(second), "\(text)")
        #expect(hover["contents"]?["kind"] == "markdown")
        #expect(hover["range"]?["start"]?["line"] == .int(Int64(Marked(marked).line)))
    }

    @Test("hover has nothing to say of the author's own", arguments: [
        "name: a\nx-mine: {time‸out: 1}\n", "name: a\nlabels: {na‸me: x}\n", "‸\n", "# time‸out\n",
    ])
    func noHover(_ marked: String) throws { #expect(try ask("hover", marked) == nil) }

    @Test("hover in a job")
    func jobHover() throws {
        let text = try ask("hover", "{\"job_graph\": {\"stages\": [{\"model\": \"asr‸-v1\"}]}}", at: job)
        #expect(text["contents"]?["value"]?.stringValue?.contains("Speech to text.") == true)
        #expect(text["range"]?["start"]?["character"] == 36)
    }

    @Test("a document is laid out as imflow fmt does, once, and left alone while it cannot be read")
    func formatting() throws {
        let edits = try ask("formatting", "entrypoint: [./run]\nname:   a ‸# é\n")
        #expect(edits.arrayValue?.count == 1)
        #expect(edits.arrayValue?.first?["newText"] == "name: a # é\nentrypoint: [./run]\n")
        #expect(edits.arrayValue?.first?["range"] == ["start": ["line": 0, "character": 0], "end": ["line": 2, "character": 0]])
        #expect(try ask("formatting", "name: a‸\n") == [])
        #expect(try ask("formatting", "name: [‸\n") == nil)
    }

    // MARK: - Completion

    @Test("keys of the block at the cursor, less those that are there, required ones first")
    func keys() throws {
        let root = try labels("name: a\n‸\ntimeout: 5s\n")
        #expect(root.contains("multi_node"))
        #expect(!root.contains("name") && !root.contains("timeout") && !root.contains("tile_size"))
        let nested = try labels("name: a\nmulti_node:\n  split_mode: tile\n  ti‸\n  merge_strategy: none\ntimeout: 5s\n")
        #expect(nested.contains("tile_size"))
        #expect(!nested.contains("split_mode") && !nested.contains("merge_strategy") && !nested.contains("timeout"))
        let stage = try labels("chained_models:\n  - name: a\n    model_id: llm\n  - ‸\n")
        #expect(stage.first == "model_id")
        #expect(stage.contains("needs"))
        #expect(try labels("chained_models:\n  - mo‸\n").first == "model_id")
        #expect(try labels("resources:\n  gpu:\n    ‸\n") == ["count", "memory", "compute_capability"])
        #expect(try labels("retry: {maximum_attempts: 2, ‸}\n").contains("retry_on"))
        #expect(try labels("labels:\n  ‸\n").isEmpty)
        #expect(try labels("description: |\n  te‸\n").isEmpty)
        #expect(try labels("name: a # ti‸\n").isEmpty)
    }

    @Test("half-written lines have completions, also where the text does not parse", arguments: [
        "name: a\nbroken: [1, 2\nmulti_node:\n  ti‸\n", "name: \"a\nmulti_node:\n  ti‸\n",
        "name: a\nmulti_node:\n  split_mode: tile\n  ti‸\n: : :\n", "name: a\nmulti_node: {ti‸\ntimeout: 5s\n",
        "name: a\nmulti_node: {split_mode: tile, ti‸", "name: a\r\nmulti_node:\r\n  ti‸\r\n",
    ])
    func broken(_ marked: String) throws { #expect(try labels(marked).contains("tile_size")) }

    @Test("half-written JSON has completions", arguments: [
        "{\"job_graph\": {\"stages\": [{\"mo‸", "{\"job_graph\": {\"stages\": [{\"model\": \"llm\"}, {\"mo‸\"}",
        "{\n  \"job_graph\": {\n    \"stages\": [\n      {‸\n", "{\"job_graph\": {\"stages\": [{\"needs\": [], ‸}]}}",
    ])
    func brokenJSON(_ marked: String) throws {
        let labels = try labels(marked, at: job)
        #expect(labels.first == "model", "\(labels)")
        #expect(labels.contains("output_key"))
    }

    @Test("a key is put with its colon, once")
    func keyEdits() throws {
        func edit(_ marked: String, _ label: String, at path: String? = nil) throws -> JSONValue {
            let items = try ask("completion", marked, at: path).arrayValue ?? []
            return try #require(items.first { $0["label"]?.stringValue == label }?["textEdit"])
        }
        let word = try edit("name: a\ntim‸\n", "timeout")
        #expect(word["newText"] == "timeout: ")
        #expect(word["range"] == ["start": ["line": 1, "character": 0], "end": ["line": 1, "character": 3]])
        #expect(try edit("name: a\ntim‸: 5s\n", "timeout")["newText"] == "timeout")
        #expect(try edit("name: a\nres‸\n", "resources")["newText"] == "resources:")
        #expect(try edit("{\"shard_count\": 2, \"mo‸\"}", "model", at: job)["newText"] == "\"model\": ")
        #expect(try edit("{\"mo‸\": \"x\"}", "model", at: job)["newText"] == "\"model\"")
    }

    @Test("values: choices, booleans, amounts, times", arguments: [
        ("protocol: ‸\n", "jsonl"), ("multi_node:\n  split_mode: ti‸\n", "tile"), ("cache: ‸\n", "true"),
        ("timeout: ‸\n", "30s"), ("resources: {memory: ‸}\n", "4Gi"), ("retry:\n  retry_on: [app, ‸]\n", "oom"),
        ("retry:\n  retry_on:\n    - ‸\n", "oom"), ("input_schema: {properties: {text: {}}}\nmulti_node:\n  split_key: ‸\n", "text"),
    ])
    func values(_ marked: String, _ value: String) throws { #expect(try labels(marked).contains(value)) }

    @Test("a model's id, with its version, from all that is in reach")
    func models() throws {
        let ids = try labels("chained_models:\n  - model_id: ‸\n")
        #expect(ids == ["asr-v1", "asr-v1@1.10", "llm"])
        #expect(try labels("multi_node:\n  reducer: l‸\n").contains("llm"))
        let items = try ask("completion", "{\"model\": \"‸\"}", at: job).arrayValue ?? []
        #expect(items.first?["textEdit"]?["newText"] == "\"asr-v1\"")
        #expect(items.first?["documentation"]?["value"] == "Speech to text.")
        #expect(items.first?["detail"] == "models/asr/model.yaml")
    }

    @Test("names of values and stages where they are bound")
    func contextKeys() throws {
        let stages = "chained_models:\n  - name: hear\n    model_id: asr-v1\n    output_key: transcript\n  - model_id: llm\n"
        #expect(try labels(stages + "    input_key: ‸\n").contains("transcript"))
        #expect(try labels(stages + "    input_key: tr‸\n").contains("transcript"))
        #expect(try labels(stages + "    when: trans‸ == 'x'\n").contains("transcript"))
        #expect(try labels(stages + "    needs: [‸]\n") == ["hear"])
        #expect(try labels(stages + "    needs: ‸\n") == ["[hear]"])
        #expect(try labels(stages + "    needs:\n      - ‸\n") == ["hear"])
        let inJob = try labels(
            "{\"input\": {\"audio\": 1}, \"job_graph\": {\"stages\": [{\"model\": \"asr-v1\", \"input_key\": \"‸\"}]}}", at: job)
        #expect(inJob.contains("audio"))
        #expect(try labels("{\"input\": {‸}}", at: job) == ["split_strategy"])
        #expect(try labels("{\"input\": {\"split_strategy\": \"‸\"}}", at: job).contains("tile_512"))
    }

    // MARK: - Definition and references

    @Test("definition leads from a model's id to its manifest, from `needs` to the stage")
    func definition() throws {
        let model = try ask("definition", "chained_models:\n  - model_id: asr‸-v1@1.10\n").arrayValue
        #expect(model?.count == 1)
        #expect(model?.first?["uri"]?.stringValue == EditorClient.uri(place.path + "/models/asr/model.yaml"))
        #expect(model?.first?["range"]?["start"] == ["line": 0, "character": 6])
        let stages = "chained_models:\n  - model_id: asr-v1\n  - model_id: llm\n    needs: [asr-‸v1]\n"
        let stage = try ask("definition", stages).arrayValue
        #expect(stage?.first?["range"]?["start"] == ["line": 1, "character": 14])
        #expect(try ask("definition", "chained_models:\n  - model_id: no‸ne\n") == [])
        #expect(try ask("definition", "na‸me: a\n") == nil)
    }

    @Test("references find every stage and job that calls a model, and every need of a stage")
    func references() throws {
        try place.write("one/model.yaml", "name: one\nchained_models:\n  - model_id: asr-v1\n  - model_id: asr-v1@1.10\n")
        try place.write("two.job.json", "{\"model\": \"asr-v1\"}")
        try place.write("three/model.yaml", "name: three\nentrypoint: [./run]\nmulti_node: {split_mode: lines, reducer: asr-v1}\n")
        try place.write("apart/.git/HEAD", "")
        try place.write("apart/model.yaml", "name: apart\nchained_models:\n  - model_id: asr-v1\n")
        let text = "name: p\nchained_models:\n  - model_id: asr‸-v1\n"
        let all = try ask("references", text, ["context": ["includeDeclaration": true]]).arrayValue ?? []
        let files = all.compactMap { $0["uri"]?.stringValue?.components(separatedBy: place.path + "/").last }
        #expect(
            files == [
                "models/asr/model.yaml", "one/model.yaml", "one/model.yaml", "pipeline/model.yaml", "three/model.yaml",
                "two.job.json",
            ])
        let model = place.path + "/models/asr/model.yaml"
        let own = try ask(
            "references", "name: asr‸-v1\nversion: \"1.10\"\nentrypoint: [./run]\n", at: model,
            ["context": ["includeDeclaration": false]])
        #expect(own.arrayValue?.count == 4)
        let stages = "chained_models:\n  - name: he‸ar\n    model_id: llm\n  - model_id: llm\n    needs: [hear]\n"
        let needs = try ask("references", stages, ["context": ["includeDeclaration": true]])
        #expect(needs.arrayValue?.count == 2)
    }

    // MARK: - Rename

    @Test("a stage is renamed with all that needs it; quotes stay", arguments: [
        (
            "chained_models:\n  - name: he‸ar\n    model_id: llm\n  - model_id: llm\n    needs: [hear]\n",
            "chained_models:\n  - name: new\n    model_id: llm\n  - model_id: llm\n    needs: [new]\n"
        ),
        (
            "chained_models:\n  - name: 'hear'\n    model_id: llm\n  - model_id: llm\n    needs: [\"hea‸r\"]\n",
            "chained_models:\n  - name: 'new'\n    model_id: llm\n  - model_id: llm\n    needs: [\"new\"]\n"
        ),
        (
            "chained_models:\n  - model_id: ll‸m\n  - model_id: llm\n    needs: [llm]\n  - model_id: asr-v1\n    needs: [llm-2]\n",
            "chained_models:\n  - name: new\n    model_id: llm\n  - name: llm-2\n    model_id: llm\n    needs: [new]\n"
                + "  - model_id: asr-v1\n    needs: [llm-2]\n"
        ),
        (
            "chained_models: [{model_id: llm}, {model_id: asr-v1, needs: [ll‸m]}]\n",
            "chained_models: [{name: new, model_id: llm}, {model_id: asr-v1, needs: [new]}]\n"
        ),
    ])
    func rename(_ marked: String, _ expected: String) throws {
        let edit = try ask("rename", marked, ["newName": "new"])
        #expect(try applied(edit, to: Marked(marked).text, at: pipeline) == expected)
    }

    @Test("a stage of a job is renamed")
    func renameInJob() throws {
        let marked = """
            {"job_graph": {"stages": [
              {
                "model": "llm‸"
              },
              {"model": "asr-v1", "needs": ["llm"]}
            ]}}
            """
        let edit = try ask("rename", marked, at: job, ["newName": "new"])
        let expected = """
            {"job_graph": {"stages": [
              {
                "name": "new",
                "model": "llm"
              },
              {"model": "asr-v1", "needs": ["new"]}
            ]}}
            """
        #expect(try applied(edit, to: Marked(marked).text, at: job) == expected)
    }

    @Test("what cannot be renamed says why", arguments: [
        ("chained_models:\n  - name: he‸ar\n    model_id: llm\n", "No Name", "is no name", -32602),
        ("chained_models:\n  - name: he‸ar\n    model_id: llm\n", "", "is no name", -32602),
        ("chained_models:\n  - name: he‸ar\n    model_id: llm\n  - model_id: llm\n", "llm", "another stage", -32602),
        ("chained_models:\n  - name: he‸ar\n    model_id: llm\nx: [\n", "new", "mend it", -32803),
        ("name: mod‸el\n", "new", "only stages", -32803),
        ("chained_models:\n  - &s\n    name: he‸ar\n    model_id: llm\n  - <<: *s\n", "new", "by hand", -32803),
    ])
    func badRename(_ marked: String, _ name: String, _ words: String, _ code: Int64) throws {
        let error = try ask("rename", marked, ["newName": .string(name)])
        #expect(error["code"] == .int(code), "\(error.text)")
        #expect(error["message"]?.stringValue?.contains(words) == true, "\(error.text)")
    }

    @Test("a rename is prepared with the word and the name")
    func prepareRename() throws {
        let implied = try ask("prepareRename", "chained_models:\n  - model_id: llm\n  - model_id: ll‸m\n")
        #expect(implied["placeholder"] == "llm-2")
        #expect(implied["range"] == ["start": ["line": 2, "character": 14], "end": ["line": 2, "character": 17]])
        #expect(try ask("prepareRename", "na‸me: a\n") == nil)
        #expect(try ask("prepareRename", "chained_models:\n  - name: a\n    model_id: ll‸m\n") == nil)
    }

    // MARK: - Symbols and quick fixes

    @Test("symbols are the keys, with blocks and stages below them; a broken text has those it had")
    func symbols() throws {
        let text = "name: p\nchained_models:\n  - name: hear\n    model_id: llm\n    retry: {maximum_attempts: 2}\n  - model_id: llm\n"
        let client = try EditorClient(place)
        try client.start([place.path])
        try client.open(pipeline, text)
        let params: JSONValue = ["textDocument": ["uri": .string(EditorClient.uri(pipeline))]]
        let symbols = try client.request("textDocument/documentSymbol", params)
        #expect(symbols.arrayValue?.compactMap { $0["name"]?.stringValue } == ["name", "chained_models"])
        let stages = symbols.arrayValue?.last?["children"]?.arrayValue ?? []
        #expect(stages.compactMap { $0["name"]?.stringValue } == ["hear", "llm"])
        #expect(stages.first?["detail"] == "llm")
        #expect(stages.first?["selectionRange"]?["start"] == ["line": 2, "character": 10])
        let retry = stages.first?["children"]?.arrayValue?.last
        #expect(retry?["name"] == "retry")
        #expect(retry?["children"]?.arrayValue?.first?["detail"] == "2")
        let end: JSONValue = ["line": 6, "character": 0]
        try client.change(pipeline, version: 2, [["range": ["start": end, "end": end], "text": "x: [\n"]])
        #expect(try client.request("textDocument/documentSymbol", params) == symbols)
        #expect(try client.end() == 0)
    }

    private func actions(_ text: String, line: Int64, at path: String? = nil, only: [JSONValue]? = nil) throws -> [JSONValue] {
        let path = path ?? pipeline
        let client = try EditorClient(place)
        try client.start([place.path])
        try client.open(path, text)
        let start: JSONValue = ["line": .int(line), "character": 0]
        let end: JSONValue = ["line": .int(line), "character": 200]
        let context: JSONValue = only.map { ["diagnostics": [], "only": .array($0)] } ?? ["diagnostics": []]
        let result = try client.request(
            "textDocument/codeAction",
            [
                "textDocument": ["uri": .string(EditorClient.uri(path))], "range": ["start": start, "end": end],
                "context": context,
            ])
        #expect(try client.end() == 0)
        return result.arrayValue ?? []
    }

    @Test("a fix is offered, and mends the text")
    func fixes() throws {
        let text = "name: a\nentrypoint: [./run]\nmulti_node:\n  split_mode: tile\n  tile_sise: 512\n"
        let actions = try actions(text, line: 4)
        let fix = try #require(actions.first)
        #expect(fix["kind"] == "quickfix")
        #expect(fix["diagnostics"]?.arrayValue?.first?["code"] == "IMF0101")
        #expect(try applied(fix["edit"], to: text, at: pipeline) == text.replacing("tile_sise", with: "tile_size"))
        #expect(try self.actions(text, line: 1).isEmpty)
        #expect(try self.actions(text, line: 4, only: ["refactor"]).isEmpty)
    }

    @Test("a warning can be ignored by a comment, which silences it")
    func ignores() throws {
        let text = "name: a\nentrypoint: [./run]\nmulti_node:\n  split_mode: lines\n  tile_size: 512\n"
        let ignore = try #require(try actions(text, line: 4).first { $0["title"]?.stringValue?.hasPrefix("ignore") == true })
        #expect(ignore["isPreferred"] == false)
        let changed = try applied(ignore["edit"], to: text, at: pipeline)
        #expect(changed.contains("\n  # imflow: ignore[IMF0303] \n  tile_size: 512\n"))
        try place.write("pipeline/model.yaml", changed)
        let check = try place.imflow("check", "pipeline", "--format", "concise")
        #expect(check.output.isEmpty, "\(check.output)")
        // An error is not to be ignored from the editor.
        #expect(try actions("name: a\nprot: 1\n", line: 1).allSatisfy { $0["title"]?.stringValue?.hasPrefix("ignore") == false })
    }
}
