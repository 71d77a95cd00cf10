import ImflowExecution
import ImflowInvocation
import ImflowPlan

/// Files on an engine that does not see our disk.
extension DockerHost {
    /// The socket of the API lies on our disk.
    package var offersAPI: Bool { files == .bind }

    /// Nil: the container sees our folders themselves.
    func volume(of container: String, model: ModelPlan) -> WorkVolume? {
        guard files == .archive else { return nil }
        return WorkVolume(engine: containers.engine, container: container, model: model)
    }

    /// Hands a new container what its launch's work folder holds.
    func fill(_ container: PlacedContainer, for launch: Launch) async throws(Failure) {
        guard !container.isAdopted, let volume = volume(of: container.id, model: launch.model) else { return }
        try await volume.put(launch.workFolder, at: ContainerSpec.workFolder)
    }

    /// Brings what a program left behind that is wanted here.
    func bring(_ wanted: WantedFiles, of launch: Launch, from container: String, _ exit: Exit) async throws(Failure) {
        guard let volume = volume(of: container, model: launch.model), exit.code == 0 else { return }
        _ = try await volume.bringFile(
            wanted.result, from: ContainerSpec.workFolder, to: launch.workFolder + "/" + wanted.result,
            limit: volume.limit, isResult: true)
        try await volume.bring(wanted.named(exit), from: ContainerSpec.workFolder, into: launch.workFolder)
    }

    /// Volumes go with their containers; what is left is of an engine that was killed between the two.
    func removeVolumes(job: String) async {
        guard files == .archive else { return }
        let engine = containers.engine
        let listed = try? await engine.call(
            "GET", "/volumes", query: [("filters", identity.filters(job: job))], purpose: "listing volumes")
        for volume in listed?.json["Volumes"]?.arrayValue ?? [] {
            guard let name = volume["Name"]?.stringValue else { continue }
            _ = try? await engine.call(
                "DELETE", "/volumes/\(EngineClient.escaped(name))", purpose: "removing a volume")
        }
    }
}
