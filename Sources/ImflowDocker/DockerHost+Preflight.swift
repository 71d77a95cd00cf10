package import ImflowContent
package import ImflowExecution
package import ImflowPlan

extension DockerHost {
    /// Whether the engine answers and has every image, or gets it, before anything starts.
    /// - Throws: ``Failure``: `infra` when no engine can be used, `app` when an image is missing.
    package func preflight(_ models: [ModelPlan]) async throws(Failure) {
        try await ways.explore(for: models)
        for model in models {
            if let obstacle = obstacle(to: model, nil) { throw Failure(.app, "model \(model.name): \(obstacle)") }
            try await images.secure(model)
        }
    }

    /// Why no model of its protocol can run on this engine, a sentence; nil: nothing is in the way.
    func obstacle(to model: ModelPlan, _ info: EngineInfo?) -> String? {
        ways.obstacle(to: model, info, over: containers.engine.address)
    }

    package func origin(of model: ModelPlan) async throws(Failure) -> ModelOrigin {
        .image(id: try await images.resolve(model).id)
    }

    /// The image that the name stands for now.
    package func fingerprint(of model: ModelPlan) async throws(Failure) -> String {
        "image " + (try await images.resolveAgain(model).id)
    }

    package func imageDigest(of model: ModelPlan) -> String? { images.known(model)?.digest }
}

extension Containers {
    static func missing(_ image: String, model: String) -> Failure {
        Failure(
            .app,
            "image \(image) of model \(model) is not on the Docker engine: get it with `docker pull \(image)` or "
                + "`docker load`, then resume")
    }
}
