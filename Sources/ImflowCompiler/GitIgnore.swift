/// The patterns of one `.gitignore` file (gitignore(5)).
package struct GitIgnore: Sendable {
    static let fileName = ".gitignore"
    /// More patterns of one file are not read.
    static let maximumPatterns = 10_000

    /// The folder that the patterns are relative to, absolute.
    private let folder: String
    /// Last first, since the last that matches decides.
    private let patterns: [GitIgnorePattern]

    /// - Parameter text: the file's bytes.
    package init(_ text: [UInt8], in folder: String) {
        self.folder = folder
        let lines = text.split(separator: UInt8(ascii: "\n")).prefix(Self.maximumPatterns)
        patterns = lines.compactMap { GitIgnorePattern(line: $0) }.reversed()
    }

    /// - Parameter lines: patterns, as lines of a `.gitignore` are.
    init(lines: [String], in folder: String) {
        self.init(Array(lines.joined(separator: "\n").utf8), in: folder)
    }

    init?(reading path: String, in folder: String, _ reader: any FileReader) {
        guard let text = try? reader.read(path) else { return nil }
        self.init(text, in: folder)
    }

    /// What is in force in `folder` by the files above it, outermost first: the repository's own excludes, and the
    /// `.gitignore` files and settings from its root down. Outside a repository there are none.
    static func above(_ folder: String, _ reader: any FileReader) -> [GitIgnore] {
        var parents: [String] = []
        var current = folder
        while reader.kind(of: PathText.join(current, ".git")) == nil {
            if current == "/" { return [] }
            current = PathText.parent(current)
            parents.append(current)
        }
        let excludes = GitIgnore(reading: PathText.join(current, ".git/info/exclude"), in: current, reader)
        let files = parents.reversed().flatMap { parent in
            [
                GitIgnore(reading: PathText.join(parent, fileName), in: parent, reader),
                SettingsSearch.read(in: parent, reader)?.exclude,
            ]
        }
        return ([excludes] + files).compactMap { $0 }
    }

    /// Whether the innermost file that says something about an absolute path ignores it. `files` are outermost first.
    package static func ignores(_ path: String, isFolder: Bool, _ files: [GitIgnore]) -> Bool {
        for file in files.reversed() {
            if let verdict = file.verdict(path, isFolder: isFolder) { return verdict }
        }
        return false
    }

    /// Whether a pattern means the file at an absolute path, or a folder that it is in.
    func covers(_ path: String) -> Bool {
        var current = path
        var isFolder = false
        while current != folder, current != "/" {
            if let verdict = verdict(current, isFolder: isFolder) { return verdict }
            current = PathText.parent(current)
            isFolder = true
        }
        return false
    }

    /// Whether the path is ignored; nil: no pattern is about it.
    private func verdict(_ path: String, isFolder: Bool) -> Bool? {
        let relative = PathText.shown(path, from: folder)
        guard !relative.hasPrefix("/") else { return nil }
        let parts = relative.utf8.split(separator: UInt8(ascii: "/")).map { Array($0) }
        for pattern in patterns where pattern.matches(parts, isFolder: isFolder) { return !pattern.isNegated }
        return nil
    }
}
