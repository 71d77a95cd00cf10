import Foundation
import ImflowJSON
import Testing

/// Jobs whose tiles become one image again, and `imflow debug stitch`.
@Suite("Stitching", .onThreads)
struct StitchTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    /// Gives its tile back, but fails on unit 4 until there is a file `mended`.
    private func model(_ options: String) throws {
        try place.model(
            "echo",
            """
            request=$(cat)
            case "$request" in *'"index":4,'*) [ -e '\(place.path)/mended' ] || exit 7 ;; esac
            tile=$(printf %s "$request" | sed 's|.*"image_url":"file://\\([^"]*\\)".*|\\1|')
            cp "$tile" "$IMFLOW_WORKDIR/out.${tile##*.}"
            printf '"file://%s"' "$IMFLOW_WORKDIR/out.${tile##*.}"
            """,
            keys: """
                on_failure: partial
                min_success_ratio: 0.5
                input_schema: {type: object, properties: {image_url: {type: string, format: uri}}}
                multi_node: {split_mode: tile, tile_size: 16, merge_strategy: tile-stitch, \(options)}
                """)
        try place.write("job.json", #"{"model": "echo", "input": {"image_url": "./picture.tif"}}"#)
    }

    /// Uncompressed RGB, pixels in one strip.
    private func tiff(_ width: Int, _ height: Int, _ sample: (Int) -> Int) -> Data {
        func number(_ value: Int, _ size: Int) -> [UInt8] {
            (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let pixels = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: sample($0)) }
        let entries: [(Int, Int)] = [
            (256, width), (257, height), (258, 8), (259, 1), (262, 2), (273, 8), (277, 3), (278, height),
            (279, pixels.count),
        ]
        var bytes = Array("II*\0".utf8) + number(8 + pixels.count, 4) + pixels + number(entries.count, 2)
        for (tag, value) in entries { bytes += number(tag, 2) + number(4, 2) + number(1, 4) + number(value, 4) }
        return Data(bytes + number(0, 4))
    }

    private func bytes(_ name: String) -> Data {
        (try? Data(contentsOf: URL(filePath: place.path + "/" + name))) ?? Data()
    }

    @Test("a missing tile is transparent and reported with its place; resume fills it, and the bytes are those of a whole run")
    func missingTile() throws {
        try model("merge: {fill: transparent, format: png}")
        try tiff(40, 30) { $0 * 7 + $0 / 120 }.write(to: URL(filePath: place.path + "/picture.tif"))
        let partial = try place.imflow("run", "job.json", "--job-id", "torn", "--output", "json", "--result", "torn.png")
        #expect(partial.code == 4, "\(partial.errors)")
        let holes = try #require(try partial.json["holes"]?.arrayValue)
        let unit: JSONValue = [
            "index": 4, "x": 16, "y": 16, "width": 16, "height": 14, "row": 1, "column": 1, "image_width": 40,
            "image_height": 30,
        ]
        #expect(holes.count == 1 && holes.first?["units"] == [unit])
        let shown = try place.imflow("job", "--id", "torn", "--details")
        #expect((shown.output + shown.errors).contains("unit 4 (row 1, column 1: 16 × 14 px at 16, 16)"), "\(shown)")
        #expect(!bytes("torn.png").isEmpty)

        try place.write("mended", "")
        let resumed = try place.imflow("resume", "torn", "--output", "json", "--result", "mended.png")
        #expect(resumed.code == 0, "\(resumed.errors)")
        let whole = try place.imflow("run", "job.json", "--job-id", "whole", "--output", "json", "--result", "whole.png")
        #expect(whole.code == 0, "\(whole.errors)")
        #expect(bytes("mended.png") == bytes("whole.png") && bytes("whole.png") != bytes("torn.png"))
    }

    @Test("an output that is no image fails the job and names the unit")
    func noImage() throws {
        try model("merge: {blend: feather}")
        try place.write("mended", "")
        try tiff(40, 30) { $0 }.write(to: URL(filePath: place.path + "/picture.tif"))
        try place.write(
            "models/echo/run.sh",
            """
            #!/bin/sh
            case "$(cat)" in *'"index":2,'*) : >"$IMFLOW_WORKDIR/a" ;; *) echo text >"$IMFLOW_WORKDIR/a" ;; esac
            printf '"file://%s/a"' "$IMFLOW_WORKDIR"
            """, executable: true)
        let ended = try place.imflow("run", "job.json")
        #expect(ended.code == 1)
        #expect(ended.errors.contains("the output of unit 0 (a) is not an image"), "\(ended.errors)")
    }

    @Test("debug stitch lays a folder of tiles together")
    func debugStitch() throws {
        try FileManager.default.createDirectory(atPath: place.path + "/tiles", withIntermediateDirectories: true)
        for (row, column, width, height) in [(0, 0, 8, 8), (0, 1, 5, 8), (1, 0, 8, 2)] {
            try tiff(width, height) { _ in row * 2 + column + 1 }
                .write(to: URL(filePath: "\(place.path)/tiles/tile-\(row)-\(column).tif"))
        }
        try place.write("tiles/notes.txt", "left alone")
        let size = ["--width", "13", "--height", "10", "--size", "8"]
        let ended = try place.run([Workplace.binary, "debug", "stitch", "tiles", "--into", "all.tif"] + size)
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(try ended.json["tiles"] == 3 && ended.json["schema"] == "imflow.debug.stitch/v1")
        // The last row: 8 px of tile 1, 0, and 5 px of a hole.
        #expect(bytes("all.tif").suffix(39) == Data(Array(repeating: 3, count: 24) + Array(repeating: 0, count: 15)))
        let again = try place.run([Workplace.binary, "debug", "stitch", "tiles", "--into", "all.tif"] + size)
        #expect(again.code == 3 && again.errors.contains("exists already"))
        let small = try place.run(
            [Workplace.binary, "debug", "stitch", "tiles", "--into", "b.tif", "--width", "8", "--height", "8", "--size", "8"])
        #expect(small.code == 1 && small.errors.contains("tile-0-1.tif is none of the 1 × 1 tiles"))
        try place.write("tiles/tile-0-1.tif", "")
        let empty = try place.run([Workplace.binary, "debug", "stitch", "tiles", "--into", "c.tif"] + size)
        #expect(empty.code == 1 && empty.errors.contains("unit 1 (tile-0-1.tif) is empty"))
        #expect(!FileManager.default.fileExists(atPath: place.path + "/c.tif"))
    }
}
