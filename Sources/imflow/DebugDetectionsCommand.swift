import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowData
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// Measures the merge of boxes alone.
struct DebugDetectionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detections", abstract: "Merge the boxes of a file as merge_strategy: detections does.",
        discussion: """
            The file is an object: "units", a list of objects with the geometry of a tile ("unit") and what a model answered \
            for it ("result"), and "merge" with "iou", "metric", "nms" and "class_agnostic" as in a manifest. Prints JSON: \
            boxes, objects, read_seconds (from bytes to values), seconds (from values to the merged list), and peak_bytes, \
            the most memory that the process had.
            """)

    @Argument(help: ArgumentHelp("The units and what the model answered.", valueName: "file"))
    var file: String
    @Option(help: ArgumentHelp("Write the merged list here.", valueName: "file"))
    var result: String?

    func run() throws {
        let start = ContinuousClock.now
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw CommandFailure(.usage, "\(file) cannot be read")
        }
        let value: JSONValue
        do { value = try JSONValue.parse([UInt8](bytes)) } catch {
            throw CommandFailure(.usage, "\(file): \(error)")
        }
        let read = ContinuousClock.now
        var gathering = DetectionGathering()
        var boxes = 0
        let merged: JSONValue
        do throws(Failure) {
            for item in value["units"]?.arrayValue ?? [] {
                let unit = Unit(geometry: item["unit"]?.objectValue ?? [:], set: [:])
                let answer = item["result"] ?? .null
                boxes += answer.arrayValue?.count ?? 0
                try gathering.add(unit, answer)
            }
            merged = try gathering.merged(Self.plan(value["merge"]))
        } catch {
            throw CommandFailure(.failed, error.message)
        }
        let end = ContinuousClock.now
        if let result {
            let text = merged.text
            guard FileManager.default.createFile(atPath: result, contents: Data(text.utf8)) else {
                throw CommandFailure(.usage, "\(result) cannot be written")
            }
        }
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        Console.print([
            "schema": "imflow.debug.detections/v1", "boxes": .int(Int64(boxes)),
            "objects": .int(Int64(merged.arrayValue?.count ?? 0)), "read_seconds": .number((read - start) / .seconds(1)),
            "seconds": .number((end - read) / .seconds(1)), "peak_bytes": .int(Int64(usage.ru_maxrss) * 1024),
        ])
    }

    private static func plan(_ merge: JSONValue?) -> MergePlan {
        let defaults = MergePlan()
        return MergePlan(
            strategy: .detections, iou: merge?["iou"]?.doubleValue ?? defaults.iou,
            metric: merge?["metric"]?.stringValue.flatMap { MergePlan.Metric(rawValue: $0) } ?? defaults.metric,
            nms: merge?["nms"]?.doubleValue, classAgnostic: merge?["class_agnostic"]?.boolValue)
    }
}
