internal import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// Resolves what a model is called with, before any file is fetched.
struct CallInputs {
    let content: ContentStore

    /// One element per call, in order; nil when the stage's condition is false.
    func units(of work: CallWork) throws(Failure) -> [StagedUnit]? {
        let model = "model `\(work.model.name)`"
        switch work.input {
        case .whole(let context):
            guard let input = try Binder(content: content).bind(context, consumer: model) else { return nil }
            return [StagedUnit(input: input, unit: Unit(geometry: [:], set: [:]))]
        case .shard(let shared, let units, let followed):
            return try shard(shared, units, followed, model: model)
        case .reduce(let parts):
            let results = try PartialOutputs(
                parts, content: content, task: "the reduction by \(model)", keepingUnits: true
            ).results()
            let input: JSONObject = [
                "partials": .array(results.map(\.result)),
                "units": .array(results.map { .object($0.unit.geometry) }),
            ]
            return [StagedUnit(input: input, unit: Unit(geometry: [:], set: [:]))]
        }
    }

    private func shard(
        _ shared: Payload, _ units: Payload, _ followed: Payload?, model: String
    ) throws(Failure) -> [StagedUnit] {
        guard case .object(let members) = try WholeValue.read(shared, content: content, "the input of \(model)") else {
            throw Failure(.infra, "the input of \(model) (\(shared.hash)) is not an object")
        }
        var list = try PartialOutputs.units(units, content: content, owner: "the units of \(model)")
        if list.contains(where: { $0.listKey != nil }) { try complete(&list, by: followed, model: model) }
        return list.map { unit in
            StagedUnit(input: members.merging(unit.set) { _, own in own }, unit: unit)
        }
    }

    /// Gives units their elements of the list, as a split of the whole list would have: what follows cannot tell the difference.
    private func complete(_ units: inout [Unit], by followed: Payload?, model: String) throws(Failure) {
        let owner = "what the units of \(model) are made of"
        guard let followed else { throw Failure(.infra, "\(owner) is not there yet; this is a bug of imflow") }
        guard case .array(let elements) = try WholeValue.read(followed, content: content, owner), elements.count == units.count else {
            throw Failure(.infra, "\(owner) (\(followed.hash)) is not a list of \(units.count) elements")
        }
        for index in units.indices {
            guard let key = units[index].listKey else { continue }
            units[index].set[key] = .array([elements[index]])
            units[index].listKey = nil
        }
    }
}
