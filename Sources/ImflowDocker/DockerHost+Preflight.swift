package import ImflowExecution
package import ImflowPlan

extension DockerHost {
    /// Whether the engine answers and has every image, before anything starts.
    /// - Throws: ``Failure``: `infra` when no engine can be used, `app` when an image is missing.
    package func preflight(_ models: [ModelPlan]) async throws(Failure) {
        for model in models { try await containers.requireImage(of: model) }
    }
}

extension Containers {
    func requireImage(of model: ModelPlan) async throws(Failure) {
        guard let image = model.image else {
            throw Failure(.app, "model \(model.name) has no image: give it one, or choose --executor process")
        }
        let path = "/images/\(EngineClient.escaped(image))/json"
        let answer = try await engine.call("GET", path, purpose: "looking for image \(image)")
        if answer.status == 404 { throw Self.missing(image, model: model.name) }
        guard answer.isSuccess else {
            let cause: Cause = (400..<500).contains(answer.status) ? .app : .infra
            throw Failure(cause, "the Docker engine does not describe image \(image): \(answer.message)")
        }
    }

    static func missing(_ image: String, model: String) -> Failure {
        Failure(
            .app,
            "image \(image) of model \(model) is not on the Docker engine: get it with `docker pull \(image)` or "
                + "`docker load`, then resume")
    }
}
