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
    }

    let list: [Hole]

    init(_ machine: JobMachine, content: ContentStore) throws {
        var list: [Hole] = []
        var left = Self.unitLimit
        for (index, stage) in machine.stages.enumerated() where stage.shardsFailed > 0 {
            for task in stage.shards where machine.tasks[task].status == .failed {
                guard case .shard(let shard) = machine.tasks[task].kind, let payload = machine.tasks[task].units else {
                    continue
                }
                let units = try content.value(of: payload).arrayValue ?? []
                let geometry = units.prefix(left).compactMap { Unit($0).map { JSONValue.object($0.geometry) } }
                left -= geometry.count
                list.append(
                    Hole(
                        stage: machine.plan.stages[index].name, shard: shard, task: machine.subJobID(of: task),
                        unitCount: units.count, units: geometry, reason: machine.tasks[task].failure?.message ?? ""))
            }
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
            return "hole       \(hole.task): \(units): \(hole.reason)"
        }
    }
}
