import Foundation
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowJSON
import ImflowSyntax
import Testing

/// `imflow debug tree`: values and places of a file that has everything at once.
@Suite struct TreeInspectionTests {
    /// A byte order mark, CRLF, tabs, anchors, aliases, a merge, block and folded scalars, flow style, wide characters.
    private static let text =
        "\u{FEFF}# é 😀\r\nname: détecteur-日本\t# tab\r\n"
        + "base: &b {k: v, \"q\":\t'a ''b'''}\r\nm:\r\n  <<: *b\r\n  own: 0x1F\r\n"
        + "lit: |\r\n  eins\r\n  😀 zwei\r\nfold: >-\r\n  a\r\n  b\r\n\r\n"
        + "flow: [1, ~, true, .inf, {x: [ü, \"\\u00e9\"]}]\r\n"
        + "alias: *b\r\nempty:\r\n!!str tagged: !!str 12\r\nlast: é"

    private func file(_ text: String, _ name: String = "a.yaml") -> Inspector { Inspector(MemoryFiles([name: text])) }

    @Test func plainValues() throws {
        let inspection = file(Self.text).tree("a.yaml", spans: false)
        let expected: JSONValue = [
            "name": "détecteur-日本", "base": ["k": "v", "q": "a 'b'"], "m": ["k": "v", "q": "a 'b'", "own": 31],
            "lit": "eins\n😀 zwei\n", "fold": "a b", "flow": [1, nil, true, ".inf", ["x": ["ü", "é"]]],
            "alias": ["k": "v", "q": "a 'b'"], "empty": nil, "tagged": "12", "last": "é",
        ]
        #expect(inspection.value == expected, "\(inspection.value?.text ?? "")")
        #expect(!inspection.hasErrors)
    }

    /// The bytes at a place.
    private func slice(_ place: JSONValue?, _ text: String) throws -> String {
        let bounds = (place?.arrayValue ?? []).compactMap(\.intValue)
        let bytes = Array(text.utf8)
        try #require(bounds.count == 2 && 0 <= bounds[0] && bounds[0] <= bounds[1] && bounds[1] <= bytes.count)
        return String(decoding: bytes[bounds[0]..<bounds[1]], as: UTF8.self)
    }

