import Foundation
import ImflowJSON
import Testing

/// The documented examples, run with their real models. They need Debian packages that `Tools/test` installs.
@Suite("Examples", .onThreads, .serialized)
struct ExampleTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    private static let examples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Manifests/examples")

    /// Whether all programs are there; says which is not. Where tests must be whole, a missing one is a failure.
    private func has(_ programs: String...) throws -> Bool {
        for program in programs where try place.run(["sh", "-c", "command -v \(program)"]).code != 0 {
            #expect(ProcessInfo.processInfo.environment["CI"] == nil, "\(program) is missing")
            print("skipped: \(program) is missing; Tools/install test installs it")
            return false
        }
        return true
    }

    private func copy(_ example: String) throws {
        for item in try FileManager.default.contentsOfDirectory(atPath: Self.examples.appending(path: example).path) {
            let target = "\(place.path)/\(item)"
            try FileManager.default.copyItem(
                atPath: Self.examples.appending(path: "\(example)/\(item)").path, toPath: target)
        }
    }

    /// The same answer as `Tools/docker-engine` looks for.
    private func engineAnswers() throws -> Bool {
        let answers =
            try place.run(["curl", "-sf", "--unix-socket", "/var/run/docker.sock", "http://d/_ping"]).code == 0
        let image = try place.run(["docker", "image", "inspect", "imflow/ocr-words:1"]).code == 0
        let required = ProcessInfo.processInfo.environment["IMFLOW_REQUIRE_DOCKER"] != nil
        #expect(!required || (answers && image), "no Docker engine, or no image imflow/ocr-words:1 on it")
        if !(answers && image) { print("skipped: no Docker engine with the image imflow/ocr-words:1") }
        return answers && image
    }

    @Test("ocr-tiles: words of a real page, read tile by tile, each once; the same bytes as processes and in Docker")
    func ocrTiles() throws {
        guard try has("tesseract", "vips", "python3") else { return }
        try copy("ocr-tiles")
        #expect(try place.run(["./render-page", "--width", "5000", "--height", "1800", "page"]).code == 0)
        let run = try place.imflow(
            "run", "job.json", "--job-id", "process", "--executor", "process", "--result", "read.json", "--output",
            "json")
        #expect(run.code == 0, "\(run.errors)")
        #expect((try run.json["stages"]?.arrayValue?.first?["units"]?.intValue ?? 0) >= 4)
        let score = try place.run(["python3", "score.py", "page/truth.txt", "read.json"])
        #expect(score.code == 0, "\(score.output)\(score.errors)")

        guard try engineAnswers() else { return }
        let boxed = try place.imflow(
            "run", "job.json", "--job-id", "docker", "--executor", "docker", "--output", "json")
        #expect(boxed.code == 0, "\(boxed.errors)")
        #expect(try boxed.json["output_hash"] == run.json["output_hash"])
    }

    @Test("speech-chain: the seed graph on real speech")
    func speechChain() throws {
        guard try has("espeak-ng", "pocketsphinx_batch", "python3") else { return }
        try copy("speech-chain")
        #expect(try place.run(["./speak", "speech"]).code == 0)
        let run = try place.imflow("run", "job.json", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        let summary = try #require(try run.json["output"]?["summary"]?.stringValue)
        #expect(summary.contains("city library"))
    }

    @Test("stitch: a filter per tile equals the filter on the whole image, pixel for pixel")
    func stitch() throws {
        guard try has("vips", "python3") else { return }
        try copy("stitch")
        #expect(try place.run(["./make-image", "--width", "2300", "--height", "1500", "picture"]).code == 0)
        let run = try place.imflow("run", "job.json", "--result", "stitched.tif")
        #expect(run.code == 0, "\(run.errors)")
        let check = try place.run(["python3", "check.py", "picture/picture.png", "stitched.tif"])
        #expect(check.code == 0, "\(check.output)\(check.errors)")
    }

    @Test("beam-search: candidates, the best of them, and again, until the tour is the shortest there is")
    func beamSearch() throws {
        guard try has("python3") else { return }
        try copy("beam-search")
        #expect(try place.run(["./make-job", "--cities", "12", "small.job.json"]).code == 0)
        let run = try place.imflow(
            "run", "small.job.json", "--job-id", "beam", "--result", "tour.json", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        let check = try place.run(["python3", "check.py", "small.job.json", "tour.json"])
        #expect(check.code == 0, "\(check.output)\(check.errors)")
        let stages = try run.json["stages"]?.arrayValue ?? []
        let skipped = stages.filter { $0["status"] == "skipped" }.count
        #expect(stages.count == 41 && skipped > 0 && skipped < 40, "\(skipped) of \(stages.count)")
    }

    @Test("agent: a model that calls others in sequence and by priority, on one slot")
    func agent() throws {
        guard try has("python3", "curl") else { return }
        try copy("agent")
        let run = try place.imflow("run", "job.json", "--concurrency", "1", "--output", "json")
        #expect(run.code == 0, "\(run.errors)")
        #expect(try run.json["output"]?["words"] == 20)
        let job = try place.imflow("job", "--id", "@latest", "--output", "json").json
        #expect(job["children"]?.arrayValue?.count == 5)
    }
}
