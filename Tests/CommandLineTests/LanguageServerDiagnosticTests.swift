import Foundation
import ImflowJSON
import Testing

/// Findings as the text changes, over the real protocol.
@Suite("Language server: diagnostics", .onThreads, .timeLimit(.minutes(10)))
struct LanguageServerDiagnosticTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        try place.write(".git/HEAD", "")
    }

    private func codes(_ diagnostics: [JSONValue]) -> [String] { diagnostics.compactMap { $0["code"]?.stringValue } }

    /// The findings of `imflow check` in one file: codes, and ranges as an editor counts.
    private func checked(_ name: String, _ text: String) throws -> [JSONValue] {
        let report = try place.imflow("check", name, "--format", "json").json
        let bytes = Array(text.utf8)
        func position(_ byte: JSONValue?) -> JSONValue {
            Self.position(.max, in: Array(String(decoding: bytes.prefix(byte?.intValue ?? 0), as: UTF8.self).utf16))
        }
        return try #require(report["diagnostics"]?.arrayValue).map { finding in
            [
                "code": finding["code"] ?? nil,
                "range": ["start": position(finding["start_byte"]), "end": position(finding["end_byte"])],
            ]
        }
    }

    @Test("findings have codes, severities, tags, related places and the words of a check")
    func shape() throws {
        let path = place.path + "/model.yaml"
        let text = """
            name: a
            entrypoint: [./run]
            timeout: 5s
            timeout: 6s
            multi_node:
              split_mode: lines
              tile_size: 512
            # imflow: ignore[IMF0101]
            labels: {}

            """
        let client = try EditorClient(place)
        try client.start([place.path])
        try client.open(path, text)
        let found = try client.diagnostics(path, version: 1)
        let duplicate = try #require(found.first { $0["code"] == "IMF0102" })
        #expect(duplicate["severity"] == 1)
        #expect(duplicate["source"] == "imflow")
        #expect(duplicate["codeDescription"] == nil)
        #expect(duplicate["range"] == ["start": ["line": 3, "character": 0], "end": ["line": 3, "character": 7]])
        #expect(duplicate["message"]?.stringValue?.hasPrefix("duplicate key \"timeout\"") == true)
        let related = duplicate["relatedInformation"]?.arrayValue?.first
        #expect(related?["message"] == "first defined here")
        #expect(related?["location"]?["uri"]?.stringValue == EditorClient.uri(path))
        #expect(related?["location"]?["range"]?["start"] == ["line": 2, "character": 0])
        let unused = try #require(found.first { $0["code"] == "IMF0303" })
        #expect(unused["severity"] == 2)
        #expect(unused["tags"] == [1])
        let ignore = try #require(found.first { $0["code"] == "IMF0901" })
        #expect(ignore["data"] == ["slug": "unused-ignore"])
        #expect(ignore["tags"] == [1])
        #expect(try client.end() == 0)
    }

    @Test("positions are UTF-16 units, or bytes where the client takes them")
    func encodings() throws {
        let path = place.path + "/model.yaml"
        let text = "name: a\nentrypoint: [./run]\nlabels: {\"😀€\": v, \"😀€\": w}\n"
        for (encodings, start, end, inside) in [
            (nil, 19, 24, 13), (["utf-16"], 19, 24, 13), (["utf-32", "utf-8"], 23, 32, 17),
        ] as [([String]?, Int64, Int64, Int64)] {
            let client = try EditorClient(place)
            let capabilities = try client.start([place.path], encodings: encodings)
            #expect(capabilities["positionEncoding"]?.stringValue == (encodings?.last == "utf-8" ? "utf-8" : "utf-16"))
            try client.open(path, text)
            let found = try client.diagnostics(path, version: 1)
            #expect(codes(found) == ["IMF0102"])
            #expect(
                found.first?["range"]
                    == [
                        "start": ["line": 2, "character": .int(start)], "end": ["line": 2, "character": .int(end)],
                    ])
            // An edit after the emoji, counted as negotiated: the first key gets another name.
            let place: JSONValue = ["line": 2, "character": .int(inside)]
            try client.change(path, version: 2, [["range": ["start": place, "end": place], "text": "z"]])
            #expect(try client.diagnostics(path, version: 2).isEmpty)
            #expect(try client.end() == 0)
        }
    }

    @Test("a model that is renamed breaks an open pipeline, and mends it again")
    func dependents() throws {
        try place.write("models/asr/model.yaml", "name: asr\nentrypoint: [./run]\n")
        let model = place.path + "/models/asr/model.yaml"
        let pipeline = place.path + "/pipeline/model.yaml"
        let client = try EditorClient(place)
        try client.start([place.path])
        try client.open(pipeline, "name: p\nchained_models:\n  - model_id: asr\n")
        #expect(try client.diagnostics(pipeline, version: 1).isEmpty)
        try client.open(model, "name: asr\nentrypoint: [./run]\n")
        #expect(try client.diagnostics(model, version: 1).isEmpty)
        let name: JSONValue = ["start": ["line": 0, "character": 6], "end": ["line": 0, "character": 9]]
        try client.change(model, version: 2, [["range": name, "text": "asr2"]])
        #expect(try client.diagnostics(model, version: 2).isEmpty)
        let broken = try client.diagnostics(pipeline)
        #expect(codes(broken) == ["IMF0201"])
        #expect(broken.first?["message"]?.stringValue?.contains("did you mean `asr2`") == true)
        // Closed without saving: the disk counts again.
        try client.notify("textDocument/didClose", ["textDocument": ["uri": .string(EditorClient.uri(model))]])
        #expect(try client.diagnostics(pipeline).isEmpty)
        #expect(try client.end() == 0)
    }

    @Test("errors in models that are not open are told at their files, and taken back")
    func elsewhere() throws {
        try place.write("models/asr/model.yaml", "name: asr\nentrypoint: [./run]\nprot: 1\n")
        let model = place.path + "/models/asr/model.yaml"
        let job = place.path + "/job.json"
        let client = try EditorClient(place)
        try client.start([place.path])
        try client.open(job, "{\"model\": \"asr\", \"input\": {}}")
        #expect(try client.diagnostics(job, version: 1).isEmpty)
        #expect(codes(try client.diagnostics(model)) == ["IMF0101"])
        try place.write("models/asr/model.yaml", "name: asr\nentrypoint: [./run]\n")
        try client.notify(
            "workspace/didChangeWatchedFiles",
            ["changes": [["uri": .string(EditorClient.uri(model)), "type": 2]]])
        #expect(try client.diagnostics(model).isEmpty)
        try FileManager.default.removeItem(atPath: model)
        try client.notify(
            "workspace/didChangeWatchedFiles",
            ["changes": [["uri": .string(EditorClient.uri(model)), "type": 3]]])
        #expect(codes(try client.diagnostics(job)) == ["IMF0201"])
        try place.write("other/model.yaml", "name: asr\nentrypoint: [./run]\n")
        // A client that does not watch files tells only when it saves.
        try client.notify("textDocument/didSave", ["textDocument": ["uri": .string(EditorClient.uri(job))]])
        #expect(codes(try client.diagnostics(job)).isEmpty)
        #expect(try client.end() == 0)
    }

    @Test("two workspace folders, each with its own models")
    func twoFolders() throws {
        for (folder, model) in [("one", "asr"), ("two", "tts")] {
            try place.write("\(folder)/.git/HEAD", "")
            try place.write("\(folder)/models/\(model)/model.yaml", "name: \(model)\nentrypoint: [./run]\n")
        }
        let one = place.path + "/one/job.json"
        let two = place.path + "/two/job.json"
        let client = try EditorClient(place)
        try client.start([place.path + "/one", place.path + "/two"])
        try client.open(one, "{\"model\": \"asr\", \"input\": {}}")
        try client.open(two, "{\"model\": \"asr\", \"input\": {}}")
        #expect(try client.diagnostics(one, version: 1).isEmpty)
        #expect(codes(try client.diagnostics(two, version: 1)) == ["IMF0201"])
        #expect(try client.end() == 0)
    }

    @Test("settings count as they are typed, and are checked themselves")
    func settings() throws {
        let settings = place.path + "/.imflow.yaml"
        let model = place.path + "/model.yaml"
        let text = "name: a\nentrypoint: [./run]\nmulti_node:\n  split_mode: lines\n  tile_size: 512\n"
        let client = try EditorClient(place)
        try client.start([place.path])
        try client.open(model, text)
        #expect(try client.diagnostics(model, version: 1).first?["severity"] == 2)
        try client.open(settings, "severity:\n  split-option-unused: error\n")
        #expect(try client.diagnostics(settings, version: 1).isEmpty)
        #expect(try client.diagnostics(model).first?["severity"] == 1)
        try client.change(settings, version: 2, [["text": "severity:\n  split-option-unused: loud\n"]])
        #expect(codes(try client.diagnostics(settings, version: 2)) == ["IMF0022"])
        #expect(try client.diagnostics(model).first?["severity"] == 2)
        try client.change(settings, version: 3, [["text": "severity:\n  split-option-unused: ignore\n"]])
        #expect(try client.diagnostics(settings, version: 3).isEmpty)
        #expect(try client.diagnostics(model).isEmpty)
        #expect(try client.end() == 0)
    }

    @Test("YAML of other programs is left alone")
    func foreignFiles() throws {
        let foreign = place.path + "/docker-compose.yml"
        let model = place.path + "/model.yaml"
        let client = try EditorClient(place)
        try client.start([place.path])
        try client.open(foreign, "services: {a: {image: x}}\n")
        let symbols = try client.request(
            "textDocument/documentSymbol", ["textDocument": ["uri": .string(EditorClient.uri(foreign))]])
        #expect(symbols == nil)
        try client.open(model, "name: a\nprot: 1\n")
        // The first that is published is the manifest's.
        let first = try client.wait { $0["method"] == "textDocument/publishDiagnostics" }
        #expect(first["params"]?["uri"]?.stringValue == EditorClient.uri(model))
        #expect(try client.end() == 0)
    }

    @Test("after any edits the server's text is the client's, and its findings those of a check", arguments: 1...6)
    func randomEdits(_ seed: Int) throws {
        var random = SplitMix(state: UInt64(seed))
        let file = seed % 3 == 0 ? "job.json" : "model.yaml"
        let path = place.path + "/" + file
        var text = Array((seed % 3 == 0 ? Self.job : Self.manifest).utf16)
        let pieces = [
            "😀", "é", "\n", "\r\n", "  ", ":", " ", "name", "- ", "\"", "timeout: 5s\n", "{", "}", "[", "]", ",", "#",
            "\t", "€\n",
        ]
        let client = try EditorClient(place)
        try client.start([place.path])
        try client.open(path, String(decoding: text, as: UTF16.self), version: 0)
        for version in 1...60 {
            var changes: [JSONValue] = []
            for _ in 0...random.next(3) {
                if random.next(20) == 0 {
                    text = Array((seed % 3 == 0 ? Self.job : Self.manifest).utf16)
                    changes.append(["text": .string(String(decoding: text, as: UTF16.self))])
                    continue
                }
                let start = Self.place(random.next(text.count + 1), in: text)
                let end = Self.place(min(text.count, start + random.next(9)), in: text)
                let new = random.next(3) == 0 ? "" : pieces[random.next(pieces.count)]
                let range: JSONValue = [
                    "start": Self.position(start, in: text), "end": Self.position(max(start, end), in: text),
                ]
                changes.append(["range": range, "text": .string(new)])
                text.replaceSubrange(start..<max(start, end), with: Array(new.utf16))
            }
            try client.change(path, version: version, changes)
            let found = try client.diagnostics(path, version: version)
            // Whatever the text is, every question about any place of it has an answer.
            let place = Self.position(Self.place(random.next(text.count + 1), in: text), in: text)
            let params: JSONValue = [
                "textDocument": ["uri": .string(EditorClient.uri(path))], "position": place,
                "range": ["start": ["line": 0, "character": 0], "end": place], "context": ["diagnostics": []],
            ]
            for method in [
                "completion", "hover", "definition", "references", "prepareRename", "documentSymbol", "codeAction",
            ] { try client.request("textDocument/" + method, params) }
            guard version % 10 == 0 else { continue }
            try self.place.write(file, String(decoding: text, as: UTF16.self))
            let expected = try checked(file, String(decoding: text, as: UTF16.self))
            let own = found.map { ["code": $0["code"] ?? nil, "range": $0["range"] ?? nil] as JSONValue }
            #expect(own == expected, "version \(version)")
        }
        #expect(try client.end() == 0)
    }

    private static let manifest = """
        name: asr
        version: "1.0"
        entrypoint: [./run]
        timeout: 30s
        resources: {cpu: 2, memory: 4Gi}
        labels:
          team: "straße 😀"

        """
    private static let job = "{\n  \"job_id\": \"bd92-e3f1\",\n  \"input\": {\"text\": \"😀\"},\n  \"shard_count\": 16\n}\n"

    /// A place that is not within a character or a line break, since the two sides could count those differently.
    private static func place(_ index: Int, in text: [UInt16]) -> Int {
        guard index > 0, index < text.count else { return index }
        let isWithin = UTF16.isTrailSurrogate(text[index]) || (text[index] == 0x0A && text[index - 1] == 0x0D)
        return isWithin ? index - 1 : index
    }

    private static func position(_ index: Int, in text: [UInt16]) -> JSONValue {
        var line = 0
        var start = 0
        let index = min(index, text.count)
        for offset in 0..<index {
            let isBeforeLineFeed = offset + 1 < text.count && text[offset + 1] == 0x0A
            if text[offset] == 0x0A || (text[offset] == 0x0D && !isBeforeLineFeed) {
                line += 1
                start = offset + 1
            }
        }
        return ["line": .int(Int64(line)), "character": .int(Int64(index - start))]
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for the same seed.
struct SplitMix {
    var state: UInt64

    /// 0 to `bound - 1`.
    mutating func next(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((value ^ (value >> 31)) % UInt64(max(1, bound)))
    }
}
