import Synchronization

/// A reader that looks into each folder once. A check walks a repository, and so does the search for models that its files
/// name; what stands in a folder meanwhile is not expected to change.
final class FolderCache: FileReader {
    private let reader: any FileReader
    private let known = Mutex<[String: Result<[FileEntry], FileProblem>]>([:])

    init(_ reader: any FileReader) { self.reader = reader }

    var currentFolder: String { reader.currentFolder }

    func entries(of folder: String) throws(FileProblem) -> [FileEntry] {
        if let result = known.withLock({ $0[folder] }) { return try result.get() }
        let result: Result<[FileEntry], FileProblem>
        do throws(FileProblem) { result = .success(try reader.entries(of: folder)) } catch { result = .failure(error) }
        known.withLock { $0[folder] = result }
        return try result.get()
    }

    func read(_ path: String) throws(FileProblem) -> [UInt8] { try reader.read(path) }
    func readStandardInput() throws(FileProblem) -> [UInt8] { try reader.readStandardInput() }
    func kind(of path: String) -> FileKind? { reader.kind(of: path) }
    func identity(of path: String) -> String { reader.identity(of: path) }
}
