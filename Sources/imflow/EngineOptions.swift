import ArgumentParser
import ImflowDocker
import ImflowExecution

/// Which Docker engines models run on: the same option, with the same meaning, wherever models are started.
struct EngineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            A Docker engine that models run on: unix:///path, tcp://HOST:PORT or ssh://USER@HOST, and behind commas slots=N \
            (attempts at once; default: by its cores), files=bind or archive (how work folders get there; default: bind on this \
            machine), certs=FOLDER (of ca.pem, cert.pem and key.pem). Repeatable: attempts go to the engine with most room; a job's \
            resume does the same. Default: DOCKER_HOST.
            """, valueName: "engine"))
    var dockerHost: [String] = []

    func validate() throws {
        do throws(Failure) { _ = try DockerHosts.entries(dockerHost) } catch {
            throw ValidationError("--docker-host: \(error.message)")
        }
    }

    /// Empty: the engine of `DOCKER_HOST`.
    /// - Throws: ``CommandFailure``.
    func entries() throws -> [EngineEntry] {
        do throws(Failure) { return try DockerHosts.entries(dockerHost) } catch {
            throw CommandFailure(.usage, "--docker-host: \(error.message)")
        }
    }
}
