import Glibc
import ImflowExecution
import Synchronization

/// Finds programs, and remembers where: walking PATH costs more than starting a small program does.
final class CommandPaths: Sendable {
    private struct Key: Hashable {
        let name: String
        let path: String
    }

    private static let most = 256
    private let found = Mutex<[Key: String]>([:])

    /// A name with a slash is a path, seen from the model's folder; any other is looked up in `path`.
    func resolve(_ name: String, folder: String, path: String, model: String) throws(Failure) -> String {
        if name.utf8.contains(UInt8(ascii: "/")) {
            let program = name.hasPrefix("/") ? name : folder + "/" + name
            if let reason = Self.obstacle(to: program) {
                throw Failure(.app, "model \(model): cannot run \(name): \(reason)")
            }
            return program
        }
        let key = Key(name: name, path: path)
        if let known = found.withLock({ $0[key] }), Self.obstacle(to: known) == nil { return known }
        for part in path.split(separator: ":") where part.hasPrefix("/") {
            let program = part + "/" + name
            guard Self.obstacle(to: String(program)) == nil else { continue }
            found.withLock { found in
                if found.count >= Self.most { found = [:] }
                found[key] = String(program)
            }
            return String(program)
        }
        let here =
            Self.obstacle(to: folder + "/" + name) == nil
            ? "; write ./\(name) to run the one in the model's folder" : ""
        throw Failure(.app, "model \(model): the program \(name) was not found in PATH (\(path))\(here)")
    }

    /// Why the file cannot be run; nil: it can, as far as can be seen.
    private static func obstacle(to program: String) -> String? {
        var status = stat()
        guard stat(program, &status) == 0 else { return "\(program): " + String(cString: strerror(errno)).lowercased() }
        guard status.st_mode & S_IFMT == S_IFREG else { return "\(program) is not a file" }
        return access(program, X_OK) == 0 ? nil : "\(program) is not executable; chmod +x it"
    }
}
