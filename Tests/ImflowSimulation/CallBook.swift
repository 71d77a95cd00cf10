import ImflowExecution
import ImflowJSON

/// The keys of all calls that a result may be shared by: the same call must always have the same key, and no other call that
/// key.
struct CallBook {
    /// By the value that the call makes, which tells all that it works on.
    private var keys: [ContentHash: ContentHash] = [:]
    private var values: [ContentHash: ContentHash] = [:]

    mutating func note(_ order: WorkOrder, _ value: Payload) throws(Violation) {
        guard order.cache == true, case .call(let work) = order.work else { return }
        let key = Self.key(of: order, work).hash
        if let known = keys.updateValue(key, forKey: value.hash), known != key {
            throw Violation("\(order.job) \(order.task)/\(order.attempt): the same call had another cache key before")
        }
        if let known = values.updateValue(value.hash, forKey: key), known != value.hash {
            throw Violation("\(order.job) \(order.task)/\(order.attempt): another call has the same cache key")
        }
    }

    private static func key(of order: WorkOrder, _ work: CallWork) -> CacheKey {
        let digest: (JSONValue) -> ContentHash = {
            SimulatedValue.hash(String(decoding: $0.canonicalBytes(), as: UTF8.self))
        }
        var unit = Unit(geometry: [:], set: [:])
        let input: JSONObject
        switch work.input {
        case .whole(let context): input = ["context": .string(SimulatedValue.bound(context))]
        case .shard(let shared, let units, let followed):
            input = ["shared": .string(shared.short), "followed": .string(followed?.short ?? "")]
            unit.geometry = ["index": .string(units.short)]
        case .reduce(let parts):
            let texts = parts.map { "\($0.shardIndex):\($0.units.short):\($0.output?.short ?? "")" }
            input = ["parts": .array(texts.map { .string($0) })]
        }
        let call = StagedCall(
            units: [StagedUnit(input: input, unit: unit)], inputHash: digest(.object(input)))
        return CacheKey(
            of: order, work: work, call: call, environment: [:],
            content: ["folder": SimulatedValue.hash(work.model.name)], digest: digest)
    }
}
