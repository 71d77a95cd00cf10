package import ImflowExecution
import ImflowJSON

extension DockerHost {
    /// The jobs of the state folder of which the engine still has containers.
    /// - Throws: `infra`: it does not answer.
    package func jobsWithContainers() async throws(Failure) -> Set<String> {
        let filters = JSONValue.object(["label": [.string("\(ContainerIdentity.Label.state)=\(identity.state)")]]).text
        let answer = try await containers.engine.call(
            "GET", "/containers/json", query: [("all", "1"), ("filters", filters)], purpose: "listing containers")
        guard answer.isSuccess, let list = answer.json.arrayValue else {
            throw Failure(.infra, "the Docker engine at \(containers.engine.place) does not list containers: \(answer.message)")
        }
        return Set(list.compactMap { $0["Labels"]?[ContainerIdentity.Label.job]?.stringValue })
    }

    /// Nothing more is asked of it.
    package func close() { containers.engine.close() }
}
