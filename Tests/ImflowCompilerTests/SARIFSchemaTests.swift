import Foundation
import ImflowCompiler
import ImflowDiagnostics
import Testing

/// The logs of the whole corpus against the format's own schema, where that and Python's `jsonschema` are at hand.
@Suite struct SARIFSchemaTests {
    private static let schema: URL = {
        let given = ProcessInfo.processInfo.environment["IMFLOW_TEST_DATA"].map { URL(filePath: $0) }
        let repository = Corpus.root.deletingLastPathComponent()
        let data = given ?? repository.deletingLastPathComponent().appending(path: "shared/data")
        return data.appending(path: "sarif-schema-2.1.0.json")
    }()

    private static let isThere =
        FileManager.default.fileExists(atPath: schema.path)
        && (try? Python.run("import jsonschema", []))?.code == 0

    @Test(.enabled(if: isThere, "needs sarif-schema-2.1.0.json in $IMFLOW_TEST_DATA and Python's jsonschema"))
    func everyLogIsValid() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "imflow-sarif-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var context = ReportContext()
        context.currentFolder = "/repo"
        context.root = "/repo"
        context.toolVersion = "1.2.3"
        context.page = { code in DiagnosticPage.of(code).map { ($0.summary, $0.text) } }
        let cases = Corpus.cases("err") + Corpus.cases("ok")
        for entry in cases {
            let text = DiagnosticRenderer(.sarif, context: context).render(entry.run().diagnostics)
            try Data(text.utf8).write(to: folder.appending(path: "\(entry.kind)-\(entry.name).sarif"))
        }
        let program = """
            import json, pathlib, sys, jsonschema
            schema = json.load(open(sys.argv[1]))
            validator = jsonschema.validators.validator_for(schema)(schema)
            files = sorted(pathlib.Path(sys.argv[2]).iterdir())
            bad = [f"{file.name}: {error.json_path}: {error.message[:200]}"
                   for file in files for error in validator.iter_errors(json.loads(file.read_text()))]
            print(len(files), *bad, sep="\\n")
            sys.exit(bool(bad))
            """
        let (code, output) = try Python.run(program, [Self.schema.path, folder.path])
        #expect(code == 0 && output.hasPrefix("\(cases.count)\n"), "\(output)")
    }
}
