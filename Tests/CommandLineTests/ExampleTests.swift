import Foundation
import ImflowJSON
import Testing

/// `Manifests/examples`, run as their READMEs say, with their real models.
@Suite("Examples", .serialized)
struct ExampleTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    /// `Manifests/examples` of this checkout.
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Manifests/examples").standardized.path

    private func example(_ path: String) -> String { "\(Self.folder)/\(path)" }

    /// Runs a program of an example, which is to end well.
    private func program(_ path: String, _ arguments: String...) throws {
        let ended = try place.run([example(path)] + arguments)
        #expect(ended.code == 0, "\(path): \(ended.output)\(ended.errors)")
    }

    /// Runs a job of an example to its end and answers its output hash.
    private func run(_ job: String, input: String, executor: String = "process", result: String) throws -> String? {
        let ended = try place.imflow(
            "run", example(job), "--input", input, "--executor", executor, "--result", result, "--job-id", result)
        #expect(ended.code == 0, "\(ended.errors)")
        return try place.imflow("job", "--id", result, "--output", "json").json["output_hash"]?.stringValue
    }

    @Test("every example passes its check")
    func check() throws {
        let ended = try place.imflow("check", Self.folder, "--fail-on", "note")
        #expect(ended.code == 0, "\(ended.output)\(ended.errors)")
    }

    @Test("ocr-tiles reads the page, no word is lost or doubled where tiles meet, and containers read the same bytes")
    func pages() throws {
        // Two columns and three rows of tiles.
        try program("ocr-tiles/render-page", "--width", "5200", "--height", "2400", "page")
        let page = "image_url=\(place.path)/page/page.png"
        let asProcesses = try run("ocr-tiles/job.json", input: page, result: "read")
        try program("ocr-tiles/score.py", "page/truth.txt", "read")
        let stages = try place.imflow("job", "--id", "read", "--output", "json").json["stages"]?.arrayValue
        #expect(stages?.first?["units"] == 6)

        try program("ocr-tiles/image.sh")
        let inContainers = try run("ocr-tiles/job.json", input: page, executor: "docker", result: "contained")
        #expect(asProcesses != nil && asProcesses == inContainers)
        #expect(try place.imflow("verify", "read").code == 0)
    }

    @Test("score.py refuses a lost word and a doubled one")
    func scoreFails() throws {
        let truth = (0..<20).map { "word\($0)" }
        try place.write("truth.txt", truth.joined(separator: " "))
        for (name, words) in [("lost", Array(truth.dropLast())), ("doubled", truth + ["word19"])] {
            try place.write(name, #"{"text": "\#(words.joined(separator: " "))"}"#)
            #expect(try place.run([example("ocr-tiles/score.py"), "truth.txt", name]).code == 1)
        }
    }

    @Test("speech-chain hears what was said, cleans it up and sums it up")
    func speech() throws {
        try program("speech-chain/speak", "speech")
        let recording = "audio_url=\(place.path)/speech/speech.wav"
        _ = try run("speech-chain/job.json", input: recording, result: "summary")
        #expect(place.read("summary").contains("city council"))

        let heard = try place.imflow(
            "run", "--model", "asr-v1", "--models", example("speech-chain/models"), "--input", recording, "--result", "heard")
        #expect(heard.code == 0, "\(heard.errors)")
        try program("speech-chain/score.py", "speech/truth.txt", "heard")
    }

    @Test("stitch gives the filter of the whole image, pixel for pixel")
    func stitch() throws {
        // Three columns and two rows of tiles.
        try program("stitch/make-image", "--width", "2100", "--height", "1100", "picture")
        _ = try run("stitch/job.json", input: "image_url=\(place.path)/picture/picture.png", result: "stitched.tif")
        try program("stitch/check.py", "picture/picture.png", "stitched.tif")
    }
}
