package import ImflowExecution
package import ImflowInvocation
import ImflowPlan

extension DockerHost {
    package func start(_ launch: Launch) async throws(Failure) -> any ModelInstance {
        if launch.model.callProtocol == .jsonl { return try await startLines(launch) }
        let log = try log(of: launch, collectsOutput: false)
        _ = try await images.resolve(launch.model)
        let network = try await networks.network(for: launch.job, outbound: launch.model.network == .outbound)
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

    /// A `jsonl` model needs no network: its requests come over the engine.
    private func startLines(_ launch: Launch) async throws(Failure) -> DockerInstance {
        let model = launch.model.name
        let log = try log(of: launch, collectsOutput: false)
        var fresh = launch
        fresh.recovered = false
        _ = try await images.resolve(launch.model)
        let isOutbound = launch.model.network == .outbound
        let network = isOutbound ? try await networks.network(for: launch.job, outbound: true) : nil
        let container = try await place(fresh, input: .whileRunning, network: network)
        do throws(Failure) {
            try await fill(container, for: launch)
            // Before it starts, so that nothing that it writes is missed.
            let line = try await containers.engine.openLine(container.id, purpose: "attaching to model \(model)")
            let lines = ContainerLines(line, model: model, limit: Launch.outputLimit)
            try await containers.start(container.id, model: model)
            guard let inspected = try await containers.inspect(container.id) else { throw Containers.vanished(model) }
            let hasInit = try await containers.engine.hasInit()
            lines.watch(InputFence(process: inspected.process, container: inspected.id, isInit: hasInit))
            return DockerInstance(
                host: self, container: container.id, launch: launch, baseURL: nil, log: log, lines: lines)
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
        let port = launch.model.port
        return DockerInstance(
            host: self, container: container, launch: launch, baseURL: "http://\(address):\(port)",
            forward: try await containers.engine.forward(host: address, port: port), log: log)
    }
}
