/// Collects files of folders by their names, each file once, in a stable order.
struct FolderWalk {
    /// Bounds of one walk: more files, folders or levels are not looked at.
    static let maximumFiles = 4000
    static let maximumFolders = 20_000
    static let maximumDepth = 8

    private let reader: any FileReader
    private let wants: (String) -> Bool
    private(set) var files: [String] = []
    private var seen: Set<String> = []
    private var folders = 0

    init(_ reader: any FileReader, wants: @escaping (String) -> Bool) {
        self.reader = reader
        self.wants = wants
    }

    /// The files of `folder`, and of its subfolders down to `depth`; folders whose names start with a dot are skipped.
    mutating func add(_ folder: String, depth: Int) {
        var pending = [(path: folder, depth: depth)]
        while let (path, depth) = pending.popLast() {
            folders += 1
            guard folders <= Self.maximumFolders, files.count < Self.maximumFiles else { return }
            guard let entries = try? reader.entries(of: path) else { continue }
            for entry in entries where entry.kind == .file && wants(entry.name) {
                let identity = reader.identity(of: PathText.join(path, entry.name))
                if seen.insert(identity).inserted { files.append(identity) }
            }
            guard depth > 0 else { continue }
            for entry in entries.reversed() where entry.kind == .folder && !entry.name.hasPrefix(".") {
                pending.append((PathText.join(path, entry.name), depth - 1))
            }
        }
    }
}
