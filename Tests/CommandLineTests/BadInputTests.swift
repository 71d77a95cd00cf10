import Foundation
import ImflowJSON
import Testing

/// Whatever is wrong with the input ends in one clear message, the right exit code, and no crash.
@Suite("Bad input", .onThreads)
struct BadInputTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        try place.model("ok", "cat > /dev/null; echo 1\n")
    }

    private func expectFailure(_ ended: Ended, code: Int32, _ words: String..., line: Int = #line) {
        #expect(ended.code == code, "line \(line): exit \(ended.code)\n\(ended.output)\(ended.errors)")
        for word in words {
            #expect(
                (ended.output + ended.errors).contains(word),
                "line \(line): no '\(word)' in\n\(ended.output)\(ended.errors)")
        }
        #expect(!ended.errors.contains("Fatal error"), "line \(line): \(ended.errors)")
    }

    @Test("manifests that are none")
    func manifests() throws {
        try place.write("not.yaml", "a: [1, 2\nb: }")
        expectFailure(try place.imflow("check", "not.yaml"), code: 1, "not.yaml:")
        try place.write("empty.yaml", "")
        expectFailure(try place.imflow("check", "empty.yaml"), code: 1, "empty.yaml")
        try place.write("nul.yaml", "name: a\0b\n")
        expectFailure(try place.imflow("check", "nul.yaml"), code: 1, "nul.yaml:1:")
        try place.write("bomb.yaml", bomb)
        expectFailure(try place.imflow("check", "bomb.yaml"), code: 1, "bomb.yaml:")
        expectFailure(try place.imflow("check", "missing.yaml"), code: 2, "missing.yaml")
        try place.write("deep.yaml", String(repeating: "[", count: 100_000))
        expectFailure(try place.imflow("check", "deep.yaml"), code: 1, "deep.yaml:1:")
    }

    @Test("codes are explained, and unknown ones refused")
    func explain() throws {
        let page = try place.imflow("explain", "IMF0101")
        #expect(page.code == 0 && page.output.hasPrefix("# IMF0101 unknown-key (error)\n"))
        let json = try place.imflow("explain", "unknown-key", "--output", "json").json
        #expect(json["schema"] == "imflow.explain/v1" && json["code"] == "IMF0101")
        #expect(json["text"]?.stringValue.map { $0 + "\n" } == page.output)
        let list = try place.imflow("explain", "--output", "json").json
        #expect(try place.imflow("explain").output.split(separator: "\n").count == list["codes"]?.arrayValue?.count)
        expectFailure(try place.imflow("explain", "unknwon-key"), code: 2, "did you mean `unknown-key`?")
        expectFailure(try place.imflow("explain", "qqqqqqqqqqqq"), code: 2, "lists all codes")
    }

    private var bomb: String {
        var text = "x-0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
        for level in 1...9 {
            text +=
                "x-\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]\n"
        }
        return text
    }

    @Test("a file of 100 MB is refused by its size")
    func huge() throws {
        let path = place.path + "/huge.yaml"
        try Data().write(to: URL(filePath: path))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.truncate(atOffset: 100 * 1024 * 1024)
        try file.close()
        let ended = try place.imflow("check", "huge.yaml")
        #expect(ended.code == 1 || ended.code == 2)
        #expect((ended.output + ended.errors).contains("huge.yaml"))
    }

    @Test("jobs that are none")
    func jobs() throws {
        try place.write("not.json", "{\"input\": {,}}")
        expectFailure(try place.imflow("run", "not.json", "--model", "ok"), code: 1, "not.json:1:")
        try place.write("list.json", "[1]")
        expectFailure(try place.imflow("run", "list.json", "--model", "ok"), code: 1, "list.json:1:1")
        try FileManager.default.createDirectory(atPath: place.path + "/folder.json", withIntermediateDirectories: true)
        expectFailure(try place.imflow("run", "folder.json", "--model", "ok"), code: 2, "folder.json")
        expectFailure(try place.imflow("run", "gone.json", "--model", "ok"), code: 2, "gone.json")
        try place.write("job.json", #"{"input": {}}"#)
        expectFailure(try place.imflow("run", "job.json", "--model", "okk"), code: 1, "okk", "ok")
        expectFailure(try place.imflow("run"), code: 2)
    }

    @Test(
        "models that misbehave",
        arguments: [
            ("garbage", "echo '{not json'", "not json"),
            ("silent", "cat > /dev/null", "silent"),
            ("killed", "kill -9 $$", "signal"),
            ("exit", "echo why >&2; exit 42", "42"),
            ("flood", "head -c 1073741824 /dev/zero", "flood"),
        ])
    func models(name: String, script: String, word: String) throws {
        try place.model(name, script + "\n")
        try place.write("job.json", #"{"job_id": "\#(name)", "input": {}}"#)
        let ended = try place.imflow("run", "job.json", "--model", name)
        expectFailure(ended, code: 1, word, "imflow resume \(name)")
        #expect(place.processes(of: name).isEmpty)
    }

    @Test("a model that never answers runs into its time limit")
    func endless() throws {
        try place.model("endless", "tail -f /dev/null\n", keys: "timeout: 300ms\n")
        try place.write("job.json", #"{"job_id": "endless", "input": {}}"#)
        expectFailure(
            try place.imflow("run", "job.json", "--model", "endless"), code: 1, "timeout", "imflow resume endless")
        #expect(place.processes(of: "endless").isEmpty)
    }

    @Test("images that are none", arguments: ["truncated", "text", "empty", "missing", "no pixels", "2^40 pixels"])
    func images(kind: String) throws {
        try place.model("look", "echo 1\n", keys: "multi_node: {split_mode: tile, tile_size: 64}\n")
        let png = try #require(Data(base64Encoded: Self.onePixel))
        switch kind {
        case "truncated": try png.prefix(50).write(to: URL(filePath: place.path + "/image.png"))
        case "text": try place.write("image.png", "this is no image at all")
        case "empty": try place.write("image.png", "")
        case "no pixels", "2^40 pixels":
            // What the header says of width and height.
            let side: [UInt8] = kind == "no pixels" ? [0, 0, 0, 0] : [0x00, 0x10, 0x00, 0x00]
            var bytes = [UInt8](png)
            bytes.replaceSubrange(16..<24, with: side + side)
            try Data(bytes).write(to: URL(filePath: place.path + "/image.png"))
        default: break
        }
        try place.write("job.json", #"{"job_id": "image", "input": {"image_url": "image.png"}}"#)
        expectFailure(
            try place.imflow("run", "job.json", "--model", "look"), code: 1, "image.png", "imflow resume image")
    }

    /// A PNG of one pixel.
    private static let onePixel =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

    @Test("a state folder that is a file, cannot be written, or holds a damaged database")
    func stateFolders() throws {
        try place.write("job.json", #"{"job_id": "s", "input": {}}"#)
        try place.write("file", "")
        expectFailure(try place.imflow("run", "job.json", "--model", "ok", "--state", "file"), code: 3, "file")
        expectFailure(
            try place.imflow("run", "job.json", "--model", "ok", "--state", "/proc/imflow"), code: 3, "/proc/imflow")
        try place.write("damaged/imflow.db", String(repeating: "garbage", count: 4096))
        expectFailure(
            try place.imflow("run", "job.json", "--model", "ok", "--state", "damaged"), code: 3, "imflow.db", "--state")
        expectFailure(try place.imflow("job", "--state", "nowhere"), code: 2, "nowhere")
    }

    @Test("a full disk: the job is safe, and goes on once there is room")
    func fullDisk() throws {
        let mount = place.path + "/small"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        guard try place.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", mount]).code == 0 else {
            print("skipped: a small file system cannot be mounted here")
            return
        }
        defer { _ = try? place.run(["umount", "-l", mount]) }
        try place.model(
            "big", "head -c 200000 /dev/urandom > \"$IMFLOW_WORKDIR/f\"; echo \"[\\\"file://$IMFLOW_WORKDIR/f\\\"]\"\n",
            keys: "multi_node: {split_mode: batch}\n")
        let items = (0..<30).map(String.init).joined(separator: ",")
        try place.write("job.json", #"{"job_id": "big", "input": {"items": [\#(items)]}}"#)
        let run = try place.imflow("run", "job.json", "--model", "big", "--state", mount + "/state")
        #expect(run.code == 3 || run.code == 1, "\(run.errors)")
        #expect(run.errors.contains("imflow resume big"), "\(run.errors)")
        #expect(try place.run(["mount", "-o", "remount,size=200m", mount]).code == 0)
        let resumed = try place.imflow("resume", "big", "--state", mount + "/state", "--output", "json")
        #expect(resumed.code == 0, "\(resumed.errors)")
        #expect(try resumed.json["output"]?.arrayValue?.count == 30)
    }

    @Test("no Docker engine: said before anything starts")
    func noEngine() throws {
        try place.write(
            "models/boxed/model.yaml", "name: boxed\nimage: busybox\nprotocol: exec\nentrypoint: [\"true\"]\n")
        try place.write("job.json", #"{"job_id": "boxed", "input": {}}"#)
        let ended = try place.imflow(
            "run", "job.json", "--model", "boxed", environment: ["DOCKER_HOST": "unix://\(place.path)/none.sock"])
        expectFailure(ended, code: 3, "none.sock")
        #expect(try place.imflow("job", "--output", "json").json["jobs"] == [])
    }
}
