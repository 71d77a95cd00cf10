import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowData
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// Stitches a folder of tiles, without a job.
struct DebugStitchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stitch", abstract: "Stitch a folder of tiles into one TIFF, and say how long it took.",
        discussion: """
            Tiles are the files `tile-ROW-COLUMN.EXT` of the folder, rows and columns counted from 0, as a split of an image of \
            --width and --height by --size and --overlap makes them; those that are missing are holes. Prints JSON: tiles \
            (those that were found), bytes and seconds.
            """)

    @Argument(help: "The folder of the tiles.")
    var folder: String
    @Option(help: ArgumentHelp("The TIFF to make; it must not exist yet.", valueName: "file"))
    var into: String
    @Option(help: ArgumentHelp("Width of the image that was split.", valueName: "px"))
    var width: Int
    @Option(help: ArgumentHelp("Height of the image that was split.", valueName: "px"))
    var height: Int
    @Option(help: ArgumentHelp("Side of the tiles.", valueName: "px"))
    var size = 512
    @Option(help: ArgumentHelp("What neighbours have in common.", valueName: "px"))
    var overlap = 0
    @Flag(help: "Mix tiles where they overlap.")
    var feather = false
    @Flag(help: "The tiles are label maps.")
    var labels = false

    func validate() throws {
        let sides = 1...10_000_000
        guard sides.contains(width), sides.contains(height), sides.contains(size), (0..<size).contains(overlap) else {
            throw ValidationError(
                "--width, --height and --size take 1 to 10,000,000 px, --overlap 0 to less than --size")
        }
    }

    func run() throws {
        let split = SplitPlan(
            mode: .tile, tileWidth: size, tileHeight: size, tileOverlapX: overlap, tileOverlapY: overlap)
        let plan = MergePlan(
            strategy: .tileStitch, blend: feather ? .feather : .hard, content: labels ? .labels : nil)
        let start = ContinuousClock.now
        let count: Int
        do {
            count = try TileStitcher.stitch(
                folder: folder, imageWidth: width, imageHeight: height, plan: plan, split: split, into: into)
        } catch {
            throw CommandFailure(error.cause == .infra ? .infrastructure : .failed, error.message)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let bytes = try FileManager.default.attributesOfItem(atPath: into)[.size] as? Int ?? 0
        Console.print([
            "schema": "imflow.debug.stitch/v1", "tiles": .int(Int64(count)), "bytes": .int(Int64(bytes)),
            "seconds": .number(seconds),
        ])
    }
}
