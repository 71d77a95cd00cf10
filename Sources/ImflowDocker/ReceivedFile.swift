import Glibc
import ImflowContent
import Synchronization

/// One file that comes as a tar archive, and is written down while it comes. A link is only noted, and a folder's files
/// are not taken.
final class ReceivedFile: Sendable {
    enum Found: Sendable, Equatable {
        case nothing
        /// Its size in bytes; it is whole.
        case file(Int64)
        case link(String)
        /// A folder, a pipe, or what else is no file.
        case noFile
        case tooLarge(Int64)
        /// As the end of a sentence.
        case damaged(String)
        /// The file cannot be written here; as the end of a sentence.
        case unwritten(String)
    }

    private struct State {
        var reader = TarReader()
        var found = Found.nothing
        var file: Int32 = -1
        var left: Int64 = 0
    }

    private let path: String
    private let limit: Int64
    private let state = Mutex(State())

    /// - Parameters:
    ///   - path: of the new file here; its folder exists.
    ///   - limit: most bytes.
    init(at path: String, limit: Int64) {
        self.path = path
        self.limit = limit
    }

    deinit {
        state.withLock { if $0.file >= 0 { close($0.file) } }
    }

    /// False: no more is wanted; ``result`` says why.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        state.withLock { state in
            var reader = state.reader
            defer { state.reader = reader }
            do throws(TarReader.Damage) {
                return try reader.read(Array(bytes)[...]) { take($0, &state) }
            } catch {
                state.found = .damaged(error.reason)
                return false
            }
        }
    }

    /// What came, once the archive is over.
    var result: Found {
        state.withLock { state in
            if state.file >= 0 {
                close(state.file)
                state.file = -1
            }
            if case .file = state.found, state.left > 0 { return .damaged("it ends in the middle of a file") }
            return state.found
        }
    }

    private func take(_ event: TarReader.Event, _ state: inout State) -> Bool {
        switch event {
        case .entry(let entry): return begin(entry, &state)
        case .bytes(let bytes):
            guard write(bytes, to: state.file) else {
                state.found = .unwritten(String(cString: strerror(errno)).lowercased())
                return false
            }
            state.left -= Int64(bytes.count)
            return true
        }
    }

    private func begin(_ entry: TarReader.Entry, _ state: inout State) -> Bool {
        // The path of one file was asked for: what comes after it is not ours.
        guard state.found == .nothing else { return false }
        switch entry.kind {
        case .link(let target): state.found = .link(target)
        case .file where entry.size > limit: state.found = .tooLarge(entry.size)
        case .file:
            let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                state.found = .unwritten(String(cString: strerror(errno)).lowercased())
                return false
            }
            state.file = descriptor
            state.left = entry.size
            state.found = .file(entry.size)
            return true
        default: state.found = .noFile
        }
        return false
    }

    private func write(_ bytes: ArraySlice<UInt8>, to file: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