    private func member(_ node: JSONValue, _ name: String) throws -> (key: JSONValue, value: JSONValue) {
        let members = try #require(node["members"]?.arrayValue)
        let found = try #require(members.first { $0["key"]?["value"] == .string(name) }, "\(name)")
        return (try #require(found["key"]), try #require(found["value"]))
    }

    @Test func placesOfEveryKeyAndValue() throws {
        let root = try #require(file(Self.text).tree("a.yaml", spans: true).value)
        let expected = [
            ("name", "détecteur-日本"), ("base", "{k: v, \"q\":\t'a ''b'''}"),
            ("m", "<<: *b\r\n  own: 0x1F"), ("lit", "|\r\n  eins\r\n  😀 zwei"), ("fold", ">-\r\n  a\r\n  b"),
            ("flow", "[1, ~, true, .inf, {x: [ü, \"\\u00e9\"]}]"), ("alias", "*b"), ("empty", ""), ("tagged", "12"),
            ("last", "é"),
        ]
        #expect(root["members"]?.arrayValue?.count == expected.count)
        for (name, text) in expected {
            let (key, value) = try member(root, name)
            #expect(try slice(key["span"], Self.text) == name)
            #expect(try slice(value["span"], Self.text) == text)
        }
    }

    @Test func placesInside() throws {
        let root = try #require(file(Self.text).tree("a.yaml", spans: true).value)
        let base = try member(root, "base").value
        let merged = try member(root, "m").value
        for name in ["k", "q"] {
            #expect(try member(merged, name).value == member(base, name).value)
            #expect(try member(merged, name).key["span"] == member(base, name).key["span"])
        }
        #expect(try slice(member(base, "q").key["span"], Self.text) == "\"q\"")
        #expect(try slice(member(base, "q").value["span"], Self.text) == "'a ''b'''")
        #expect(try member(base, "q").value["style"] == "single-quoted")
        #expect(try slice(member(merged, "own").value["span"], Self.text) == "0x1F")
        let flow = try #require(try member(root, "flow").value["items"]?.arrayValue)
        #expect(try flow.prefix(4).map { try slice($0["span"], Self.text) } == ["1", "~", "true", ".inf"])
        let inner = try #require(try member(flow[4], "x").value["items"]?.arrayValue)
        #expect(try inner.map { try slice($0["span"], Self.text) } == ["ü", "\"\\u00e9\""])
        let alias = try member(root, "alias").value
        #expect(try slice(alias["alias_of"], Self.text) == "{k: v, \"q\":\t'a ''b'''}")
        #expect(alias["kind"] == "mapping" && base["alias_of"] == nil)
        #expect(try member(root, "tagged").value["tag"] == "tag:yaml.org,2002:str")
        #expect(try member(root, "lit").value["style"] == "literal")
    }

    /// The plain value of a located tree.
    private func plain(_ node: JSONValue) -> JSONValue {
        if let items = node["items"]?.arrayValue { return .array(items.map(plain)) }
        guard let members = node["members"]?.arrayValue else { return node["value"] ?? .null }
        let pairs = members.map {
            ($0["key"]?["value"]?.stringValue ?? $0["key"]?["value"]?.text ?? "", plain($0["value"] ?? .null))
        }
        return .object(JSONObject(pairs, uniquingKeysWith: { _, last in last }))
    }

    /// Over the corpus both forms say the same, and the plain one is what the compiler reads.
    @Test func bothFormsAgreeOnTheCorpus() throws {
        var count = 0
        for entry in Corpus.cases("ok") + Corpus.cases("err") + Corpus.cases("lower") {
            let files = entry.files
            for (path, bytes) in files.files where path.hasSuffix(".yaml") || path.hasSuffix(".json") {
                let value = try #require(Inspector(files).tree(path, spans: false).value)
                let located = try #require(Inspector(files).tree(path, spans: true).value)
                #expect(plain(located) == value, "\(entry) \(path)")
                if let own = parse(Source(name: path, bytes: bytes)).tree.root?.jsonValue() {
                    #expect(value == own, "\(entry) \(path)")
                    count += 1
                }
            }
        }
        #expect(count > 60)
    }

    @Test(
        arguments: [
            ("", nil), ("a: *no\nb: 1\n", ["a": nil, "b": 1]), ("a: 1\nb: [2\n", ["a": 1, "b": [2, nil]]),
            ("? [1, 2]\n: x\n", ["[1,2]": "x"]), ("a: 1\na: 2\n", ["a": 2]), ("a: .nan\n", ["a": ".nan"]),
            ("a: !!int x\n", ["a": nil]),
        ] as [(String, JSONValue)]) func whatWasReadIsShown(_ text: String, _ expected: JSONValue)
    {
        let inspection = file(text).tree("a.yaml", spans: false)
        #expect(inspection.value == expected, "\(inspection.value?.text ?? "")")
    }

    @Test func mistakesAreTold() {
        let found = file("a: *no\na: 1\nb: {<<: 3}\n").tree("a.yaml", spans: true)
        #expect(found.hasErrors)
        #expect(
            found.diagnostics.contains { $0.code == .duplicateKey }
                && found.diagnostics.contains { $0.code == .invalidMerge })
        let missing = file("").tree("none.yaml", spans: false)
        #expect(missing.value == nil && missing.diagnostics.map(\.code) == [.unreadableFile])
    }

    @Test func standardInputAndJSON() {
        var files = MemoryFiles([:])
        files.standardInput = Array(#"{"job_id": "a", "n": 1e2}"#.utf8)
        #expect(Inspector(files).tree("-", spans: false).value == ["job_id": "a", "n": 100])
        #expect(Inspector(files).ir("-", spans: false).value?["kind"] == "job")
    }

    /// An expansion that the reader bounds stays bounded here.
    @Test func bombsAreBounded() throws {
        var text = "x-0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "x-\(level): &a\(level) [\(aliases)]\n"
        }
        let inspection = file(text).tree("a.yaml", spans: true)
        #expect(inspection.hasErrors)
        #expect(try #require(inspection.value).text.utf8.count < 50_000_000)
    }
}

/// `imflow debug ir`: every key of the table is in it, with its value and its place.
@Suite struct IRInspectionTests {
    /// The canonical form of a sample.
    private func canonical(_ type: KeyType, _ value: JSONValue) -> JSONValue {
        switch type {
        case .duration: 90_000
        case .bytes: 4096
        case .command: value.arrayValue == nil ? ["line": ["run", "two words"]] : ["argv": ["run", "two words"]]
        case .condition: ["has", ["a", "b"]]
        default: value
        }
    }

