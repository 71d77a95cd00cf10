import Synchronization

/// What a warm instance says of what it takes and answers; asked once in its life.
final class InstancePorts: Sendable {
    private struct Known {
        var tensors: OIPModel?
        var cog: CogPorts?
    }

    private let known = Mutex(Known())

    var tensors: OIPModel? {
        get { known.withLock { $0.tensors } }
        set { known.withLock { $0.tensors = newValue } }
    }

    var cog: CogPorts? {
        get { known.withLock { $0.cog } }
        set { known.withLock { $0.cog = newValue } }
    }
}
