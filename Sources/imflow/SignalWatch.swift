import Dispatch
import Glibc
import Synchronization

/// Counts SIGINT, SIGTERM and SIGHUP while a job is driven. SIGTERM and SIGHUP count as the second press at least:
/// whoever sends them will not wait.
final class SignalWatch: Sendable {
    private let sources: Mutex<[any DispatchSourceSignal]>

    /// - Parameter onPress: told the number of the press, from 1.
    init(onPress: @escaping @Sendable (Int) -> Void) {
        let presses = Mutex(0)
        sources = Mutex([])
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let count = presses.withLock { count in
                    count += number == SIGINT || count >= 1 ? 1 : 2
                    return count
                }
                onPress(count)
            }
            source.resume()
            sources.withLock { $0.append(source) }
        }
    }

    func stop() {
        sources.withLock { sources in
            for source in sources { source.cancel() }
            sources = []
        }
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
    }
}
