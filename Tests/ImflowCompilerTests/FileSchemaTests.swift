import Foundation
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowJSON
import ImflowSchema
import ImflowSyntax
import Testing

/// The JSON Schemas of the files against the reader: what the reader takes, they take, and what is wrong in shape they
/// refuse, as far as a schema can tell.
@Suite struct FileSchemaTests {
    private static func document(_ kind: FileSchema) -> JSONValue { (try? JSONValue.parse(kind.text)) ?? .null }

    private static let validators = Dictionary(
        uniqueKeysWithValues: FileSchema.allCases.map { ($0, try? SchemaValidator(document($0))) })

    private static func violations(_ document: KeySamples.Document) throws -> [SchemaViolation] {
        let validator = try #require(validators[document.kind])
        return try #require(validator).validate(document.value)
    }

    /// What the reader finds wrong in the shape of a text.
    private static func errors(_ tree: SyntaxTree, _ kind: FileSchema) -> [Diagnostic] {
        let found =
            switch kind {
            case .job: Binder.job(tree, folder: "/repo").diagnostics
            case .model:
                Binder.manifest(tree, path: "/repo/a/model.yaml", folder: "/repo/a", folderName: "a").diagnostics
            case .settings: Binder.settings(tree).diagnostics
            }
        return found.filter { $0.severity == .error }
    }

    private static func errors(_ document: KeySamples.Document) -> [Diagnostic] {
        let text = document.value.text
        return errors(parseJSON(Source(name: "x.json", bytes: Array(text.utf8))).tree, document.kind)
    }

    // MARK: Every key with values of every kind

    /// Why a schema cannot refuse what the reader does; nil: it must.
    private static func excuse(_ type: KeyType, _ value: JSONValue) -> String? {
        switch (type, value) {
        case (.duration, "0s"), (.bytes, "0"), (.bytes, "0Gi"):
            "a pattern does not count: the text means nothing at all"
        case (.duration, "9000d"), (.bytes, "99999999Pi"): "a pattern does not count: the text means too much"
        case (.bytes, .number): "a number with an exponent, or less than half a byte"
        case (.command, "a 'b"): "a quote that is not closed"
        case (.condition, .string): "the language of conditions has a grammar of its own"
        default: nil
        }
    }

    @Test func agreesWithTheReaderOnEveryKey() throws {
        var refused = 0
        for trial in KeySamples.trials {
            let errors = Self.errors(trial.document)
            let violations = try Self.violations(trial.document)
            let name = "\(trial.block.name).\(trial.key.name) = \(trial.value.text.prefix(80))"
            if errors.isEmpty {
                #expect(violations.isEmpty, "\(name) is good, and the schema says: \(violations)")
            } else {
                refused += 1
                let isExcused = Self.excuse(trial.key.type, trial.value) != nil
                #expect(isExcused || !violations.isEmpty, "\(name): \(errors.map(\.headline))")
            }
        }
        // The comparison is worth something only if both verdicts are common.
        #expect(refused > 1000 && KeySamples.trials.count - refused > 300)
    }

    @Test(arguments: [false, true]) func takesAFileWithEveryKey(_ last: Bool) throws {
        for (kind, block) in [(.model, KeyTable.manifest), (.job, KeyTable.job), (.settings, KeyTable.settings)] as [(FileSchema, KeyBlock)] {
            let document = KeySamples.Document(kind: kind, value: KeySamples.full(block, last: last))
            #expect(Self.errors(document).isEmpty)
            #expect(try Self.violations(document).isEmpty)
        }
    }

    @Test func knowsTheKeysOfItsBlockOnly() throws {
        for block in KeyTable.blocks {
            let unknown = KeySamples.document(block, ["colour": 1])
            #expect(try !Self.violations(unknown).isEmpty && !Self.errors(unknown).isEmpty, "\(block.name)")
            let own = KeySamples.document(block, ["x-colour": nil])
            #expect(try Self.violations(own).isEmpty && Self.errors(own).isEmpty, "\(block.name)")
        }
    }

    @Test(arguments: [
        ("none", true), ("lines", true), ("lines_100", true), ("tile_512", true), ("tile_512_overlap_64", true),
        ("sequence_2048_overlap_0", true), ("batch_8", true), ("candidates_3", true), ("tile", false),
        ("batch_8_overlap_1", false),
        ("tile_", false), ("tiles_5", false), ("", false), ("tile_512_overlap_", false), ("tile_0", false),
        ("tile_0512", true), ("tile_8_overlap_00", false), ("tile_12345678", false),
    ]) func readsSplitStrategies(_ text: String, _ isGood: Bool) throws {
        let document = KeySamples.Document(kind: .job, value: ["input": ["split_strategy": .string(text)]])
        #expect(try Self.violations(document).isEmpty == isGood)
        #expect(Self.errors(document).isEmpty == isGood)
    }

    // MARK: The corpus

    private struct File {
        var name: String
        var document: KeySamples.Document
        var errors: [Diagnostic]
    }

    /// Every manifest and job below `Manifests/` that is a JSON value.
    private static let files: [File] = {
        var files: [File] = []
        let walker = FileManager.default.enumerator(atPath: Corpus.root.path)
        while let path = walker?.nextObject() as? String {
            guard path.hasSuffix(".yaml") || path.hasSuffix(".json"), !path.hasSuffix("plan.json"),
                let data = try? Data(contentsOf: Corpus.root.appending(path: path))
            else { continue }
            let tree = parse(Source(name: path, bytes: Array(data))).tree
            guard let value = tree.root?.jsonValue() else { continue }
            let isJob = FileNames.isJob(PathText.last(path)) || Binder.looksLikeJob(tree)
            let isSettings = PathText.last(path) == CheckSettings.fileName
            let document = KeySamples.Document(kind: isSettings ? .settings : isJob ? .job : .model, value: value)
            files.append(File(name: path, document: document, errors: errors(tree, document.kind)))
        }
        return files.sorted { $0.name < $1.name }
    }()

