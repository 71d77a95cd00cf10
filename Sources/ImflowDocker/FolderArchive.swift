import Glibc
import ImflowContent
import ImflowHTTP
import ImflowInvocation
import Synchronization

/// A folder as a tar archive, made while it is sent: folders and regular files, whatever their size; nothing else.
final class FolderArchive: HTTPSupply {
    /// Of one archive; a work folder holds the files of one unit.
    static let entryLimit = 100_000

    /// What goes in: its path in the archive, and where it is here.
    private struct Entry {
        var header: TarHeader
        var source: String
    }

    private struct State {
        var entries: [Entry]
        var next = 0
        /// The file that is being sent.
        var file: Int32 = -1
        var left: Int64 = 0
        /// Header and padding bytes that wait to be sent.
        var pending: [UInt8] = []
        var isEnded = false
        var problem: String?
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - folder: on this machine; nil: an empty one.
    ///   - name: what the archive calls it, a path without a leading slash.
    ///   - owner: whom it belongs to where it is unpacked. What is staged in it belongs to root, and can be read.
    init(of folder: String?, as name: String, owner: GuestOwner) {
        var entries = [Entry(header: Self.header(folder: name, owner), source: folder ?? "")]
        var problem: String?
        if let folder { problem = Self.list(folder, name, owner, into: &entries) }
        state = Mutex(State(entries: entries, problem: problem))
    }

    /// An empty file called `name`: unpacked where a folder is, it takes its place.
    init(emptyFile name: String) {
        state = Mutex(State(entries: [Entry(header: TarHeader(path: name, size: 0), source: "")]))
    }

    deinit {
        state.withLock { if $0.file >= 0 { close($0.file) } }
    }

    /// What went wrong here, as the end of a sentence.
    var problem: String? { state.withLock { $0.problem } }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        state.withLock { state in
            var filled = 0
            while filled < buffer.count {
                if state.problem != nil { return nil }
                let room = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                if !state.pending.isEmpty {
                    let count = min(room.count, state.pending.count)
                    room.copyBytes(from: state.pending.prefix(count))
                    state.pending.removeFirst(count)
                    filled += count
                } else if state.left > 0 {
                    guard let count = Self.take(from: &state, into: room) else { return nil }
                    filled += count
                } else if state.next < state.entries.count {
                    Self.begin(&state)
                } else if !state.isEnded {
                    state.isEnded = true
                    state.pending = TarHeader.end
                } else {
                    return filled
                }
            }
            return filled
        }
    }

    private static func begin(_ state: inout State) {
        let entry = state.entries[state.next]
        state.next += 1
        state.pending = entry.header.bytes
        guard entry.header.size > 0 else { return }
        state.file = open(entry.source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        state.left = entry.header.size
        if state.file < 0 { state.problem = "\(entry.source) cannot be read: \(String(cString: strerror(errno)))" }
    }

    private static func take(from state: inout State, into room: UnsafeMutableRawBufferPointer) -> Int? {
        let count = Glibc.read(state.file, room.baseAddress, Int(min(Int64(room.count), state.left)))
        if count < 0, errno == EINTR { return 0 }
        guard count > 0 else {
            state.problem = "\(state.entries[state.next - 1].source) became shorter while it was sent"
            return nil
        }
        state.left -= Int64(count)
        if state.left == 0 {
            close(state.file)
            state.file = -1
            state.pending = TarHeader.padding(after: state.entries[state.next - 1].header.size)
        }
        return count
    }

    /// - Returns: what is in the way, nil: nothing.
    private static func list(
        _ folder: String, _ name: String, _ owner: GuestOwner, into entries: inout [Entry]
    ) -> String? {
        guard let handle = opendir(folder) else { return "\(folder) cannot be read: \(String(cString: strerror(errno)))" }
        defer { closedir(handle) }
        while let entry = readdir(handle) {
            let child = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if child == "." || child == ".." { continue }
            guard entries.count < entryLimit else { return "\(folder) holds more than \(entryLimit) files" }
            let (path, named) = (folder + "/" + child, name + "/" + child)
            var status = stat()
            guard lstat(path, &status) == 0 else { return "\(path) cannot be read: \(String(cString: strerror(errno)))" }
            let owner = child == ContainerSpec.inputName && entries.first?.source == folder ? root : owner
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                entries.append(Entry(header: header(folder: named, owner), source: path))
                if let problem = list(path, named, owner, into: &entries) { return problem }
            case S_IFREG:
                let mode = owner == root ? 0o444 : UInt32(status.st_mode) & 0o777
                let header = TarHeader(
                    path: named, size: Int64(status.st_size), mode: mode, user: owner.user, group: owner.group)
                entries.append(Entry(header: header, source: path))
            default: return "\(path) is neither a file nor a folder"
            }
        }
        return nil
    }

    private static func header(folder name: String, _ owner: GuestOwner) -> TarHeader {
        let mode: UInt32 = owner == root ? 0o755 : 0o700
        return TarHeader(
            path: name + "/", size: 0, isFolder: true, mode: mode, user: owner.user, group: owner.group)
    }

    private static let root = GuestOwner(user: 0, group: 0)
}
