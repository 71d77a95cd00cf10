import Dispatch
import Glibc
import Synchronization

/// Tells which files of a folder appeared, grew or shrank (inotify). Where the kernel gives no watch, or loses events, it
/// says that anything may have changed.
final class FolderWatch: Sendable {
    /// By name; nil: anything may have changed.
    typealias Changes = Set<String>?

    /// Between two looks where there is no watch, in milliseconds: four a second.
    private static let interval = 250
    private static let bufferSize = 64 * 1024
    /// More files than this are not told apart.
    private static let most = 4096

    private let changed = Mutex<Changes>(nil)
    private let listener = Mutex<AsyncStream<Void>.Continuation?>(nil)
    private let sources = Mutex<Sources?>(nil)

    /// One of them.
    private struct Sources {
        var events: (any DispatchSourceRead)?
        var timer: (any DispatchSourceTimer)?
    }

    /// - Parameter folder: exists.
    init(_ folder: String) {
        let descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        if descriptor >= 0, inotify_add_watch(descriptor, folder, UInt32(IN_CREATE | IN_MODIFY | IN_MOVED_TO)) >= 0 {
            sources.withLock { $0 = watching(descriptor) }
        } else {
            if descriptor >= 0 { close(descriptor) }
            sources.withLock { $0 = looking() }
        }
    }

    deinit {
        sources.withLock { sources in
            sources?.events?.cancel()
            sources?.timer?.cancel()
        }
    }

    private func watching(_ descriptor: Int32) -> Sources {
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        source.setEventHandler { [weak self] in self?.take(Self.names(descriptor)) }
        source.setCancelHandler { close(descriptor) }
        source.resume()
        return Sources(events: source)
    }

    private func looking() -> Sources {
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now(), repeating: .milliseconds(Self.interval))
        timer.setEventHandler { [weak self] in self?.take(nil) }
        timer.resume()
        return Sources(timer: timer)
    }

    /// Yields at once, and then whenever there is something to ``take()``. For one listener.
    func wakes() -> AsyncStream<Void> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            listener.withLock { $0 = continuation }
            continuation.yield()
        }
    }

    /// What has changed since the last time.
    func take() -> Changes {
        changed.withLock { changed in
            defer { changed = [] }
            return changed
        }
    }

    private func take(_ names: Changes) {
        changed.withLock { changed in
            guard let names, let known = changed, known.count < Self.most else { return changed = nil }
            changed = known.union(names)
        }
        _ = listener.withLock { $0?.yield() }
    }

    private static func names(_ descriptor: Int32) -> Changes {
        var names: Changes = []
        var buffer = [UInt8](repeating: 0, count: bufferSize)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return names }
            var offset = 0
            // struct inotify_event: wd, mask, cookie, length of the name, the name with NULs after it.
            while offset + 16 <= count {
                let (mask, length) = buffer.withUnsafeBytes {
                    ($0.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self),
                     Int($0.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self)))
                }
                let name = buffer[(offset + 16)..<min(count, offset + 16 + length)].prefix { $0 != 0 }
                if mask & UInt32(IN_Q_OVERFLOW) != 0 { names = nil }
                names?.insert(String(decoding: name, as: UTF8.self))
                offset += 16 + length
            }
        }
    }
}
