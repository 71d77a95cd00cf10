package import ImflowExecution
package import ImflowInvocation
import ImflowPlan

extension DockerHost {
    package func run(_ launch: Launch, input: [UInt8]) async throws(Failure) -> Exit {
        let begin = ContinuousClock.now
        let log = try log(of: launch, collectsOutput: true)
        // Here a cancellation ends it, as it does not once the container is being made.
        if !launch.recovered { _ = try await images.resolve(launch.model) }
        let isOutbound = launch.model.network == .outbound
        let network = isOutbound ? try await networks.network(for: launch.job, outbound: true) : nil
        let container = try await place(launch, input: ContainerInput(of: input), network: network)
        let result = await carryOut(launch, input: input, in: container, log: log, since: begin)
        if case .success = result, !Task.isCancelled {
            await removeBehind(container.id)
        } else {
            await remove(container.id)
        }
        return try result.get()
    }

    private func carryOut(
        _ launch: Launch, input: [UInt8], in container: PlacedContainer, log: ContainerLog,
        since begin: ContinuousClock.Instant
    ) async -> Result<Exit, Failure> {
        do throws(Failure) {
            try await fill(container, for: launch)
            let visit = ContainerVisit(
                containers: containers, container: container, model: launch.model.name, input: input,
                log: log)
            var exit = try await visit.result().get()
            // What was adopted had started before.
            if !container.isAdopted { exit.startup = visit.started.instant.map { $0 - begin } }
            if let wanted = launch.wanted { try await bring(wanted, of: launch, from: container.id, exit) }
            return .success(exit)
        } catch {
            return .failure(error)
        }
    }
}
