import Dispatch
import Glibc
import Synchronization

/// Counts SIGINT, SIGTERM and SIGHUP while a job is driven. SIGTERM and SIGHUP count as the second press at least:
/// whoever sends them will not wait.
struct SignalWatch {
    private static let numbers = [SIGINT, SIGTERM, SIGHUP]
    private let sources: [any DispatchSourceSignal]

    /// - Parameter onPress: told the number of the press, from 1.
    init(onPress: @escaping @Sendable (Int) -> Void) {
        let counter = Counter()
        sources = Self.numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { onPress(counter.press(number)) }
            source.resume()
            return source
        }
    }

    func stop() {
        for source in sources { source.cancel() }
        for number in Self.numbers { signal(number, SIG_DFL) }
    }

    private final class Counter: Sendable {
        private let presses = Mutex(0)

        func press(_ number: Int32) -> Int {
            presses.withLock { presses in
                presses += number == SIGINT || presses > 0 ? 1 : 2
                return presses
            }
        }
    }
}
