package import ImflowExecution
package import ImflowInvocation
package import ImflowPlan

extension DockerHost {
    package var kind: String { "docker" }

    package func sharing(of model: ModelPlan) async throws(Failure) -> String? { try await containers.imageID(of: model) }

    package func adopt(_ launch: Launch, handle: String) async throws(Failure) -> any ModelInstance {
        let log = try log(of: launch, collectsOutput: false)
        guard let found = try await containers.inspect(handle), !found.hasEnded,
            found.labels[ContainerIdentity.Label.state] == identity.state,
            found.labels[ContainerIdentity.Label.token] == launch.token,
            let address = found.addresses[identity.networkName(job: launch.job)]
        else { throw Containers.vanished(launch.model.name) }
        return DockerInstance(
            host: self, container: found.id, launch: launch, baseURL: "http://\(address):\(launch.model.port)", log: log)
    }
}
