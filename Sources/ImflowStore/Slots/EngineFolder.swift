import Dispatch
import FoundationEssentials
import Glibc
import Synchronization

/// The folder `engines` of a state folder, where engines meet: each hears at once of what another writes there, and of
/// another's end, however it ended, because the kernel closes a file that was open for writing.
package final class EngineFolder: Sendable {
    /// What was heard.
    package enum Event: Sendable, Equatable {
        case written(String)
        case closed(String)
        /// ``safetyInterval`` has passed: whatever should have been heard may have been missed.
        case interval
    }

    /// How often those who listen look although they heard nothing, in milliseconds.
    package static let safetyInterval = 1000
    /// Larger than any one event (a name has at most 255 bytes).
    private static let bufferSize = 16 * 1024

    package let path: String
    private let listeners = Mutex<[Int: @Sendable (Event) -> Void]>([:])
    private let sources = Mutex<Sources?>(nil)
    private let queue = DispatchQueue(label: "imflow.engines")

    private struct Sources {
        var events: (any DispatchSourceRead)?
        var timer: any DispatchSourceTimer
    }

    /// Makes the folder (0700) when it is not there.
    /// - Throws: ``StoreError``.
    package init(path: String) throws(StoreError) {
        self.path = path
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw StoreError(errno: errno, "make the folder", path) }
    }

    deinit {
        sources.withLock { sources in
            sources?.events?.cancel()
            sources?.timer.cancel()
        }
    }

    /// The path of a file here.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Has `listener` told of each event from now on, on a queue that it should not hold up, until the answer is passed
    /// to ``ignore(_:)``.
    package func listen(_ listener: @escaping @Sendable (Event) -> Void) -> Int {
        let token = listeners.withLock { listeners in
            let token = (listeners.keys.max() ?? 0) + 1
            listeners[token] = listener
            return token
        }
        sources.withLock { if $0 == nil { $0 = startWatching() } }
        return token
    }

    package func ignore(_ token: Int) {
        listeners.withLock { $0[token] = nil }
    }

    /// Has everybody who listens to this folder hear of the file.
    package func ring(_ name: String) {
        let descriptor = open(file(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        var byte: UInt8 = 0x21
        pwrite(descriptor, &byte, 1, 0)
        close(descriptor)
    }

    /// The kernel bounds how many folders a user may watch; without a watch the interval alone is left.
    private func startWatching() -> Sources {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        let interval = DispatchTimeInterval.milliseconds(Self.safetyInterval)
        timer.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(100))
        timer.setEventHandler { [weak self] in self?.tell(.interval) }
        timer.resume()
        let descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else { return Sources(events: nil, timer: timer) }
        guard inotify_add_watch(descriptor, path, UInt32(IN_MODIFY | IN_CLOSE_WRITE)) >= 0 else {
            close(descriptor)
            return Sources(events: nil, timer: timer)
        }
        let events = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        events.setEventHandler { [weak self] in
            for event in Self.read(descriptor) { self?.tell(event) }
        }
        events.setCancelHandler { close(descriptor) }
        events.resume()
        return Sources(events: events, timer: timer)
    }

    private func tell(_ event: Event) {
        let listeners = listeners.withLock { Array($0.values) }
        for listener in listeners { listener(event) }
    }

    /// What has come, equal neighbours once. Lost events (a queue that ran over) are an ``Event/interval``.
    private static func read(_ descriptor: Int32) -> [Event] {
        var events: [Event] = []
        var buffer = [UInt8](repeating: 0, count: bufferSize)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return events }
            var offset = 0
            while offset + 16 <= count {
                let (mask, length) = buffer.withUnsafeBytes {
                    ($0.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
                     Int($0.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self)))
                }
                let name = buffer[(offset + 16)..<min(count, offset + 16 + length)].prefix { $0 != 0 }
                let text = String(decoding: name, as: UTF8.self)
                let overflow = mask & UInt32(IN_Q_OVERFLOW) != 0
                let event: Event =
                    overflow ? .interval : mask & UInt32(IN_MODIFY) != 0 ? .written(text) : .closed(text)
                if events.last != event { events.append(event) }
                offset += 16 + length
            }
        }
    }
}
