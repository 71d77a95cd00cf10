import ImflowCompiler

/// Files in a dictionary.
struct MemoryFiles: FileReader {
    var currentFolder: String
    var files: [String: [UInt8]]
    var standardInput: [UInt8] = []

    init(_ files: [String: String], in folder: String = "/repo", isRepository: Bool = true) {
        self.init(bytes: files.mapValues { Array($0.utf8) }, in: folder, isRepository: isRepository)
    }

    /// `files` by paths that are absolute, or relative to `folder`.
    init(bytes: [String: [UInt8]], in folder: String = "/repo", isRepository: Bool = true) {
        currentFolder = folder
        files = Dictionary(
            bytes.map { (PathText.absolute($0.key, from: folder), $0.value) }, uniquingKeysWith: { _, last in last })
        if isRepository { files[folder + "/.git/HEAD"] = [] }
    }

    func read(_ path: String) throws(FileProblem) -> [UInt8] {
        switch kind(of: path) {
        case .folder:
            throw FileProblem("\(PathText.shown(path, from: currentFolder)) is a folder, and a file is expected")
        case nil: throw FileProblem("\(PathText.shown(path, from: currentFolder)) does not exist")
        default: return files[path] ?? []
        }
    }

    func readStandardInput() throws(FileProblem) -> [UInt8] { standardInput }

    func kind(of path: String) -> FileKind? {
        if files[path] != nil { return .file }
        let prefix = path == "/" ? "/" : path + "/"
        return files.keys.contains { $0.hasPrefix(prefix) } ? .folder : nil
    }

    func entries(of folder: String) throws(FileProblem) -> [FileEntry] {
        let prefix = folder == "/" ? "/" : folder + "/"
        var kinds: [String: FileKind] = [:]
        for path in files.keys where path.hasPrefix(prefix) {
            let parts = path.dropFirst(prefix.count).split(separator: "/")
            if let first = parts.first { kinds[String(first)] = parts.count > 1 ? .folder : .file }
        }
        if kinds.isEmpty { throw FileProblem("\(folder) does not exist") }
        return kinds.map { FileEntry(name: $0.key, kind: $0.value) }.sorted { $0.name < $1.name }
    }

    func identity(of path: String) -> String { path }
}

extension MemoryFiles {
    /// Compiles one of the files.
    func compile(_ path: String?, _ set: (inout CompileOptions) -> Void = { _ in }) -> Compilation {
        var options = CompileOptions()
        set(&options)
        return Compiler(self).compileJob(path, options: options)
    }

    /// `CODE` of every finding about the paths.
    func codes(_ paths: String...) -> [String] { Compiler(self).check(paths).diagnostics.map(\.code.id) }
}
