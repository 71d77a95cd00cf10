internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// What one unit came to.
struct UnitResult {
    var unit: Unit
    var result: JSONValue

    /// “unit 7”.
    var name: String { "unit \(unit.index)" }
}

/// The unit results of a stage in unit order, holes left out: however the units were bundled into shards, and
/// in whatever order those finished.
struct PartialOutputs {
    var results: [UnitResult] = []
    /// The units of shards that did not succeed.
    var holes: [Unit] = []

    /// Reads every part; `task` is what messages call the reader.
    init(_ parts: [MergePart], content: ContentStore, task: String) throws(Failure) {
        for part in parts {
            if Task.isCancelled { throw Failure(.cancelled, "the merge was cancelled") }
            let shard = "shard \(part.shardIndex)"
            let units = try Self.units(part.units, content: content, owner: "\(task): the units of \(shard)")
            guard let output = part.output else {
                holes += units
                continue
            }
            let items = try Self.list(output, content: content, owner: "\(task): the output of \(shard)")
            guard items.count == units.count else {
                throw Failure(.infra, "\(task): \(shard) has \(units.count) units, but \(items.count) results")
            }
            results += zip(units, items).map { UnitResult(unit: $0, result: $1) }
        }
        let indexes = results.map(\.unit.index)
        if zip(indexes, indexes.dropFirst()).contains(where: { $0 >= $1 }) {
            results.sort { $0.unit.index < $1.unit.index }
        }
    }

    init(_ results: [UnitResult]) { self.results = results }

    /// A payload's list of units.
    static func units(_ payload: Payload, content: ContentStore, owner: String) throws(Failure) -> [Unit] {
        let items = try list(payload, content: content, owner: owner)
        var units: [Unit] = []
        units.reserveCapacity(items.count)
        for item in items {
            guard let unit = Unit(item) else {
                throw Failure(.infra, "\(owner) (\(payload.hash)) hold \(item.kindName) where a unit is expected")
            }
            units.append(unit)
        }
        return units
    }

    private static func list(_ payload: Payload, content: ContentStore, owner: String) throws(Failure) -> [JSONValue] {
        let value: JSONValue
        do throws(ContentError) {
            value = try content.value(of: payload)
        } catch {
            throw Failure(.infra, "\(owner) (\(payload.hash)) cannot be read: \(error.sentence)")
        }
        guard case .array(let items) = value else {
            throw Failure(.infra, "\(owner) (\(payload.hash)) is \(value.kindName), not a list")
        }
        return items
    }
}
