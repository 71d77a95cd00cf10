package import ImflowCompiler

/// The files of a bundle, as a repository.
package struct BundleReader: FileReader {
    private let files: [String: [UInt8]]
    private let folders: [String: [FileEntry]]

    package init(_ bundle: FileBundle) {
        var files = Dictionary(bundle.files.map { ($0.path, $0.bytes) }, uniquingKeysWith: { first, _ in first })
        files[FileBundle.folder + "/.git/HEAD"] = []
        var folders: [String: [FileEntry]] = [:]
        for path in files.keys.sorted() {
            var child = FileEntry(name: PathText.last(path), kind: .file)
            var folder = PathText.parent(path)
            while true {
                let isNew = folders[folder] == nil
                if folders[folder]?.contains(child) != true { folders[folder, default: []].append(child) }
                guard isNew, folder != "/" else { break }
                child = FileEntry(name: PathText.last(folder), kind: .folder)
                folder = PathText.parent(folder)
            }
        }
        self.files = files
        self.folders = folders.mapValues { $0.sorted { $0.name < $1.name } }
    }

    package var currentFolder: String { FileBundle.folder }

    package func read(_ path: String) throws(FileProblem) -> [UInt8] {
        guard let bytes = files[path] else {
            throw FileProblem("\(path) \(folders[path] == nil ? "does not exist" : "is a folder")")
        }
        return bytes
    }

    package func readStandardInput() throws(FileProblem) -> [UInt8] { throw FileProblem("there is no standard input") }

    package func kind(of path: String) -> FileKind? {
        files[path] != nil ? .file : folders[path] != nil ? .folder : nil
    }

    package func entries(of folder: String) throws(FileProblem) -> [FileEntry] {
        guard let entries = folders[folder] else { throw FileProblem("\(folder) does not exist") }
        return entries
    }

    package func identity(of path: String) -> String { path }
}
