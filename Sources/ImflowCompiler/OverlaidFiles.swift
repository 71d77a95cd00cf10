/// Files of which some have another text than is stored: one that an editor holds, one on standard input, one that a
/// fix would write. A file that is not stored at all is there as well, and in its folder.
package struct OverlaidFiles: FileReader {
    private let base: any FileReader
    private var texts: [String: [UInt8]] = [:]
    /// Names of files that are not stored, by folder.
    private var added: [String: Set<String>] = [:]
    /// Stands for standard input; nil: the real one does.
    package var standardInput: [UInt8]?

    package init(_ base: any FileReader) { self.base = base }

    /// The text of a file, by an absolute path; nil: what is stored.
    package subscript(path: String) -> [UInt8]? {
        get { texts[identity(of: path)] }
        set {
            let identity = identity(of: path)
            texts[identity] = newValue
            let isAdded = newValue != nil && base.kind(of: identity) == nil
            let (folder, name) = (PathText.parent(identity), PathText.last(identity))
            if isAdded { added[folder, default: []].insert(name) } else { added[folder]?.remove(name) }
        }
    }

    package var currentFolder: String { base.currentFolder }

    package func read(_ path: String) throws(FileProblem) -> [UInt8] {
        if let text = texts[path] { return text }
        return try base.read(path)
    }

    package func readStandardInput() throws(FileProblem) -> [UInt8] {
        if let standardInput { return standardInput }
        return try base.readStandardInput()
    }

    package func kind(of path: String) -> FileKind? { texts[path] != nil ? .file : base.kind(of: path) }

    package func entries(of folder: String) throws(FileProblem) -> [FileEntry] {
        guard !added.isEmpty, let names = added[base.identity(of: folder)], !names.isEmpty else {
            return try base.entries(of: folder)
        }
        let new = names.map { FileEntry(name: $0, kind: .file) }
        let stored = base.kind(of: folder) == nil ? [] : try base.entries(of: folder)
        return (stored.filter { !names.contains($0.name) } + new).sorted { $0.name < $1.name }
    }

    /// Links of a file that is not stored are resolved as far as its folder.
    package func identity(of path: String) -> String {
        guard base.kind(of: path) == nil, path != "/" else { return base.identity(of: path) }
        return PathText.join(base.identity(of: PathText.parent(path)), PathText.last(path))
    }
}
