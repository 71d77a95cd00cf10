import Glibc
import ImflowExecution

/// Folders that models work in: made and removed here. Links are never followed.
enum WorkFolder {
    /// Makes the folder (0700) and its parents.
    static func create(_ path: String) throws(Failure) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try create(String(path[..<slash]))
            if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        }
        let reason = String(cString: strerror(errno)).lowercased()
        throw Failure(
            .infra,
            "cannot make the work folder \(path): \(reason); check that the state folder can be written and has room")
    }

    /// The folder, and nothing in it, belongs to `owner` from now on. Only root may do so.
    static func give(_ path: String, to owner: GuestOwner) throws(Failure) {
        guard lchown(path, owner.user, owner.group) != 0 else { return }
        let reason = String(cString: strerror(errno)).lowercased()
        throw Failure(.infra, "the work folder \(path) cannot be given to user \(owner.user): \(reason)")
    }

    /// Removes the folder with all that is in it, as far as that can be done.
    static func remove(_ path: String) {
        if rmdir(path) == 0 || errno == ENOENT { return }
        if errno == ENOTDIR {
            unlink(path)
            return
        }
        // A model may have taken its own folders' permissions away.
        if access(path, R_OK | W_OK | X_OK) != 0 { chmod(path, 0o700) }
        for name in names(in: path) { remove(path + "/" + name) }
        rmdir(path)
    }

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// What the folder holds, without `.` and `..`; nothing when it cannot be read.
    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
