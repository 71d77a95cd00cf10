import Synchronization

/// Files as an editor sees them: texts that are open shadow the disk, and what the disk said of folders is remembered
/// until ``forgetFolders()``. Safe from any thread.
final class SessionFiles: FileReader {
    private struct State {
        var texts: [String: [UInt8]] = [:]
        var kinds: [String: FileKind?] = [:]
        var entries: [String: Result<[FileEntry], FileProblem>] = [:]
        var identities: [String: String] = [:]
    }

    private let disk: any FileReader
    private let state = Mutex(State())

    init(_ disk: any FileReader) { self.disk = disk }

    var currentFolder: String { disk.currentFolder }

    /// Lays a text over the file at `path`, or takes it away again.
    func show(_ text: [UInt8]?, at path: String) { state.withLock { $0.texts[path] = text } }

    func isShown(_ path: String) -> Bool { state.withLock { $0.texts[path] != nil } }

    /// What is in folders, and which links lead where, is asked of the disk again.
    func forgetFolders() {
        state.withLock { state in
            state.kinds = [:]
            state.entries = [:]
            state.identities = [:]
        }
    }

    func read(_ path: String) throws(FileProblem) -> [UInt8] {
        guard let text = state.withLock({ $0.texts[path] }) else { return try disk.read(path) }
        return text
    }

    func readStandardInput() throws(FileProblem) -> [UInt8] {
        throw FileProblem("standard input is not a file of this session", help: "name the file")
    }

    func kind(of path: String) -> FileKind? {
        if isShown(path) { return .file }
        if let known = state.withLock({ $0.kinds[path] }) { return known }
        let kind = disk.kind(of: path)
        state.withLock { $0.kinds[path] = .some(kind) }
        return kind
    }

    func entries(of folder: String) throws(FileProblem) -> [FileEntry] {
        let found = onDisk(folder)
        let shown = shownEntries(of: folder)
        guard !shown.isEmpty else { return try found.get() }
        var all = (try? found.get()) ?? []
        let names = Set(all.map(\.name))
        all += shown.filter { !names.contains($0.name) }
        return all.sorted { $0.name < $1.name }
    }

    private func onDisk(_ folder: String) -> Result<[FileEntry], FileProblem> {
        if let known = state.withLock({ $0.entries[folder] }) { return known }
        var found: Result<[FileEntry], FileProblem>
        do throws(FileProblem) {
            let entries = try disk.entries(of: folder)
            found = .success(entries)
        } catch {
            found = .failure(error)
        }
        state.withLock { $0.entries[folder] = found }
        return found
    }

    /// Open texts in `folder`, saved or not, and the folders that lead to them.
    private func shownEntries(of folder: String) -> [FileEntry] {
        let prefix = folder == "/" ? "/" : folder + "/"
        let rests = state.withLock { state in
            state.texts.keys.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
        }
        var entries: [String: FileKind] = [:]
        for rest in rests {
            let parts = rest.split(separator: "/", maxSplits: 1)
            if let first = parts.first { entries[String(first)] = parts.count > 1 ? .folder : .file }
        }
        return entries.map { FileEntry(name: $0.key, kind: $0.value) }
    }

    func identity(of path: String) -> String {
        if isShown(path) { return path }
        if let known = state.withLock({ $0.identities[path] }) { return known }
        let identity = disk.identity(of: path)
        state.withLock { $0.identities[path] = identity }
        return identity
    }
}
