import Foundation
import ImflowJSON
import Testing

/// Results that are too large to stand in a job's own text.
@Suite("Large results", .onThreads)
struct LargeResultTests {
    private let place: Workplace
    /// What the model says of each line.
    private static let said = "a \"b\" \\ \u{1} é\n\t" + String(repeating: "x", count: 9000)
    private static let units = 12

    init() throws { place = try Workplace() }

    private func model(_ strategy: String, answer: JSONValue) throws {
        try place.write("answer.json", answer.text)
        try place.model(
            "says", "cat '\(place.path)/answer.json'\n",
            keys: "multi_node:\n  split_mode: lines\n  merge_strategy: \(strategy)\n")
        let text = Array(repeating: "line", count: Self.units).joined(separator: "\n")
        try place.write(
            "job.json",
            JSONValue.object([
                "job_id": "large", "input": ["text": .string(text)],
                "job_graph": ["stages": [["model": "says"]]],
            ]).text)
    }

    @Test("a text is printed as a text, and written as JSON")
    func text() throws {
        try model("concat-text", answer: .string(Self.said))
        let ended = try place.imflow("run", "job.json", "--result", "result.json")
        #expect(ended.code == 0, "\(ended.errors)")
        let whole = Array(repeating: Self.said, count: Self.units).joined(separator: "\n")
        #expect(try JSONValue.parse(place.read("result.json")) == .string(whole))
        try FileManager.default.removeItem(atPath: place.state)
        #expect(try place.imflow("run", "job.json").output == whole + "\n")
        #expect(try place.imflow("verify", "large").code == 0)
    }

    @Test("a list goes from stage to stage and into a file, and damage to it is found")
    func list() throws {
        try model("concat-json", answer: [.string(Self.said)])
        let ended = try place.imflow("run", "job.json", "--result", "result.json")
        #expect(ended.code == 0, "\(ended.errors)")
        let whole = JSONValue.array(Array(repeating: .string(Self.said), count: Self.units))
        #expect(try JSONValue.parse(place.read("result.json")) == whole)
        let job = try place.imflow("job", "--id", "large", "--output", "json").json
        #expect(job["output"] == nil)
        let path = try #require(job["output_path"]?.stringValue)
        #expect(try JSONValue.parse(try String(contentsOfFile: path, encoding: .utf8)) == whole)
        #expect(try place.imflow("verify", "large").code == 0)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        try Data("[]".utf8).write(to: URL(filePath: path))
        let verified = try place.imflow("verify", "large")
        #expect(verified.code != 0)
        #expect((verified.output + verified.errors).contains("damaged"))
    }
}
