import Glibc
package import ImflowExecution

/// A content of which a program was given the very file, by a second name. Whoever writes to that file damages the
/// content: this is what it was before.
package struct LinkedContent: Sendable {
    package let hash: ContentHash
    let status: stat
    /// The file was written so shortly before that its time may not tell a change: those of files move by clock ticks.
    let isFresh: Bool

    /// Longer than a tick of any Linux.
    private static let tick: Int64 = 20_000_000

    init(_ hash: ContentHash, _ file: borrowing OpenFile) {
        self.hash = hash
        status = file.status
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        isFresh = Self.nanoseconds(now) - Self.nanoseconds(file.status.st_mtim) < Self.tick
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

extension ContentStore {
    /// Makes a file of a content at `path`, which must be free, and writes no byte where that can be avoided: it shares
    /// blocks until one of the two is written to where the file system can (reflink), is the stored file itself
    /// by another name else (hard link), and only a copy where both fail: another file system, or as many names as a file
    /// can have. It is read-only; but its owner may change that, and root writes all the same.
    /// - Returns: what ``isIntact(_:)`` needs, when it is a hard link. The bytes are not hashed then.
    package func place(_ hash: ContentHash, at path: String) throws(ContentError) -> LinkedContent? {
        let file = try openContent(hash)
        if clones, try clone(file, to: path) { return nil }
        // A store that was restored from an archive may have other modes.
        let isReadOnly = file.status.st_mode & 0o222 == 0 || fchmod(file.descriptor, 0o444) == 0
        if isReadOnly, file.link(to: path) { return LinkedContent(hash, file) }
        try copy(hash, to: path)
        return nil
    }

    private func clone(_ file: borrowing OpenFile, to path: String) throws(ContentError) -> Bool {
        guard file.size > 0 else { return false }
        let target = try OpenFile(creating: path, mode: 0o444)
        if file.clone(to: target) { return true }
        unlink(path)
        clones = false
        return false
    }

    /// Whether a content that was handed out as a link is what it was. Cheap unless the file's time has changed: then its
    /// bytes are hashed again, since a writer of the same content and a hit of the cache renew the time, too.
    package func isIntact(_ link: LinkedContent) throws(ContentError) -> Bool {
        var now = stat()
        guard lstat(path(of: link.hash), &now) == 0, now.st_ino == link.status.st_ino, now.st_size == link.status.st_size
        else { return false }
        if now.st_mode & 0o222 != 0 { chmod(path(of: link.hash), 0o444) }
        if !link.isFresh, now.isUntouched(since: link.status) { return true }
        do throws(ContentError) { return try verify(link.hash) } catch {
            if error.missing { return false }
            throw error
        }
    }

    /// Where damaged contents are kept for whoever wants to know what happened to them.
    package var quarantine: String { folder + "/quarantine" }

    /// Takes a damaged content out of the store: it is missing then, and what made it makes it anew. One that turns out
    /// to be whole stays: it was written anew meanwhile.
    /// - Returns: where it is now; nil when it was not there, or is whole.
    package func setAside(_ hash: ContentHash) throws(ContentError) -> String? {
        try Folder.create(quarantine)
        let name = temporaryFile().split(separator: "/").last.map(String.init) ?? ""
        let aside = quarantine + "/" + hash.hex + "." + name.prefix(8)
        guard rename(path(of: hash), aside) == 0 else {
            if errno == ENOENT { return nil }
            throw ContentError(errno: errno, "move", path(of: hash))
        }
        guard let (found, _) = try? ContentHash.ofFile(aside), found == hash else { return aside }
        if link(aside, path(of: hash)) != 0, errno != EEXIST {
            throw ContentError(errno: errno, "put back", path(of: hash))
        }
        unlink(aside)
        return nil
    }

    /// Removes what was set aside before `cutoff`, in milliseconds since 1970.
    /// - Parameter dryRun: only counts.
    /// - Returns: how many files, and their bytes.
    package func emptyQuarantine(before cutoff: Int64, dryRun: Bool) throws(ContentError) -> (files: Int, bytes: Int64) {
        var freed = (files: 0, bytes: Int64(0))
        guard access(quarantine, F_OK) == 0 else { return freed }
        for name in try Folder.names(in: quarantine) {
            var status = stat()
            let path = quarantine + "/" + name
            // Moving a file there changed this time of it, and no other.
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR,
                Int64(status.st_ctim.tv_sec) * 1000 < cutoff
            else { continue }
            if !dryRun, unlink(path) != 0, errno != ENOENT { throw ContentError(errno: errno, "remove", path) }
            freed = (freed.files + 1, freed.bytes + Int64(status.st_size))
        }
        return freed
    }
}
