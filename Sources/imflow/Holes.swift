import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowJSON

/// What a partial result lacks: the shards that failed for good, with the geometry of their units.
struct Holes {
    /// Units listed at most, over all shards.
    private static let unitLimit = 10_000

    struct Hole {
        var stage: String
        var shard: Int
        var task: String
        var unitCount: Int
        /// Less than all when there are very many.
        var units: [JSONValue]
        var reason: String

        /// Where the tiles lie, in px of the image that was split; empty where units are none, or not all are listed.
        var tiles: String {
            guard units.count == unitCount, let first = units.first, let last = units.last, let start = Self.place(first),
                let end = Self.place(last)
            else { return "" }
            guard units.count == 1 else { return " (\(start) to \(end))" }
            let (x, y, width, height) = (first["x"], first["y"], first["width"], first["height"])
            guard let x = x?.intValue, let y = y?.intValue, let width = width?.intValue, let height = height?.intValue
            else { return " (\(start))" }
            return " (\(start): \(width) × \(height) px at \(x), \(y))"
        }

        private static func place(_ unit: JSONValue) -> String? {
            guard let row = unit["row"]?.intValue, let column = unit["column"]?.intValue else { return nil }
            return "row \(row), column \(column)"
        }
    }

    let list: [Hole]

    init(_ machine: JobMachine, content: ContentStore) throws {
        var list: [Hole] = []
        var left = Self.unitLimit
        for hole in machine.stages.indices.flatMap({ machine.holes(ofStage: $0) }) {
            let units = try content.value(of: hole.units).arrayValue ?? []
            let geometry = units.prefix(left).compactMap { Unit($0).map { JSONValue.object($0.geometry) } }
            left -= geometry.count
            list.append(
                Hole(
                    stage: machine.plan.stages[hole.stage].name, shard: hole.shardIndex,
                    task: machine.subJobID(of: hole.task), unitCount: hole.unitRange.count, units: geometry,
                    reason: hole.failure.message))
        }
        self.list = list
    }

    var json: JSONValue {
        .array(
            list.map { hole in
                [
                    "stage": .string(hole.stage), "shard_index": .int(Int64(hole.shard)), "job_id": .string(hole.task),
                    "unit_count": .int(Int64(hole.unitCount)), "units": .array(hole.units),
                    "message": .string(hole.reason),
                ]
            })
    }

    var text: [String] {
        list.map { hole in
            let first = hole.units.first?["index"]?.intValue ?? 0
            let units = hole.unitCount == 1 ? "unit \(first)" : "units \(first) to \(first + hole.unitCount - 1)"
            return "hole       \(hole.task): \(units)\(hole.tiles): \(hole.reason)"
        }
    }
}
