import Synchronization

/// Whether whoever holds places on an instance gives them back when its request is over: others wait for one, or the
/// instance is to take no more requests for now.
final class LeaseRecall: Sendable {
    private let state = Atomic(false)

    var isSet: Bool { state.load(ordering: .relaxed) }

    func set(_ value: Bool) { state.store(value, ordering: .relaxed) }
}
