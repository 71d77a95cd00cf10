import Glibc

/// The folder of a unix socket: nobody but its owner may enter it.
package struct SocketFolder: Sendable, Equatable {
    /// The socket's name in its folder.
    package static let socketName = "imflow.sock"
    /// Root gives a folder to the user that models in containers are, which is nobody (Linux's overflow id), and an engine that
    /// was killed leaves it so.
    private static let nobody: uid_t = 65534
    /// What `sun_path` holds, less its NUL.
    static let longestPath = 107

    /// Absolute.
    package let path: String
    package var socket: String { path + "/" + Self.socketName }

    /// Why there is no folder for a socket.
    package struct Problem: Error, Sendable, Equatable {
        /// One sentence that names the place.
        package var message: String
    }

    /// Makes the folder, or finds it again: a later engine must come to the same one. Where `wanted` is too long for a
    /// socket or cannot be made, the folder is `name` below `$XDG_RUNTIME_DIR/imflow` or `/tmp/imflow-UID`.
    /// - Parameters:
    ///   - wanted: absolute.
    ///   - name: short, and unique for `wanted`.
    package init(_ wanted: String, name: String) throws(Problem) {
        var places: [[String]] = []
        if Self.fits(wanted) { places.append([wanted]) }
        if let runtime = getenv("XDG_RUNTIME_DIR").map({ String(cString: $0) }), runtime.hasPrefix("/") {
            places.append(["\(runtime)/imflow", "\(runtime)/imflow/\(name)"])
        }
        let own = "/tmp/imflow-\(geteuid())"
        places.append([own, "\(own)/\(name)"])
        var problem = Problem(message: "no folder has a path short enough for a unix socket")
        for chain in places {
            guard let last = chain.last, Self.fits(last) else { continue }
            do throws(Problem) {
                for folder in chain { try Self.make(folder) }
                path = last
                return
            } catch { problem = error }
        }
        throw problem
    }

    /// Removes the socket and the folder, when nothing else is in it.
    package func remove() {
        unlink(socket)
        rmdir(path)
    }

    private static func fits(_ folder: String) -> Bool {
        folder.utf8.count + 1 + socketName.utf8.count <= longestPath
    }

    private static func make(_ folder: String) throws(Problem) {
        if mkdir(folder, 0o700) != 0, errno == ENOENT, let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
            try make(String(folder[..<slash]))
            mkdir(folder, 0o700)
        }
        var status = stat()
        guard lstat(folder, &status) == 0 else {
            throw Problem(message: "cannot make the folder \(folder): \(String(cString: strerror(errno)).lowercased())")
        }
        if geteuid() == 0, status.st_uid == nobody, lchown(folder, 0, 0) == 0 { status.st_uid = 0 }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw Problem(message: "\(folder) is not a folder that only this user may enter: remove it")
        }
    }
}
