/// Collects files of folders by their names, each file once, in a stable order. Folders whose names start with a dot
/// are skipped, and each folder is entered once. Links to folders are followed unless git's rules count: git follows none.
struct FolderWalk {
    /// Bounds of one walk: more files, folders or levels are not looked at.
    static let maximumFiles = 100_000
    static let maximumFolders = 200_000
    static let maximumDepth = 64

    private struct Folder {
        var path: String
        var depth: Int
        var ignores: [GitIgnore]
    }

    private let reader: any FileReader
    private let wants: (String) -> Bool
    private let respectsGitIgnore: Bool
    private(set) var files: [String] = []
    /// Whether a bound was reached, so that ``files`` may lack some.
    private(set) var isTruncated = false
    /// Folders that could not be looked into.
    private(set) var problems: [(folder: String, problem: FileProblem)] = []
    private var seen: Set<String> = []
    /// Of the walk that goes on.
    private var entered: Set<String> = []
    private var folders = 0
    private var sawDeeper = false

    /// - Parameter respectsGitIgnore: whether what git would ignore is left out.
    init(_ reader: any FileReader, respectsGitIgnore: Bool = false, wants: @escaping (String) -> Bool) {
        self.reader = reader
        self.respectsGitIgnore = respectsGitIgnore
        self.wants = wants
    }

    /// All manifests and jobs of the folder at a path as given, less what git ignores and what settings leave out; nil:
    /// there is no folder.
    static func ofFiles(in path: String, _ reader: any FileReader) -> FolderWalk? {
        let absolute = PathText.absolute(path, from: reader.currentFolder)
        guard path != "-", reader.kind(of: absolute) == .folder else { return nil }
        var walk = FolderWalk(reader, respectsGitIgnore: true) { FileNames.isManifest($0) || FileNames.isJob($0) }
        walk.add(absolute, depth: maximumDepth)
        return walk
    }

    /// The files of `folder`, and of its subfolders down to `depth`.
    mutating func add(_ folder: String, depth: Int) {
        entered = []
        let start = reader.identity(of: folder)
        let ignores = respectsGitIgnore ? GitIgnore.above(start, reader) : []
        var pending = [Folder(path: start, depth: depth, ignores: ignores)]
        while let next = pending.popLast() {
            guard entered.insert(next.path).inserted else { continue }
            folders += 1
            guard folders <= Self.maximumFolders, files.count < Self.maximumFiles else {
                isTruncated = true
                return
            }
            pending += enter(next).reversed()
        }
        if depth >= Self.maximumDepth, sawDeeper { isTruncated = true }
    }

    /// Takes the files of one folder; the folders in it that are to be entered.
    private mutating func enter(_ folder: Folder) -> [Folder] {
        let entries: [FileEntry]
        do throws(FileProblem) { entries = try reader.entries(of: folder.path) } catch {
            problems.append((folder.path, error))
            return []
        }
        if entries.count >= FileLimit.entries { isTruncated = true }
        var ignores = folder.ignores
        if respectsGitIgnore, entries.contains(where: { $0.name == GitIgnore.fileName && $0.kind == .file }),
            let own = GitIgnore(reading: PathText.join(folder.path, GitIgnore.fileName), in: folder.path, reader)
        {
            ignores.append(own)
        }
        if respectsGitIgnore, entries.contains(where: { $0.name == CheckSettings.fileName }),
            let settings = SettingsSearch.read(in: folder.path, reader)
        {
            ignores.append(settings.exclude)
        }
        var inner: [Folder] = []
        for entry in entries {
            let isWanted = entry.kind == .file ? wants(entry.name) : entry.kind == .folder && !entry.name.hasPrefix(".")
            guard isWanted, !(respectsGitIgnore && entry.isLink && entry.kind == .folder) else { continue }
            let path = PathText.join(folder.path, entry.name)
            if GitIgnore.ignores(path, isFolder: entry.kind == .folder, ignores) { continue }
            let identity = entry.isLink ? reader.identity(of: path) : path
            if entry.kind == .file {
                if seen.insert(identity).inserted { files.append(identity) }
            } else if folder.depth > 0 {
                inner.append(Folder(path: identity, depth: folder.depth - 1, ignores: ignores))
            } else {
                sawDeeper = true
            }
        }
        return inner
    }
}
