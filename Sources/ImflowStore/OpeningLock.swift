import Glibc

/// Held by a process while it opens the database, so that processes started at the same moment do so one after another.
struct OpeningLock {
    /// Longer than any opening takes; whoever is stopped or stuck in one keeps the others no longer than this, in milliseconds.
    private static let patience = 10_000
    private static let nap = 2

    private let descriptor: Int32

    /// Nil: there is nowhere to lock.
    init?(path: String) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        let locks = ByteLocks(descriptor: descriptor)
        for _ in 0..<(Self.patience / Self.nap) {
            if locks.take(0) { return }
            usleep(useconds_t(Self.nap * 1000))
        }
    }

    func end() { close(descriptor) }
}
