import Foundation
import ImflowJSON
import Testing

/// A name that stands for another image when a job is resumed.
@Suite("A moved image", .onThreads)
struct ImageChangeTests {
    private let place: Workplace
    private let image = "imflow-test/moving:" + UUID().uuidString.lowercased()

    init() throws { place = try Workplace() }

    private func canRun() throws -> Bool {
        let required = ProcessInfo.processInfo.environment["IMFLOW_REQUIRE_DOCKER"] != nil
        let has = try place.run(["docker", "image", "inspect", "imflow-test/busybox:1", "imflow-test/python:3.11"]).code == 0
        #expect(has || !required, "the images of the tests are not there: Tools/images makes them")
        if !has { print("skipped: no Docker engine with the images of the tests") }
        return has
    }

    @Test("a resume says that the image is another one, once, and the receipts say which made what")
    func moved() throws {
        guard try canRun() else { return }
        defer { _ = try? place.run(["docker", "rmi", image]) }
        try place.run(["docker", "tag", "imflow-test/busybox:1", image])
        try place.write(
            "models/half/model.yaml",
            """
            name: half
            image: \(image)
            protocol: exec
            entrypoint:
              - sh
              - -c
              - |
                request=$(cat)
                case $FAIL$request in yes*'"items":[1'*) exit 3 ;; esac
                echo 7
            env: {FAIL: "${FAIL}"}
            multi_node: {split_mode: batch, split_key: items, batch_size: 1}
            """)
        let half = try place.imflow(
            "run", "--model", "half", "--job-id", "half", "--shard-count", "3", "--concurrency", "1", "--input",
            "items=[0,1,11]", environment: ["FAIL": "yes"])
        #expect(half.code == 1, "\(half.errors)")
        #expect(!half.errors.contains("were made by"))
        try place.run(["docker", "tag", "imflow-test/python:3.11", image])
        let rest = try place.imflow("resume", "half", environment: ["FAIL": "no"])
        #expect(rest.code == 0, "\(rest.errors)")
        let told = rest.errors.split(separator: "\n").filter { $0.contains("image \(image) is ") }
        #expect(told.count == 1 && told[0].contains("were made by"), "\(rest.errors)")
        let receipts = try place.imflow("job", "--id", "half", "--details", "--output", "json").json["receipts"]?.arrayValue ?? []
        let made = receipts.filter { $0["status"] == "succeeded" }.compactMap { $0["image_digest"]?.stringValue }
        #expect(made.count == 3 && Set(made).count == 2, "\(receipts)")
        // Nothing is said where nothing has changed.
        #expect(try !place.imflow("resume", "half").errors.contains("were made by"))
    }
}
