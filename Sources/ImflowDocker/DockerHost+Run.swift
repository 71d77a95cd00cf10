package import ImflowExecution
package import ImflowInvocation

extension DockerHost {
    package func run(_ launch: Launch, input: [UInt8]) async throws(Failure) -> Exit {
        let begin = ContinuousClock.now
        let log = try log(of: launch, collectsOutput: true)
        let container = try await place(launch, input: ContainerInput(of: input), network: nil)
        let visit = ContainerVisit(
            containers: containers, container: container, model: launch.model.name, input: input,
            log: log)
        let result = await visit.result()
        await remove(container.id)
        var exit = try result.get()
        // What was adopted had started before.
        if !container.isAdopted { exit.startup = visit.started.instant.map { $0 - begin } }
        return exit
    }
}
