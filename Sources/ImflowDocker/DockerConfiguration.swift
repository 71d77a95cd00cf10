import Glibc
import ImflowExecution
import ImflowJSON

/// The docker command's own configuration: a folder with `config.json`, contexts and certificates.
struct DockerConfiguration: Sendable {
    /// Of each file, in bytes.
    static let sizeLimit = 4 * 1024 * 1024

    /// `$DOCKER_CONFIG`, else `~/.docker`.
    let folder: String

    init(variable: (String) -> String?) {
        if let folder = variable("DOCKER_CONFIG"), !folder.isEmpty {
            self.folder = folder
        } else {
            folder = (variable("HOME") ?? "") + "/.docker"
        }
    }

    /// Nil when there is no such file.
    func configuration() throws(Failure) -> JSONValue? { try Self.json(at: folder + "/config.json") }

    /// Nil when none is named.
    func currentContext() throws(Failure) -> String? {
        let name = try configuration()?["currentContext"]?.stringValue
        return name?.isEmpty == false ? name : nil
    }

    static func exists(_ path: String) -> Bool { !path.isEmpty && access(path, F_OK) == 0 }

    /// Nil when there is no such file.
    static func json(at path: String) throws(Failure) -> JSONValue? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw unreadable(path, String(cString: strerror(errno)).lowercased())
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            let piece = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
                count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
            }
            if piece.isEmpty { break }
            bytes += piece
            guard bytes.count <= sizeLimit else { throw unreadable(path, "it is longer than \(sizeLimit) bytes") }
        }
        do { return try JSONValue.parse(bytes) } catch { throw unreadable(path, "it is no JSON") }
    }

    private static func unreadable(_ path: String, _ reason: String) -> Failure {
        Failure(.infra, "Docker's configuration \(path) cannot be read: \(reason)")
    }
}
