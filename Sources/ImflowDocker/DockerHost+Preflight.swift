package import ImflowContent
package import ImflowExecution
package import ImflowPlan

extension DockerHost {
    /// Whether the engine answers and has every image, before anything starts.
    /// - Throws: ``Failure``: `infra` when no engine can be used, `app` when an image is missing.
    package func preflight(_ models: [ModelPlan]) async throws(Failure) {
        for model in models {
            if let obstacle = obstacle(to: model) { throw Failure(.app, "model \(model.name): \(obstacle)") }
            try await containers.requireImage(of: model)
        }
    }

    package func origin(of model: ModelPlan) async throws(Failure) -> ModelOrigin {
        .image(id: try await containers.imageID(of: model))
    }
}

extension Containers {
    func requireImage(of model: ModelPlan) async throws(Failure) { _ = try await describeImage(of: model) }

    private func describeImage(of model: ModelPlan) async throws(Failure) -> EngineAnswer {
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
        return answer
    }

    /// The id of the image's configuration, which names the digests of all that is in it: a tag may move, it does not.
    func imageID(of model: ModelPlan) async throws(Failure) -> String {
        let answer = try await describeImage(of: model)
        guard let id = answer.json["Id"]?.stringValue, !id.isEmpty else {
            throw Failure(.infra, "the Docker engine does not say which image \(model.image ?? "") is")
        }
        return id
    }

    static func missing(_ image: String, model: String) -> Failure {
        Failure(
            .app,
            "image \(image) of model \(model) is not on the Docker engine: get it with `docker pull \(image)` or "
                + "`docker load`, then resume")
    }
}
