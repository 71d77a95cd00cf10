import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowContent
import ImflowData
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// Measures one merge alone, in this process, over outputs that are made for it.
struct DebugMergesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merges", abstract: "Merge partial outputs that are made for it, and say what that took.",
        discussion: """
            The outputs are made first, one unit a shard. Prints JSON: strategy, outputs, input_bytes, result_bytes, seconds and \
            peak_memory_bytes, which is the most that the process had while it merged, what holds the small outputs included.
            """)

    @Argument(help: "The merge strategy: any but tile-stitch.")
    var strategy: String
    @Option(help: "Partial outputs.")
    var outputs = 100_000
    @Option(help: "Bytes of one output, about.")
    var bytes = 100
    @Option(help: "Where the outputs and the result are kept: a folder that is made, and must not be there yet.")
    var folder: String

    func validate() throws {
        guard (0...10_000_000).contains(outputs), (1...1 << 40).contains(bytes) else {
            throw ValidationError("--outputs takes 0 to 10,000,000, --bytes 1 to 1 TiB")
        }
        guard let strategy = MergeStrategy(rawValue: strategy), strategy != .tileStitch else {
            throw ValidationError("\(strategy) is no merge strategy that is measured here")
        }
    }

    func run() throws {
        let path = absolutePath(folder)
        guard !FileManager.default.fileExists(atPath: path), let strategy = MergeStrategy(rawValue: strategy) else {
            throw CommandFailure(.usage, "\(path) is there already: name a folder that is not")
        }
        let content = try ContentStore(folder: path)
        var parts: [MergePart] = []
        for index in 0..<outputs {
            let unit = MadeUnit(index: index, of: outputs)
            let writer = ContentWriter(content: content)
            try unit.write(strategy, bytes: bytes, to: writer)
            parts.append(
                MergePart(shardIndex: index, units: try content.payload([unit.json]), output: try writer.finish()))
        }
        // The peak so far is what making them took.
        try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        let start = ContinuousClock.now
        let merged = try Merger(content: content).merge(
            MergeWork(merge: MergePlan(strategy: strategy, k: 100), split: MadeUnit.split, parts: parts),
            consumer: "the merge")
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        Console.print([
            "schema": "imflow.debug.merges/v1", "strategy": .string(strategy.rawValue), "outputs": .int(Int64(outputs)),
            "input_bytes": .int(Int64(parts.reduce(0) { $0 + ($1.output?.size ?? 0) })),
            "result_bytes": .int(Int64(merged.size)), "seconds": .number(seconds),
            "peak_memory_bytes": .int(Int64(Self.peakMemory())),
        ])
    }

    private static func peakMemory() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0) * 1024
    }
}

/// A unit of a made stage: a tile of 64 px in rows of 100, a window over words.
private struct MadeUnit {
    static let split = SplitPlan(mode: .sequence, sequenceLength: 16, sequenceOverlap: 4)
    private static let row = 100
    private static let side = 64

    var index: Int
    var count: Int

    init(index: Int, of count: Int) { (self.index, self.count) = (index, count) }

    var json: JSONValue {
        let number = { (value: Int) in JSONValue.int(Int64(value)) }
        let rows = (count + Self.row - 1) / Self.row
        return Unit(
            geometry: [
                "index": number(index), "x": number(index % Self.row * Self.side),
                "y": number(index / Self.row * Self.side), "width": number(Self.side), "height": number(Self.side),
                "row": number(index / Self.row), "column": number(index % Self.row),
                "image_width": number(Self.row * Self.side), "image_height": number(rows * Self.side),
            ], set: [:]
        ).json
    }

    /// The list of the unit's one result, about so many bytes long.
    func write(_ strategy: MergeStrategy, bytes: Int, to writer: ContentWriter) throws {
        try writer.write("[")
        switch strategy {
        case .concatText:
            try writer.write("\"")
            for word in 0..<max(bytes / 8, 1) { try writer.write("\(word > 0 ? " " : "")w\(index * 7 % 97)\(word)") }
            try writer.write("\"")
        case .vote: try writer.write("\"label \(index % 97)\(String(repeating: "x", count: max(bytes - 10, 0)))\"")
        case .mean, .sum, .max, .min:
            try list(max(bytes / 18, 1), to: writer) { JSONValue.numberText(Double(index * 31 + $0) / 7) }
        case .topK, .detections:
            try list(max(bytes / 64, 1), to: writer) { item in
                let place = (index * 131 + item * 7919) % 40
                return "{\"box\":[\(place),\(place),\(place + 20),\(place + 20)],\"class\":\"c\",\"score\":0.\(place + 100)}"
            }
        case .jsonMerge:
            try writer.write("{\"pages\":{\"page-\(index)\":")
            try list(max(bytes / 10, 1), to: writer) { "\(1_000_000 + $0)" }
            try writer.write("}}")
        default: try list(max(bytes / 10, 1), to: writer) { "\(1_000_000_000 + (index + $0) % 1_000_000_000)" }
        }
        try writer.write("]")
    }

    private func list(_ count: Int, to writer: ContentWriter, _ item: (Int) -> String) throws {
        try writer.write("[")
        for number in 0..<count { try writer.write((number > 0 ? "," : "") + item(number)) }
        try writer.write("]")
    }
}
