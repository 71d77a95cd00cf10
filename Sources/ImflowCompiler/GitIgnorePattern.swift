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
