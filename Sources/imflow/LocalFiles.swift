import Glibc
import ImflowCompiler

/// This machine's files, as the compiler reads them.
struct LocalFiles: FileReader {
    let currentFolder: String

    /// Elsewhere than in this process's own folder.
    init(currentFolder: String) { self.currentFolder = currentFolder }

    init() {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        currentFolder = getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? "/"
    }

    func read(_ path: String) throws(FileProblem) -> [UInt8] {
        // Opening a pipe would wait for its other end.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            let failure = errno
            throw FileProblem(Self.sentence(PathText.shown(path, from: currentFolder), failure))
        }
        defer { close(descriptor) }
        var status = stat()
        let kind = fstat(descriptor, &status) == 0 ? Self.kind(status.st_mode) : .other
        guard kind == .file else {
            let shown = PathText.shown(path, from: currentFolder)
            guard kind == .folder else { throw FileProblem("\(shown) is no regular file") }
            throw FileProblem("\(shown) is a folder, and a file is expected", help: "name a file in it")
        }
        return try Self.read(descriptor, size: Int(status.st_size)) { PathText.shown(path, from: currentFolder) }
    }

    func readStandardInput() throws(FileProblem) -> [UInt8] {
        try Self.read(STDIN_FILENO, size: nil) { "standard input" }
    }

    /// - Parameter size: of a regular file.
    private static func read(_ descriptor: Int32, size: Int?, _ name: () -> String) throws(FileProblem) -> [UInt8] {
        // Room for one byte more than the file has: when it stays free, the file was read to its end in one piece.
        let first = size.map { max(0, min($0, FileLimit.bytes)) + 1 } ?? 1 << 16
        var bytes: [UInt8] = []
        while true {
            let piece = try read(descriptor, upTo: bytes.isEmpty ? first : 1 << 16, name)
            let isEnd = piece.isEmpty || (size != nil && bytes.isEmpty && piece.count < first)
            if bytes.isEmpty { bytes = piece } else { bytes += piece }
            if bytes.count > FileLimit.bytes {
                throw FileProblem(
                    "\(name()) is larger than \(FileLimit.bytes >> 20) MiB",
                    help: "manifests and jobs are small; data is named by URL")
            }
            if isEnd { return bytes }
        }
    }

    private static func read(_ descriptor: Int32, upTo size: Int, _ name: () -> String) throws(FileProblem) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            var result: Int
            repeat { result = Glibc.read(descriptor, buffer.baseAddress, size) } while result < 0 && errno == EINTR
            if result < 0 { failure = errno }
            count = max(0, result)
        }
        guard failure == 0 else { throw FileProblem(sentence(name(), failure)) }
        return bytes
    }

    func kind(of path: String) -> FileKind? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Self.kind(status.st_mode)
    }

    private static func kind(_ mode: mode_t) -> FileKind {
        switch mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }

    func entries(of folder: String) throws(FileProblem) -> [FileEntry] {
        let shown = PathText.shown(folder, from: currentFolder)
        guard let stream = opendir(folder) else { throw FileProblem(Self.sentence(shown, errno)) }
        defer { closedir(stream) }
        var entries: [FileEntry] = []
        while let entry = readdir(stream), entries.count < FileLimit.entries {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            switch Int32(entry.pointee.d_type) {
            case Int32(DT_REG): entries.append(FileEntry(name: name, kind: .file))
            case Int32(DT_DIR): entries.append(FileEntry(name: name, kind: .folder))
            default:
                if let kind = kind(of: PathText.join(folder, name)) {
                    entries.append(FileEntry(name: name, kind: kind, isLink: true))
                }
            }
        }
        return entries.sorted { $0.name < $1.name }
    }

    func identity(of path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func sentence(_ shown: String, _ code: Int32) -> String {
        switch code {
        case ENOENT: "\(shown) does not exist"
        case EACCES, EPERM: "\(shown) may not be read by this user"
        case ENOTDIR: "\(shown) does not exist: a part of the path is a file"
        case ELOOP: "\(shown) is a link that leads to itself"
        case ENAMETOOLONG: "the path \(shown.prefix(60))… is too long"
        default: "\(shown) cannot be read: \(String(cString: strerror(code)))"
        }
    }
}
