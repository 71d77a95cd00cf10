import FoundationEssentials
import Glibc
import ImflowContent

/// The state folder of one try: it lies among the temporary files, and goes with the try. What a killed one left is removed
/// by the next.
final class TryFolder {
    private static let prefix = "imflow-try-"
    private static let lockName = "try.lock"
    private static let enginesName = "/engines.txt"
    /// Of the only job in it.
    static let job = "try"

    let path: String
    private let lock: Int32

    /// Makes the folder, for this user alone.
    init() throws {
        let template = strdup("\(Self.home)/\(Self.prefix)XXXXXX")
        defer { free(template) }
        guard let template, let made = mkdtemp(template) else {
            throw Self.failure("make a work folder in \(Self.home)", help: "; TMPDIR names another place")
        }
        path = String(cString: made)
        lock = Glibc.open(path + "/" + Self.lockName, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw Self.failure("lock \(path)")
        }
    }

    private static func failure(_ what: String, help: String = "") -> CommandFailure {
        let reason = String(cString: strerror(errno))
        return CommandFailure(.infrastructure, "cannot \(what): \(reason)\(help)")
    }

    deinit {
        if lock >= 0 { close(lock) }
    }

    func open() throws -> State { try State(StateFolder(root: path), creating: true) }

    func remove() { Self.remove(path) }

    /// For who finds the folder of a killed try: the engines that it used, as `--docker-host` names them.
    func note(_ engines: [String]) throws {
        guard !engines.isEmpty else { return }
        guard FileManager.default.createFile(atPath: path + Self.enginesName, contents: Data(engines.joined(separator: "\n").utf8))
        else { throw Self.failure("write \(path + Self.enginesName)") }
    }

    static func engines(of path: String) -> [String] {
        let data = FileManager.default.contents(atPath: path + enginesName) ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Folders of this user's tries that nobody holds any more, each locked until `body` has returned and then removed.
    static func abandoned(_ body: (String) async -> Void) async {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []
        for name in names where name.hasPrefix(prefix) {
            let path = home + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else { continue }
            let lock = Glibc.open(path + "/" + lockName, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
            guard lock >= 0 else { continue }
            defer { close(lock) }
            guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { continue }
            await body(path)
            remove(path)
        }
    }

    private static func remove(_ path: String) {
        // A model may have taken its own folders' permissions away.
        if let inside = FileManager.default.enumerator(atPath: path) {
            for case let name as String in inside {
                var status = stat()
                let item = path + "/" + name
                if lstat(item, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_mode & 0o700 != 0o700 { chmod(item, 0o700) }
            }
        }
        try? FileManager.default.removeItem(atPath: path)
    }

    private static var home: String {
        let named = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return named.map { $0.count > 1 && $0.hasSuffix("/") ? String($0.dropLast()) : $0 } ?? "/tmp"
    }
}
