import Glibc

/// Whether a folder is still what it was, told without reading a file: by the places, sizes and times of what it holds.
package enum FolderStamp {
    /// Of more files nothing is told.
    package static let fileLimit = 20_000

    /// Equal texts: nothing has changed. Passes over what ``FolderDigest`` does. Nil: it cannot be told.
    /// - Parameter excluding: absolute paths of folders that are passed over, such as the state folder.
    package static func text(of folder: String, excluding: Set<String>) -> String? {
        let excluded = Set(excluding.compactMap { path in look(path, following: true).map { "\($0.st_dev):\($0.st_ino)" } })
        var lines: [String] = []
        var pending: [(path: String, depth: Int)] = [("", 0)]
        while let (path, depth) = pending.popLast() {
            guard depth <= FolderDigest.depthLimit, let names = try? Folder.names(in: folder + path) else { return nil }
            for name in names where !FolderDigest.ignored.contains(name) {
                let child = path + "/" + name
                guard let status = look(folder + child, following: false) else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    if !excluded.contains("\(status.st_dev):\(status.st_ino)") { pending.append((child, depth + 1)) }
                } else {
                    lines.append(child + " " + stamp(status))
                }
                guard lines.count + pending.count <= fileLimit else { return nil }
            }
        }
        return lines.sorted().joined(separator: "\n")
    }

    /// Of one file, a link followed; nil: it is not there.
    package static func text(ofFile path: String) -> String? { look(path, following: true).map(stamp) }

    private static func look(_ path: String, following: Bool) -> stat? {
        var status = stat()
        return (following ? stat(path, &status) : lstat(path, &status)) == 0 ? status : nil
    }

    private static func stamp(_ status: stat) -> String {
        let (changed, named) = (status.st_mtim, status.st_ctim)
        return "\(status.st_dev):\(status.st_ino) \(status.st_mode) \(status.st_size) \(changed.tv_sec).\(changed.tv_nsec) "
            + "\(named.tv_sec).\(named.tv_nsec)"
    }
}
