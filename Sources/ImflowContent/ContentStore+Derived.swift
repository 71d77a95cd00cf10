import Glibc
package import ImflowExecution

/// Content that is made of other content by a fixed recipe, and is found again by what it was made of: small notes in
/// the folder `derived`. All of them may be removed at any time, and so may what they name: it is made again.
extension ContentStore {
    private static let noteLimit = 1024
    /// In seconds: less than the time by which a collection of garbage spares more than what live attempts have stored. Who has
    /// a link to a file looks at it again when its time changes, so it does so seldom.
    private static let renewal = 50

    /// What `recipe` has made of `source`, marked as wanted now so that who collects garbage spares it; nil when it is not
    /// there (any more). Its bytes are not re-hashed. `recipe` is a name that fits a file's: letters, digits and dashes.
    package func derived(from source: ContentHash, by recipe: String) -> ContentHash? {
        guard let file = try? OpenFile(reading: notePath(source, recipe)),
            let bytes = try? file.contents(limit: Self.noteLimit),
            let hash = ContentHash(hex: String(decoding: bytes, as: UTF8.self)), keep(hash)
        else { return nil }
        return hash
    }

    /// Marks what was derived as wanted by an attempt that has begun.
    /// - Returns: false when it is not there.
    package func keep(_ hash: ContentHash) -> Bool {
        var status = stat()
        guard lstat(path(of: hash), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        let age = time(nil) - status.st_mtim.tv_sec
        return (0..<Self.renewal).contains(age) || renew(hash)
    }

    /// Notes that `content` was made of `source`. A note that is there is replaced.
    package func note(_ content: ContentHash, derivedFrom source: ContentHash, by recipe: String) throws(ContentError) {
        try Folder.create(noteFolder)
        let temporary = temporaryFile()
        do throws(ContentError) {
            let file = try OpenFile(creating: temporary, mode: 0o600)
            try file.write(Array(content.hex.utf8))
            let path = notePath(source, recipe)
            guard rename(temporary, path) == 0 else { throw ContentError(errno: errno, "write", path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Drops the note, as when what it names is not what it should be. Missing is no error.
    package func forget(derivedFrom source: ContentHash, by recipe: String) { unlink(notePath(source, recipe)) }

    /// The right to make it while others wait for it, in this process and in others that use the store.
    /// - Parameter progress: what those who wait read meanwhile; see ``CacheFlight/tell(_:)``.
    /// - Returns: nil when somebody makes it already.
    package func derivation(
        from source: ContentHash, by recipe: String, progress: String
    ) throws(ContentError) -> CacheFlight? {
        try CacheFlight.take(flightPath(source, recipe), holder: progress)
    }

    /// What the one who makes it has told last; nil when nobody does.
    package func derivationProgress(from source: ContentHash, by recipe: String) -> String? {
        CacheFlight.holder(flightPath(source, recipe))
    }

    /// The temporary file that another process named in its progress; nil when `name` is none.
    package func temporaryFile(named name: String) -> String? {
        guard name.utf8.count == 32, name.utf8.allSatisfy({ isxdigit(Int32($0)) != 0 }) else { return nil }
        return folder + "/tmp/" + name
    }

    /// Removes notes whose content is gone.
    package func removeStaleNotes() throws(ContentError) {
        guard access(noteFolder, F_OK) == 0 else { return }
        for name in try Folder.names(in: noteFolder) {
            let path = noteFolder + "/" + name
            guard let file = try? OpenFile(reading: path), let bytes = try? file.contents(limit: Self.noteLimit) else {
                continue
            }
            let hash = ContentHash(hex: String(decoding: bytes, as: UTF8.self))
            if hash.map({ !contains($0) }) ?? true { unlink(path) }
        }
    }

    private var noteFolder: String { folder + "/derived" }
    private func notePath(_ source: ContentHash, _ recipe: String) -> String { "\(noteFolder)/\(source.hex).\(recipe)" }
    /// Among the temporary files: what a killed process leaves goes with them.
    private func flightPath(_ source: ContentHash, _ recipe: String) -> String {
        "\(folder)/tmp/\(source.hex).\(recipe)"
    }
}
