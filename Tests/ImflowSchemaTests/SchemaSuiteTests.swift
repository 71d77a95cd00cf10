import Foundation
import Testing

@testable import ImflowJSON
@testable import ImflowSchema

/// The required draft-07 tests of the JSON Schema Test Suite, all of them.
@Suite struct SchemaSuiteTests {
    /// The suite's root.
    static let root: String? = {
        let given = ProcessInfo.processInfo.environment["IMFLOW_JSON_SCHEMA_SUITE"]
        let candidates = [given, "/usr/share/json-schema-test-suite"].compactMap(\.self)
        return candidates.first { FileManager.default.fileExists(atPath: $0 + "/tests/draft7/ref.json") }
    }()

    static let folder = root.map { $0 + "/tests/draft7" }

    /// The documents that the suite serves to those who fetch: they are offered, by the URI that it gives them.
    static let documents: [String: JSONValue] = {
        guard let folder = root.map({ $0 + "/remotes" }) else { return [:] }
        var documents: [String: JSONValue] = [:]
        let walker = FileManager.default.enumerator(atPath: folder)
        while let path = walker?.nextObject() as? String {
            guard path.hasSuffix(".json"), let data = try? Data(contentsOf: URL(filePath: folder + "/" + path)),
                let document = try? JSONValue.parse([UInt8](data))
            else { continue }
            documents["http://localhost:1234/" + path] = document
        }
        return documents
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
            if file == "refRemote.json" {
                // A manifest's author has nobody to offer documents.
                #expect(throws: SchemaProblem.self, "\(file): \(name)") { try SchemaValidator(schema) }
            }
            let validator: SchemaValidator
            do { validator = try SchemaValidator(schema, documents: Self.documents) } catch {
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
