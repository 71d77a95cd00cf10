import Glibc
import ImflowExecution
import Synchronization

/// Makes the folders that a job's calls work in, and keeps those that a call left empty for the next one: to rename a
/// folder costs a file system a fifth of removing one and making another, and less where thousands were removed lately.
final class SpareFolders: Sendable {
    private struct State {
        var spares: [String] = []
        var named = 0
    }

    /// As many as calls run at once on a large machine.
    private static let limit = 256

    private let home: String
    private let state = Mutex(State())

    /// - Parameter home: the job's work folder, where the spares lie.
    init(home: String) { self.home = home }

    /// Makes an empty folder (0700) at `path`, below the job's work folder, and its parents.
    func create(_ path: String) throws(Failure) {
        let spare = state.withLock { $0.spares.popLast() }
        if let spare, rename(spare, path) == 0 { return }
        try WorkFolder.create(path)
    }

    /// Nothing is at `path` any more after this.
    func remove(_ path: String) {
        guard Self.isAsNew(path), let spare = nextName(), rename(path, spare) == 0 else {
            return WorkFolder.remove(path)
        }
        state.withLock { $0.spares.append(spare) }
    }

    /// Nil when there are enough. No task's folder has such a name.
    private func nextName() -> String? {
        state.withLock { state in
            guard state.spares.count < Self.limit else { return nil }
            state.named += 1
            return "\(home)/+\(state.named)"
        }
    }

    private static func isAsNew(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode == S_IFDIR | 0o700, status.st_uid == geteuid(),
            let folder = opendir(path)
        else { return false }
        defer { closedir(folder) }
        // `.` and `..`, and no more.
        return readdir(folder) != nil && readdir(folder) != nil && readdir(folder) == nil
    }
}
