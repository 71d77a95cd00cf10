import Glibc
import ImflowCompiler

/// This machine's files, as the compiler reads them.
struct LocalFiles: FileReader {
    let currentFolder: String

    init() {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        currentFolder = getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? "/"
    }

    func read(_ path: String) throws(FileProblem) -> [UInt8] {
        let shown = PathText.shown(path, from: currentFolder)
        switch kind(of: path) {
        case .file: break
        case .folder:
            throw FileProblem("\(shown) is a folder, and a file is expected", help: "name a file in it")
        case .other: throw FileProblem("\(shown) is no regular file")
        case nil: throw FileProblem(Self.sentence(shown, errno))
        }
        // Regular files open at once; a pipe put there since would not.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileProblem(Self.sentence(shown, errno)) }
        defer { close(descriptor) }
        return try Self.read(descriptor, shown)
    }

    func readStandardInput() throws(FileProblem) -> [UInt8] { try Self.read(STDIN_FILENO, "standard input") }

    private static func read(_ descriptor: Int32, _ shown: String) throws(FileProblem) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw FileProblem(sentence(shown, errno)) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            if bytes.count > FileLimit.bytes {
                throw FileProblem(
                    "\(shown) is larger than \(FileLimit.bytes >> 20) MiB",
                    help: "manifests and jobs are small; data is named by URL")
            }
        }
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
                    entries.append(FileEntry(name: name, kind: kind))
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
