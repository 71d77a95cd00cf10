/// A place where models run in containers of an engine that others command, too.
package protocol ContainerFixture: ConformanceFixture {
    /// Whether the engine says of a container that memory ran out.
    var tellsShortages: Bool { get }

    /// Sends SIGKILL to what runs for the job, as `docker kill` does.
    func kill(job: String) async throws
    /// Removes it, as `docker rm --force` does.
    func remove(job: String) async throws
}

/// The engine is the fixture's own, and no other fixture uses it meanwhile.
package protocol MortalEngine: Sendable {
    /// The engine's process gets SIGKILL.
    func killEngine() async throws
    /// Starts it again. Returns when it answers.
    func reviveEngine() async throws
}
