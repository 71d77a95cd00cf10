import ImflowDocker
import ImflowExecution
import ImflowHTTP

/// The Docker engines as a job's launch names them.
struct LocalEngines {
    /// Empty: this machine's, or none that can be used.
    private let entries: [EngineEntry]
    /// On which something may be left.
    private let former: [EngineEntry]
    private let isTolerant: Bool

    /// The engine of `DOCKER_HOST`.
    init() { self.init([]) }

    /// Those of the option; none: the engine of `DOCKER_HOST`.
    init(_ named: [EngineEntry]) {
        entries = named.isEmpty ? Self.chosen : named
        former = []
        isTolerant = false
    }

    /// - Parameter isTolerant: engines that do not answer are left out, as long as one does.
    /// - Throws: ``CommandFailure``.
    init(_ launched: Launched, isTolerant: Bool) throws {
        do throws(Failure) {
            entries = try launched.dockerHosts.map(DockerHosts.entries) ?? Self.chosen
            former = try DockerHosts.entries(launched.formerDockerHosts ?? [])
        } catch {
            throw CommandFailure(.usage, "--docker-host: \(error.message)")
        }
        self.isTolerant = isTolerant
    }

    /// An engine of another machine may go away, as one of several may; empty: this machine's.
    private static var chosen: [EngineEntry] {
        guard case .success(let address) = EngineAddress.chosen(), !address.sharesDisk else { return [] }
        return [EngineEntry(address)]
    }

    /// Whether models in containers may run on other machines, whose resources count then.
    var isSeveral: Bool { !entries.isEmpty }

    func host(node: String, stateRoot: String, supply: ImageSupply) -> any ContainerHost {
        if entries.isEmpty {
            return DockerHost(client: HTTPClient(), node: node, stateRoot: stateRoot, supply: supply)
        }
        return DockerEngines(
            entries, former: former, node: node, stateRoot: stateRoot, isTolerant: isTolerant,
            supply: supply, note: { Console.note($0) })
    }
}
