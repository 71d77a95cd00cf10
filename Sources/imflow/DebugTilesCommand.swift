import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowContent
import ImflowData
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Synchronization

/// Measures the cutting of tiles alone, by the code that cuts them for models.
struct DebugTilesCommand: AsyncParsableCommand {
    enum File: String, ExpressibleByArgument, CaseIterable { case auto, png, tiff }

    static let configuration = CommandConfiguration(
        commandName: "tiles", abstract: "Cut an image into tiles, and say what it took.",
        discussion: """
            The image is read where it lies, as if a job had fetched it already. Tiles are called tile-ROW-COLUMN. Prints JSON: \
            tiles, width, height, split_seconds (until the units are known), first_tile_seconds and seconds (all from the \
            split's beginning), and memory_bytes, which is the most that the process had.
            """)

    @Argument(help: ArgumentHelp("An image file.", valueName: "image"))
    var image: String
    @Option(help: "Width and height of a tile in px.")
    var size = 512
    @Option(help: "What neighbouring tiles share, in px.")
    var overlap = 0
    @Option(help: ArgumentHelp("Where the tiles go: an empty folder, made where it is not there.", valueName: "dir"))
    var into: String
    @Option(help: "What a tile is: auto, png or tiff.")
    var file = File.tiff
    @Option(help: "Tiles that are cut at once.")
    var threads = 2

    func validate() throws {
        guard (1...1_000_000).contains(size), (0..<size).contains(overlap), (1...1024).contains(threads) else {
            throw ValidationError("--size takes 1 to 1,000,000, --overlap less than that, --threads 1 to 1,024")
        }
    }

    func run() async throws {
        let folder = absolutePath(into)
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw CommandFailure(.usage, "cannot make \(folder): \(String(cString: strerror(errno)).lowercased())")
        }
        guard (try? FileManager.default.contentsOfDirectory(atPath: folder))?.isEmpty == true else {
            throw CommandFailure(.usage, "\(folder) is not an empty folder: name one that does not exist")
        }
        do {
            Console.print(try await measure(in: folder))
        } catch let failure as Failure {
            throw CommandFailure(failure.cause == .app ? .failed : .infrastructure, failure.message)
        } catch let error as ContentError {
            throw CommandFailure(.infrastructure, error.sentence)
        }
    }

    private func measure(in folder: String) async throws -> JSONValue {
        let store = folder + "/.content"
        let content = try ContentStore(folder: store)
        defer { try? FileManager.default.removeItem(atPath: store) }
        let source = try place(absolutePath(image), in: content)
        let clock = ContinuousClock()
        let start = clock.now
        let plan = SplitPlan(
            mode: .tile, tileWidth: size, tileHeight: size, tileOverlapX: overlap, tileOverlapY: overlap,
            tileFile: TileFile(rawValue: file.rawValue))
        let sources = TileSources(content: content)
        sources.hold("debug")
        let units = try TileSplitter.split(source: source, key: "image_url", plan: plan, content: content)
        try sources.begin(source)
        let split = clock.now
        let first = try await cut(units, from: sources, into: folder)
        let end = clock.now
        await sources.shutdown()
        let geometry = units.first?.geometry
        func seconds(_ from: ContinuousClock.Instant, _ to: ContinuousClock.Instant) -> JSONValue {
            .number((to - from) / .seconds(1))
        }
        return [
            "schema": "imflow.debug.tiles/v1", "tiles": .int(Int64(units.count)),
            "width": geometry?["image_width"] ?? .null, "height": geometry?["image_height"] ?? .null,
            "split_seconds": seconds(start, split),
            "first_tile_seconds": seconds(start, first), "seconds": seconds(start, end),
            "memory_bytes": .int(Self.peakBytes()),
        ]
    }

    /// Gives the image a name in the store, which goes with the store: no byte of it is read.
    private func place(_ path: String, in content: ContentStore) throws -> ContentReference {
        let name = path.split(separator: "/").last.map(String.init) ?? "image"
        let standIn = ContentHash(of: Array(path.utf8))
        let target = content.path(of: standIn)
        if let slash = target.lastIndex(of: "/"), mkdir(String(target[..<slash]), 0o700) == 0, link(path, target) == 0 {
            return ContentReference(hash: standIn, name: name)
        }
        // On another file system.
        return ContentReference(hash: try content.put(fileAt: path, moving: false).hash, name: name)
    }

    private final class Cutting: Sendable {
        let next = Atomic(0)
        let first = Mutex<ContinuousClock.Instant?>(nil)
    }

    /// - Returns: when the first tile was there.
    private func cut(
        _ units: [Unit], from sources: TileSources, into folder: String
    ) async throws -> ContinuousClock.Instant {
        let cutter = TileCutter(sources: sources)
        let cutting = Cutting()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<min(threads, units.count) {
                group.addTask(executorPreference: BlockingThreads.shared) {
                    while true {
                        let index = cutting.next.add(1, ordering: .relaxed).oldValue
                        guard index < units.count else { return }
                        let (row, column) = (units[index].geometry["row"], units[index].geometry["column"])
                        let name = "tile-\(row?.intValue ?? 0)-\(column?.intValue ?? 0)"
                        _ = try await cutter.cut(units[index], into: folder, named: name)
                        cutting.first.withLock { $0 = $0 ?? .now }
                    }
                }
            }
            try await group.waitForAll()
        }
        return cutting.first.withLock { $0 } ?? .now
    }

    private static func peakBytes() -> Int64 {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int64(usage.ru_maxrss) * 1024
    }
}
