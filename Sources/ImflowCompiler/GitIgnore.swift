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

/// One line of a `.gitignore`.
struct GitIgnorePattern: Sendable {
    /// A part between slashes; nil: `**`, any number of parts.
    private let parts: [[UInt8]?]
    let isNegated: Bool
    private let isForFolders: Bool

    /// Nil: a comment or an empty line.
    init?(line: ArraySlice<UInt8>) {
        var line = line
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if line.first == UInt8(ascii: "#") { return nil }
        while line.last == UInt8(ascii: " "), line.dropLast().last != UInt8(ascii: "\\") { line.removeLast() }
        isNegated = line.first == UInt8(ascii: "!")
        if isNegated { line.removeFirst() }
        isForFolders = line.last == UInt8(ascii: "/")
        if isForFolders { line.removeLast() }
        guard !line.isEmpty else { return nil }
        let isAnchored = line.contains(UInt8(ascii: "/"))
        if line.first == UInt8(ascii: "/") { line.removeFirst() }
        var parts: [[UInt8]?] = line.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            $0.elementsEqual("**".utf8) ? nil : Array($0)
        }
        if !isAnchored { parts.insert(nil, at: 0) }
        self.parts = parts
    }

    /// Whether the path with these parts, relative to the pattern's folder, is meant.
    func matches(_ path: [[UInt8]], isFolder: Bool) -> Bool {
        if isForFolders, !isFolder { return false }
        // Greedy with one way back suffices, because what is not `**` takes exactly one part.
        var (pattern, part) = (0, 0)
        var back: (pattern: Int, part: Int)?
        while part < path.count {
            if pattern < parts.count, parts[pattern] == nil {
                back = (pattern, part)
                pattern += 1
                // At the end `**` takes at least one part: `a/**` does not mean `a`.
                if pattern == parts.count { return true }
            } else if pattern < parts.count, let own = parts[pattern], Glob.matches(path[part][...], own[...]) {
                pattern += 1
                part += 1
            } else if let last = back {
                back = (last.pattern, last.part + 1)
                (pattern, part) = (last.pattern + 1, last.part + 1)
            } else {
                return false
            }
        }
        return pattern == parts.count
    }
}

/// Patterns of file names: `*`, `?`, `[a-z]`, `[!a-z]`, and `\` before a character that means itself.
enum Glob {
    static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (name, pattern) = (name, pattern)
        var back: (name: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while !name.isEmpty {
            if pattern.first == UInt8(ascii: "*") {
                pattern.removeFirst()
                back = (name, pattern)
            } else if let rest = step(name[name.startIndex], pattern) {
                name.removeFirst()
                pattern = rest
            } else if var last = back {
                last.name.removeFirst()
                back = last
                (name, pattern) = last
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// What is left of the pattern when its first element takes `byte`; nil: it does not.
    private static func step(_ byte: UInt8, _ pattern: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let first = pattern.first else { return nil }
        let rest = pattern.dropFirst()
        switch first {
        case UInt8(ascii: "?"): return rest
        case UInt8(ascii: "["): return setStep(byte, rest)
        case UInt8(ascii: "\\"): return rest.first == byte ? rest.dropFirst() : nil
        default: return first == byte ? rest : nil
        }
    }

    /// Takes one byte by a set whose `[` is behind us; a set without its end matches nothing.
    private static func setStep(_ byte: UInt8, _ pattern: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = pattern
        let isNegated = rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^")
        if isNegated { rest.removeFirst() }
        var isIn = false
        var isFirst = true
        while let low = rest.popFirst() {
            if low == UInt8(ascii: "]"), !isFirst { return isIn != isNegated ? rest : nil }
            isFirst = false
            guard let from = low == UInt8(ascii: "\\") ? rest.popFirst() : low else { return nil }
            var to = from
            if rest.first == UInt8(ascii: "-"), let end = rest.dropFirst().first, end != UInt8(ascii: "]") {
                rest.removeFirst(2)
                guard let high = end == UInt8(ascii: "\\") ? rest.popFirst() : end else { return nil }
                to = high
            }
            if from <= byte, byte <= to { isIn = true }
        }
        return nil
    }
}
