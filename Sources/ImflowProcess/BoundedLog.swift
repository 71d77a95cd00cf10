import Glibc
import ImflowInvocation
import Synchronization

/// A log file that is made with its first byte and takes no more than its limit; what comes then is dropped. Secrets of
/// 4 bytes and more never reach it, however they are cut.
final class BoundedLog: Sendable {
    private struct State {
        var descriptor: Int32 = -1
        var room = 0
        var redactor: SecretRedactor
        var failed = false
    }

    private static let fullNote = Array("\nimflow: the log is full; what comes now is dropped\n".utf8)

    private let path: String
    private let limit: Int
    private let state: Mutex<State>

    /// - Parameter limit: of the whole file, in bytes.
    init(path: String, limit: Int, redactor: SecretRedactor) {
        self.path = path
        self.limit = limit
        state = Mutex(State(redactor: redactor))
    }

    deinit {
        state.withLock { state in
            if state.descriptor >= 0 { close(state.descriptor) }
        }
    }

    /// A log that cannot be written never fails a model: it stays shorter.
    func append(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        state.withLock { state in
            if state.redactor.isIdle { return put(bytes, into: &state) }
            state.redactor.take(bytes).withUnsafeBytes { put($0, into: &state) }
        }
    }

    /// The stream has ended: what might have become a secret is none.
    func finish() {
        state.withLock { state in state.redactor.finish().withUnsafeBytes { put($0, into: &state) } }
    }

    private func put(_ bytes: UnsafeRawBufferPointer, into state: inout State) {
        guard !bytes.isEmpty else { return }
        if state.descriptor < 0 { Self.open(path, limit: limit, into: &state) }
        guard !state.failed, state.room > 0 else { return }
        let fits = min(bytes.count, state.room)
        Self.write(UnsafeRawBufferPointer(rebasing: bytes[..<fits]), into: &state)
        state.room -= fits
        if state.room == 0 { Self.fullNote.withUnsafeBytes { Self.write($0, into: &state) } }
    }

    private static func open(_ path: String, limit: Int, into state: inout State) {
        guard !state.failed else { return }
        state.descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        state.failed = state.descriptor < 0
        guard !state.failed else { return }
        state.room = max(0, limit - fullNote.count - Int(lseek(state.descriptor, 0, SEEK_END)))
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, into state: inout State) {
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let count = Glibc.write(state.descriptor, start, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return state.failed = true }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }
}
