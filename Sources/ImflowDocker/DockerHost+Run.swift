package import ImflowExecution
package import ImflowInvocation
import ImflowPlan

extension DockerHost {
    package func run(_ launch: Launch, input: [UInt8]) async throws(Failure) -> Exit {
        let log = try log(of: launch, collectsOutput: true)
        let network = launch.model.network == .outbound ? try await networks.network(for: launch.job, outbound: true) : nil
        let container = try await place(launch, input: ContainerInput(of: input), network: network)
        let visit = ContainerVisit(
            containers: containers, container: container, model: launch.model.name, input: input,
            log: log)
        let result = await visit.result()
        if case .success = result, !Task.isCancelled {
            await removeBehind(container.id)
        } else {
            await remove(container.id)
        }
        return try result.get()
    }
}
