import FoundationEssentials
import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowPlan

/// What instances of several engines must agree in to serve the same calls: the manifest, what the model is made of where it
/// runs, and the values of its variables.
enum WarmKey {
    private static let format = "imflow.warm/1"

    /// Hexadecimal digits.
    /// - Parameters:
    ///   - content: ``ModelHost/fingerprint(of:)``.
    ///   - places: ``ModelHost/sites``.
    ///   - hasAPI: it was told where it can submit jobs.
    static func text(
        of model: ModelPlan, content: String, places: Set<String>, hasAPI: Bool, _ handOver: HandOver
    ) throws(Failure) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let plan: Data
        do { plan = try encoder.encode(model) } catch {
            throw Failure(.infra, "model \(model.name) cannot be written down: \(error)")
        }
        let variables = ModelEnvironment.comparable(of: model) { .string(handOver.secretDigest($0).description) }
        let fields: JSONObject = [
            "format": .string(format), "plan": .string(ContentHash(of: Array(plan)).description),
            "content": .string(content), "places": .array(places.sorted().map { .string($0) }), "api": .bool(hasAPI),
            "environment": .object(JSONObject(uniqueKeysWithValues: variables.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })),
        ]
        return ContentHash(canonical: .object(fields)).hex
    }
}
