import Foundation
import Testing

@testable import ImflowJSON
@testable import ImflowSchema

/// The required draft-07 tests of the JSON Schema Test Suite.
@Suite struct SchemaSuiteTests {
    /// Groups that are expected to be refused, and why. `file.json` alone stands for all its groups.
    static let refused: [String: String] = [
        // Every group needs a document from http://localhost:1234: other documents are not fetched, by design.
        "refRemote.json": "other documents are not fetched"
    ]

    static let folder: String? = {
        let environment = ProcessInfo.processInfo.environment
        let root = URL(filePath: #filePath).appending(path: "../../../..").standardized.path()
        let candidates = [
            environment["IMFLOW_JSON_SCHEMA_SUITE"].map { $0 + "/tests/draft7" },
            root + "/shared/data/json-schema-draft7/tests/draft7",
            "/usr/share/json-schema-test-suite/tests/draft7",
        ]
        return candidates.compactMap(\.self).first { FileManager.default.fileExists(atPath: $0 + "/ref.json") }
    }()

    static var files: [String] {
        guard let folder, let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return [] }
        return names.filter { $0.hasSuffix(".json") }.sorted()
    }

    @Test func suiteIsThere() throws {
        if Self.folder == nil, ProcessInfo.processInfo.environment["CI"] == nil {
            print("skipped: no JSON Schema Test Suite; set IMFLOW_JSON_SCHEMA_SUITE or install json-schema-test-suite")
            return
        }
        #expect(Self.files.count >= 35)
    }

    @Test(arguments: files) func holds(file: String) throws {
        let path = try #require(Self.folder) + "/" + file
        let groups = try #require(try JSONValue.parse([UInt8](Data(contentsOf: URL(filePath: path)))).arrayValue)
        for group in groups {
            let name = try #require(group["description"]?.stringValue)
            let schema = try #require(group["schema"])
            if Self.refused[file] != nil {
                #expect(throws: SchemaProblem.self, "\(file): \(name)") { try SchemaValidator(schema) }
                continue
            }
            let validator: SchemaValidator
            do { validator = try SchemaValidator(schema) } catch {
                Issue.record("\(file): \(name): refused: \(error)")
                continue
            }
            for test in try #require(group["tests"]?.arrayValue) {
                let found = validator.validate(try #require(test["data"]))
                let what = test["description"]?.stringValue ?? ""
                #expect(found.isEmpty == test["valid"]?.boolValue, "\(file): \(name): \(what): \(found)")
            }
        }
    }
}
