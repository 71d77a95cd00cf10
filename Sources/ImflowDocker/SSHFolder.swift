import Glibc
import ImflowExecution

/// Folders for the sockets of tunnels: short paths, nobody else's, named by the process that made them.
enum SSHFolder {
    private static let prefix = "imflow-ssh-"

    /// A unix socket's path has at most 107 bytes, so a long `TMPDIR` is not used.
    private static var parent: String {
        let chosen = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        return chosen.hasPrefix("/") && chosen.utf8.count <= 60 ? chosen : "/tmp"
    }

    static func make() throws(Failure) -> String {
        var template = Array("\(parent)/\(prefix)\(getpid())-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            let reason = String(cString: strerror(errno)).lowercased()
            throw Failure(.infra, "no folder for a tunnel's socket can be made in \(parent): \(reason)")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func remove(_ folder: String) {
        unlink(folder + "/engine")
        rmdir(folder)
    }

    /// Removes those whose process was killed.
    static func removeAbandoned() {
        guard let listing = opendir(parent) else { return }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasPrefix(prefix), let pid = pid_t(name.dropFirst(prefix.count).prefix { $0 != "-" }), pid > 0,
                kill(pid, 0) != 0, errno == ESRCH
            else { continue }
            remove(parent + "/" + name)
        }
    }
}
