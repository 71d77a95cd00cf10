package import ImflowExecution
package import ImflowInvocation
import ImflowPlan

extension DockerHost {
    package func start(_ launch: Launch) async throws(Failure) -> any ModelInstance {
        guard launch.model.callProtocol != .jsonl else {
            throw Failure(
                .app,
                "model \(launch.model.name) speaks jsonl, which is not supported in a container yet: "
                    + "use protocol rest or exec, or choose --executor process")
        }
        let log = try log(of: launch, collectsOutput: false)
        let network = try await networks.network(for: launch.job)
        var fresh = launch
        fresh.recovered = false
        let container = try await place(fresh, input: .none, network: network)
        do {
            try await fill(container, for: launch)
            return try await instance(of: launch, container: container.id, network: network, log: log)
        } catch {
            await remove(container.id)
            throw error
        }
    }

    private func instance(
        of launch: Launch, container: String, network: String, log: ContainerLog
    ) async throws(Failure) -> DockerInstance {
        let model = launch.model.name
        try await containers.start(container, model: model)
        guard let inspected = try await containers.inspect(container) else { throw Containers.vanished(model) }
        // What has ended already is told by the instance, with its log.
        guard let address = inspected.addresses[network] else {
            return DockerInstance(host: self, container: container, launch: launch, baseURL: nil, log: log)
        }
        return DockerInstance(
            host: self, container: container, launch: launch, baseURL: "http://\(address):\(launch.model.port)",
            log: log)
    }
}