    /// Files whose mistakes no schema can see, and why.
    private static let unseen = [
        "err/0109-bad-condition/case.json": "the language of conditions has a grammar of its own"
    ]

    /// Whether a model's own schema is none. The reader takes any mapping there and leaves that to a rule.
    private static func hasBadSchema(_ document: KeySamples.Document) throws -> Bool {
        let metaschema = try SchemaValidator(["$ref": "http://json-schema.org/draft-07/schema#"])
        return ["input_schema", "output_schema"].compactMap { document.value[$0] }.contains {
            !metaschema.validate($0).isEmpty
        }
    }

    @Test func agreesWithTheReaderOnTheCorpus() throws {
        for file in Self.files {
            let violations = try Self.violations(file.document)
            if try Self.hasBadSchema(file.document) {
                #expect(!violations.isEmpty, "\(file.name)")
            } else if file.errors.isEmpty {
                #expect(violations.isEmpty, "\(file.name): \(violations)")
            } else if Self.unseen[file.name] == nil {
                #expect(!violations.isEmpty, "\(file.name): \(file.errors.map(\.headline))")
            }
        }
        let names = Set(Self.files.map(\.name))
        #expect(Set(Self.unseen.keys).isSubset(of: names))
        for folder in ["ok/", "examples/", "lower/", "err/"] { #expect(names.contains { $0.hasPrefix(folder) }) }
        #expect(Self.files.count > 80 && Self.files.filter { !$0.errors.isEmpty }.count >= 8)
    }

    // MARK: The documents themselves

    @Test(arguments: FileSchema.allCases) func isTheFileInTheRepository(_ kind: FileSchema) throws {
        let path = Corpus.root.deletingLastPathComponent().appending(path: "Grammar/\(kind.rawValue).schema.json")
        #expect(try String(contentsOf: path, encoding: .utf8) == kind.text)
    }

    /// Editors put the whole message of an `anyOf` on the screen; there is none, and every key is explained.
    @Test(arguments: FileSchema.allCases) func isReadable(_ kind: FileSchema) throws {
        let text = kind.text
        for word in ["anyOf", "oneOf", "allOf", "\"if\"", "\"not\""] { #expect(!text.contains(word), "\(word)") }
        let document = Self.document(kind)
        var blocks = [document]
        blocks += try #require(document["definitions"]?.objectValue).values
        for block in blocks {
            #expect(block["description"]?.stringValue?.isEmpty == false)
            #expect(block["additionalProperties"] == false && block["patternProperties"] == ["^x-": [:]])
            for (name, key) in try #require(block["properties"]?.objectValue) {
                #expect(key["description"]?.stringValue?.isEmpty == false, "\(name)")
                #expect(key["$ref"] != nil || key["type"] != nil, "\(name)")
            }
        }
    }

    /// Defaults and examples are of their keys' types.
    @Test(arguments: FileSchema.allCases) func annotationsFit(_ kind: FileSchema) throws {
        var pending = [Self.document(kind)]
        pending += try #require(pending[0]["definitions"]?.objectValue).values
        let definitions = pending[0]["definitions"] ?? [:]
        var count = 0
        for block in pending {
            for (name, key) in block["properties"]?.objectValue ?? [:] {
                let values = (key["default"].map { [$0] } ?? []) + (key["examples"]?.arrayValue ?? [])
                if values.isEmpty { continue }
                var own = key.objectValue ?? [:]
                own["definitions"] = definitions
                let validator = try SchemaValidator(.object(own))
                for value in values {
                    #expect(validator.validate(value).isEmpty, "\(name): \(value.text)")
                    count += 1
                }
            }
        }
        #expect(count > (kind == .settings ? 2 : 20))
    }

    // MARK: Another validator

    private static let hasJSONSchema = (try? Python.run("import jsonschema", []))?.code == 0

    /// Python's `jsonschema` gives the same verdict as our validator on the corpus and on every trial.
    @Test(.enabled(if: hasJSONSchema, "needs Python's jsonschema"))
    func pythonAgrees() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "imflow-schema-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var cases: [JSONValue] = []
        for (name, document) in Self.files.map({ ($0.name, $0.document) })
            + KeySamples.trials.map({ ("\($0.block.name).\($0.key.name)", $0.document) })
        {
            let fits = try Self.violations(document).isEmpty
            cases.append([.string(name), .string(document.kind.rawValue), document.value, .bool(fits)])
        }
        try Data(JSONValue.array(cases).text.utf8).write(to: folder.appending(path: "cases.json"))
        for kind in FileSchema.allCases {
            try Data(kind.text.utf8).write(to: folder.appending(path: "\(kind.rawValue).json"))
        }
        let program = """
            import json, pathlib, sys, warnings, jsonschema
            warnings.simplefilter("ignore")
            folder = pathlib.Path(sys.argv[1])
            validators = {}
            for kind in ("model", "job", "settings"):
                schema = json.loads((folder / f"{kind}.json").read_text())
                jsonschema.Draft7Validator.check_schema(schema)
                validators[kind] = jsonschema.Draft7Validator(schema)
            cases = json.loads((folder / "cases.json").read_text())
            bad = [f"{name} {json.dumps(value)[:200]}: ours {fits}" for name, kind, value, fits in cases
                   if validators[kind].is_valid(value) != fits]
            print(len(cases), *bad[:20], sep="\\n")
            sys.exit(bool(bad))
            """
        let (code, output) = try Python.run(program, [folder.path])
        #expect(code == 0 && output.hasPrefix("\(cases.count)\n"), "\(output)")
    }
}
