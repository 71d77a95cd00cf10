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
        case .shard(let shared, let units): return try shard(shared, units, model: model)
        case .reduce(let parts):
            let outputs = try PartialOutputs(parts, content: content, task: "the reduction by \(model)")
            let input: JSONObject = [
                "partials": .array(outputs.results.map(\.result)),
                "units": .array(outputs.results.map { .object($0.unit.geometry) }),
            ]
            return [StagedUnit(input: input, unit: Unit(geometry: [:], set: [:]))]
        }
    }

    private func shard(_ shared: Payload, _ units: Payload, model: String) throws(Failure) -> [StagedUnit] {
        let value: JSONValue
        do throws(ContentError) {
            value = try content.value(of: shared)
        } catch {
            throw Failure(.infra, "the input of \(model) (\(shared.hash)) cannot be read: \(error.sentence)")
        }
        guard case .object(let members) = value else {
            throw Failure(.infra, "the input of \(model) (\(shared.hash)) is \(value.kindName), not an object")
        }
        return try PartialOutputs.units(units, content: content, owner: "the units of \(model)").map { unit in
            StagedUnit(input: members.merging(unit.set) { _, own in own }, unit: unit)
        }
    }
}
