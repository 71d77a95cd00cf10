import Glibc
import ImflowExecution

/// Folders for the sockets of tunnels: short paths, nobody else's, named by the process that made them.
enum SSHFolder {
    private static let prefix = "imflow-ssh-"

    /// A unix socket's path has at most 107 bytes, of which ssh needs some for names of its own: a long `TMPDIR` is not used.
    private static var parent: String {
        let chosen = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        return chosen.hasPrefix("/") && chosen.utf8.count <= 48 ? chosen : "/tmp"
    }

    static func make() throws(Failure) -> String {
        var template = Array("\(parent)/\(prefix)\(getpid())-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            let reason = String(cString: strerror(errno)).lowercased()
            throw Failure(.infra, "no folder for a tunnel's socket can be made in \(parent): \(reason)")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes the folder with the sockets in it, where it is ours and a folder indeed.
    static func remove(_ folder: String) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_uid == geteuid(),
            let listing = fdopendir(descriptor)
        else {
            if descriptor >= 0 { close(descriptor) }
            return
        }
        for name in names(in: listing) {
            var entry = stat()
            guard fstatat(descriptor, name, &entry, AT_SYMLINK_NOFOLLOW) == 0, entry.st_mode & S_IFMT == S_IFSOCK else {
                continue
            }
            unlinkat(descriptor, name, 0)
        }
        closedir(listing)
        rmdir(folder)
    }

    /// Removes those whose process was killed.
    static func removeAbandoned() {
        guard let listing = opendir(parent) else { return }
        defer { closedir(listing) }
        for name in names(in: listing) {
            guard name.hasPrefix(prefix), let pid = pid_t(name.dropFirst(prefix.count).prefix { $0 != "-" }), pid > 0,
                kill(pid, 0) != 0, errno == ESRCH
            else { continue }
            remove(parent + "/" + name)
        }
    }

    private static func names(in listing: OpaquePointer) -> [String] {
        var names: [String] = []
        while let entry = readdir(listing) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names
    }
}
