import ImflowExecution
import ImflowHTTP
import ImflowPlan
import Synchronization

/// Whether containers of an engine that listen can be reached from here.
final class ContainerWays: Sendable {
    private enum Way { case open, unknown, closed(String) }

    private let networks: PrivateNetworks
    private let way: Mutex<Way>

    init(to address: Result<EngineAddress, Failure>, networks: PrivateNetworks) {
        self.networks = networks
        let isAway = if case .success(.tcp) = address { true } else { false }
        way = Mutex(isAway ? .unknown : .open)
    }

    /// Why no model of its protocol can run on this engine, a sentence; nil: nothing is in the way.
    /// - Parameter info: nil: the engine was not asked.
    func obstacle(to model: ModelPlan, _ info: EngineInfo?, over address: Result<EngineAddress, Failure>) -> String? {
        guard model.callProtocol.isHTTP else { return nil }
        let kind = "a model that listens (protocol \(model.callProtocol.rawValue)) cannot be reached"
        if case .success(.ssh) = address, info?.isRootless == true {
            return "\(kind) on a rootless engine of another machine, which keeps its containers' network to itself: use "
                + "protocol exec or jsonl, or an engine that runs as root"
        }
        switch way.withLock({ $0 }) {
        case .open: return nil
        case .unknown: return "\(kind) on an engine of another machine over tcp:// alone: \(Self.wayOut)"
        case .closed(let reason): return "\(kind): \(reason); \(Self.wayOut)"
        }
    }

    private static let wayOut =
        "name the engine as ssh://USER@HOST, over which requests are carried to it, or use protocol exec or jsonl"

    /// Finds out, where one of the models listens and it is not known yet.
    /// - Throws: `infra` when the engine does not answer.
    func explore(for models: [ModelPlan]) async throws(Failure) {
        guard models.contains(where: { $0.callProtocol.isHTTP }), case .unknown = way.withLock({ $0 }) else { return }
        let isHere = try await networks.areHere()
        way.withLock { way in
            way = isHere ? .open : .closed("the engine's networks are not on this machine")
        }
    }
}
