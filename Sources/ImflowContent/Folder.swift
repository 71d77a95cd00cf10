import Glibc

/// What is done to folders.
package enum Folder {
    /// Makes the folder and its parents, each 0700, and makes the new names last through a power loss.
    package static func create(_ path: String) throws(ContentError) {
        if mkdir(path, 0o700) == 0 { return try synchronize(parent(of: path)) }
        switch errno {
        case EEXIST: try check(path)
        case ENOENT where parent(of: path) != path:
            try create(parent(of: path))
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw ContentError(errno: errno, "create", path) }
            try synchronize(parent(of: path))
        case let code: throw ContentError(errno: code, "create the folder", path)
        }
    }

    /// The last component may be a link that the user made; it must lead to a folder.
    private static func check(_ path: String) throws(ContentError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw ContentError(errno: errno, "look at", path) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw ContentError(.other, path: path, "\(path) is not a folder; choose another with --state")
        }
    }

    static func synchronize(_ path: String) throws(ContentError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ContentError(errno: errno, "open", path) }
        defer { close(descriptor) }
        // Some file systems have no fsync of folders and say EINVAL: then there is nothing to wait for.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw ContentError(errno: errno, "write", path) }
    }

    /// The names in a folder, without `.` and `..`, sorted.
    static func names(in path: String) throws(ContentError) -> [String] {
        guard let folder = opendir(path) else { throw ContentError(errno: errno, "read the folder", path) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func parent(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }
}

/// An open folder, closed when it goes out of scope.
struct FolderDescriptor: ~Copyable {
    let number: Int32

    /// Opens `folder`, then goes down; below it no symbolic link is followed.
    init(_ folder: String, below components: ArraySlice<String>) throws(ContentError) {
        var current = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        var path = folder
        for component in components where current >= 0 {
            let parent = current
            path += "/" + component
            current = openat(parent, component, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let code = errno
            close(parent)
            errno = code
        }
        guard current >= 0 else { throw ContentError(errno: errno, "open", path) }
        number = current
    }

    deinit { close(number) }
}
