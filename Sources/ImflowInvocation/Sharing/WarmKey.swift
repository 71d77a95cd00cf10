import ImflowContent
import ImflowJSON
import ImflowPlan

/// What instances must agree in to serve the same calls: the manifest's part that concerns them, what the model is made of
/// where it runs, and the values of its variables.
enum WarmKey {
    /// 32 hexadecimal digits.
    /// - Parameter content: ``ModelHost/sharing(of:)``.
    static func text(of model: ModelPlan, content: String) -> String {
        func words(_ words: [String]?) -> JSONValue { words.map { .array($0.map { .string($0) }) } ?? .null }
        let resources = model.resources
        let fields: JSONObject = [
            "name": .string(model.name), "version": model.version.map { .string($0) } ?? .null,
            "folder": .string(model.folder), "image": model.image.map { .string($0) } ?? .null,
            "command": words(model.command), "protocol": .string(model.callProtocol.rawValue),
            "port": .int(Int64(model.port)), "path": .string(model.path), "health": .string(model.health),
            "concurrency": .int(Int64(model.concurrency)),
            "hooks": .array([words(model.hooks.start), words(model.hooks.warmup), words(model.hooks.health)]),
            "resources": .string("\(resources)"), "content": .string(content),
            "environment": .object(environment(model)),
        ]
        return String(ContentHash(canonical: .object(fields)).hex.prefix(32))
    }

    private static func environment(_ model: ModelPlan) -> JSONObject {
        let values = ModelEnvironment.comparable(of: model) { .string(ContentHash(of: Array($0.utf8)).description) }
        return JSONObject(uniqueKeysWithValues: values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }
}