    private func expectAll(_ block: KeyBlock, _ sample: JSONValue, in dump: JSONValue?, _ path: String) throws {
        for key in block.keys {
            let own = "\(path).\(key.name)"
            let found = try #require(dump?[key.name], "\(own) is not shown")
            let value = try #require(sample[key.name])
            switch key.type {
            case .block(let inner), .gpu(let inner), .toggle(let inner): try expectAll(inner, value, in: found, own)
            case .blocks(let inner):
                let first = try #require(value.arrayValue?.first)
                try expectAll(inner, first, in: found.arrayValue?.first, own)
            default: #expect(found == canonical(key.type, value), "\(own)")
            }
        }
    }

    private func inspect(_ block: KeyBlock, last: Bool, spans: Bool) throws -> (
        sample: JSONValue, text: String, dump: JSONValue
    ) {
        let sample = KeySamples.full(block, last: last)
        let text = sample.prettyText
        let name = block.name == KeyTable.job.name ? "job.json" : "model.yaml"
        let inspection = Inspector(MemoryFiles([name: text])).ir(name, spans: spans)
        #expect(!inspection.hasErrors, "\(DiagnosticRenderer(.full).render(inspection.diagnostics))")
        return (sample, text, try #require(inspection.value))
    }

    @Test(arguments: [false, true]) func everyKeyIsShown(_ last: Bool) throws {
        for (block, kind) in [(KeyTable.manifest, "model"), (KeyTable.job, "job")] {
            let (sample, _, dump) = try inspect(block, last: last, spans: false)
            #expect(dump["schema"] == "imflow.ir/v1" && dump["kind"] == .string(kind))
            try expectAll(block, sample, in: dump["value"], kind)
        }
    }

    /// Every place that is given is that of the sample's own text.
    private func expectPlaces(_ block: KeyBlock, _ sample: JSONValue, in dump: JSONValue?, _ text: [UInt8]) throws
        -> Int
    {
        var count = 0
        func slice(_ place: JSONValue?) -> JSONValue? {
            guard let bounds = place?.arrayValue?.compactMap(\.intValue), bounds.count == 2 else { return nil }
            return try? JSONValue.parse(Array(text[bounds[0]..<bounds[1]]))
        }
        for key in block.keys {
            let field = try #require(dump?[key.name])
            let value = try #require(sample[key.name])
            if field["span"] != nil {
                #expect(slice(field["span"]) == value, "\(key.name)")
                count += 1
            }
            if field["key_span"] != nil { #expect(slice(field["key_span"]) == .string(key.name)) }
            switch key.type {
            case .block(let inner), .gpu(let inner), .toggle(let inner): count += try expectPlaces(inner, value, in: field["value"], text)
            case .blocks(let inner):
                let first = field["value"]?.arrayValue?.first
                #expect(slice(first?["span"]) == value.arrayValue?.first)
                count += try expectPlaces(inner, try #require(value.arrayValue?.first), in: first?["value"], text)
            default: break
            }
        }
        return count
    }

    @Test func placesAreExact() throws {
        for block in [KeyTable.manifest, KeyTable.job] {
            let (sample, text, dump) = try inspect(block, last: false, spans: true)
            let count = try expectPlaces(block, sample, in: dump["value"], Array(text.utf8))
            #expect(count > 60, "\(count)")
        }
    }

    @Test func whatIsNotSaidIsNotShown() throws {
        let files = MemoryFiles(["folder/model.yaml": "port: nine\nenv: {A: b}\n"])
        let inspection = Inspector(files).ir("folder/model.yaml", spans: false)
        #expect(inspection.hasErrors)
        #expect(inspection.value?["value"] == ["name": "folder", "env": ["A": "b"]])
        let none = Inspector(MemoryFiles(["model.yaml": "[1]\n"])).ir("model.yaml", spans: false)
        #expect(none.hasErrors && none.value?["kind"] == JSONValue.null && none.value?["value"] == JSONValue.null)
    }

    @Test func conditionsAndStrategiesAreTrees() throws {
        let graph = #"{"stages": [{"model": "m@1", "when": "!a && (b.c >= 2 || d)"}]}"#
        let text = #"{"input": {"a": 1, "split_strategy": "tile_512_overlap_8"}, "job_graph": \#(graph)}"#
        let value = try #require(
            Inspector(MemoryFiles(["job.json": text])).ir("job.json", spans: false).value?["value"])
        #expect(value["split_strategy"] == ["mode": "tile", "size": 512, "overlap": 8])
        #expect(value["input"] == ["a": 1])
        let stage = try #require(value["job_graph"]?["stages"]?.arrayValue?.first)
        #expect(stage["model"] == "m@1")
        #expect(stage["when"] == ["and", ["not", ["has", ["a"]]], ["or", [">=", ["b", "c"], 2], ["has", ["d"]]]])
    }
}
