internal import Dispatch
internal import Glibc
internal import ImflowExecution
internal import Synchronization

/// Shares the pieces of one piece of work out to a few threads.
enum ParallelWork {
    /// More threads would only wait for the memory that they all copy from and to.
    private static let threadLimit = 4

    private struct Progress {
        var next = 0
        var failure: (piece: Int, failure: Failure)?
    }

    /// Calls `body` on each of at most `limit` threads, one of which is the caller's, and returns when all have ended.
    /// A body takes its pieces, 0..<`count`, from `next`; nil: there are no more. After a failure none are handed out,
    /// and that of the first piece is thrown. Only the caller's thread knows whether its task was cancelled.
    static func run(
        count: Int, limit: Int = threadLimit, _ body: @Sendable (_ next: () -> Int?) throws(Failure) -> Void
    ) throws(Failure) {
        let progress = Mutex(Progress())
        let threads = min(count, limit, threadLimit, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            var piece = 0
            do throws(Failure) {
                try body {
                    let taken = progress.withLock { progress -> Int? in
                        guard progress.failure == nil, progress.next < count else { return nil }
                        progress.next += 1
                        return progress.next - 1
                    }
                    piece = taken ?? piece
                    return taken
                }
            } catch {
                progress.withLock { progress in
                    guard (progress.failure?.piece ?? .max) > piece else { return }
                    progress.failure = (piece, error)
                }
            }
        }
        if let found = progress.withLock({ $0.failure }) { throw found.failure }
    }
}
