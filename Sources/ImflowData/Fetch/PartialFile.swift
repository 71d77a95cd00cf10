import Glibc
internal import ImflowContent
internal import ImflowExecution
internal import ImflowHTTP
internal import ImflowJSON
import Synchronization

/// A file that is being downloaded, and what must hold for its bytes to be still those of the same file. One that has a place
/// of its own stays there when the download breaks off, and is gone on with, by whatever process.
final class PartialFile: Sendable {
    /// What a server says of one version of a file (RFC 9110, sections 8.8 and 13.1.5).
    private struct Version: Equatable {
        /// A strong entity tag, or a date that is strong enough to be one.
        var validator: String
        var total: Int64?
    }

    private struct State {
        var version: Version?
        var count: Int64
        var isStarted = false
        /// The server answered a range that does not fit: nothing of the file is asked for again but all of it.
        var isUnfit = false
    }

    private let file: TemporaryFile
    private let keeps: Bool
    private let state: Mutex<State>
    private var versionPath: String { file.path + ".version" }

    /// - Parameter path: its own place, which nobody else uses meanwhile; nil: it goes when the download breaks off.
    init(in content: ContentStore, at path: String?) throws(Failure) {
        guard let path else {
            file = try TemporaryFile(in: content)
            keeps = false
            state = Mutex(State(count: 0))
            return
        }
        file = try TemporaryFile(continuing: path, for: content)
        keeps = true
        let version = Self.readVersion(path + ".version")
        // Of a file that is whole one byte is asked for again: only an answer says that it is still the same.
        var count = version == nil ? 0 : file.size
        if count > 0, let total = version?.total, count >= total { count = total - 1 }
        file.truncate(to: max(0, count))
        state = Mutex(State(version: version, count: count))
    }

    var failure: Failure? { file.failure }
    /// Bytes that are there.
    var count: Int64 { state.withLock { $0.count } }
    var total: Int64? { state.withLock { $0.version?.total } }

    /// The headers of the next request, by which only the rest is asked for; none when all must come.
    func ask() -> [(name: String, value: String)] {
        state.withLock { state in
            state.isStarted = false
            guard let version = state.version, state.count > 0, !state.isUnfit else { return [] }
            return [("Range", "bytes=\(state.count)-"), ("If-Range", version.validator)]
        }
    }

    /// Takes note of the head of a successful answer. False: what it brings does not fit what is there.
    func begin(_ head: HTTPResponse) -> Bool {
        let (fits, version): (Bool, Version?) = state.withLock { state in
            state.isStarted = true
            if head.status == 206 {
                let range = head.header("Content-Range").flatMap { Self.range($0) }
                let isSame = head.header("ETag").map { tag in
                    state.version?.validator.hasPrefix("\"") != true || tag == state.version?.validator
                }
                state.isUnfit = range?.first != state.count || isSame == false || state.count == 0
                return (!state.isUnfit, state.version)
            }
            state.count = 0
            state.isUnfit = false
            state.version = Self.version(of: head)
            return (true, state.version)
        }
        guard fits else { return false }
        if head.status != 206 {
            file.truncate(to: 0)
            if keeps { writeVersion(version) }
        }
        return true
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard file.write(bytes) else { return false }
        state.withLock { $0.count += Int64(bytes.count) }
        return true
    }

    /// The last answer did not fit what is there.
    var isUnfit: Bool { state.withLock { $0.isUnfit } }

    /// Whether the answer to the last request brought a body that ``begin(_:)`` was told of.
    var isStarted: Bool { state.withLock { $0.isStarted } }

    /// The next request asks for all of it.
    func startOver() { state.withLock { $0.isUnfit = true } }

    /// Moves it into the content store. Waits for the disk.
    func store() throws(Failure) -> ContentHash {
        if keeps { unlink(versionPath) }
        return try file.store()
    }

    /// The download broke off: what came stays only where it can be gone on with.
    func breakOff() {
        let isOfUse = state.withLock { $0.version != nil && $0.count > 0 && !$0.isUnfit }
        if !keeps || !isOfUse { discard() }
    }

    func discard() {
        file.discard()
        if keeps { unlink(versionPath) }
    }

    // MARK: Versions

    /// Nil when nothing says that the file is the same the next time.
    private static func version(of head: HTTPResponse) -> Version? {
        let total = head.header("Content-Length").flatMap { Int64($0) }
        guard head.header("Accept-Ranges")?.lowercased() != "none", head.header("Content-Encoding") == nil else { return nil }
        if let tag = head.header("ETag"), tag.hasPrefix("\""), tag.utf8.count <= 512 {
            return Version(validator: tag, total: total)
        }
        // A date tells versions of one second apart when the answer was made later than that (RFC 9110, section 8.8.2.2).
        if let changed = head.header("Last-Modified"), let now = head.header("Date"), changed != now,
            changed.utf8.count <= 64
        {
            return Version(validator: changed, total: total)
        }
        return nil
    }

    /// `bytes 100-199/200`.
    private static func range(_ text: String) -> (first: Int64, last: Int64)? {
        guard text.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/").first?.split(separator: "-") ?? []
        guard parts.count == 2, let first = Int64(parts[0]), let last = Int64(parts[1]) else { return nil }
        return (first, last)
    }

    private func writeVersion(_ version: Version?) {
        unlink(versionPath)
        guard let version else { return }
        var json: JSONObject = ["validator": .string(version.validator)]
        if let total = version.total { json["total"] = .int(total) }
        let bytes = JSONValue.object(json).canonicalBytes()
        let descriptor = open(versionPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        if Glibc.write(descriptor, bytes, bytes.count) != bytes.count { unlink(versionPath) }
        close(descriptor)
    }

    private static func readVersion(_ path: String) -> Version? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, 4096, 0))
        }
        guard let json = try? JSONValue.parse(bytes), let validator = json["validator"]?.stringValue else { return nil }
        return Version(validator: validator, total: json["total"]?.intValue.map { Int64($0) })
    }
}
