import ImflowExecution
import ImflowPlan

/// An engine for as long as it is there. When it has gone this value stays cut: what comes back is another one, so that
/// nothing late comes through.
final class EngineLink: Sendable {
    let host: DockerHost
    /// Rings once.
    let gone = Bell()

    init(host: DockerHost) { self.host = host }

    var isCut: Bool { gone.count > 0 }

    /// Whether the engine answers within the time.
    func answers(within patience: TimeSpan) async -> Bool {
        if isCut { return false }
        return await host.containers.engine.answersPing(within: patience)
    }

    /// Ends every exchange with it, and tells those who wait.
    func cut() {
        host.containers.engine.abandon()
        gone.ring()
    }
}
