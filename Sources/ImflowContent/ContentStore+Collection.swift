import Glibc
package import ImflowExecution

extension ContentStore {
    /// Everything stored, in the order of the hashes; `size` in bytes, `modified` in milliseconds since 1970. What
    /// is not named like a content, or is no regular file, is passed over.
    package func all() throws(ContentError) -> [(hash: ContentHash, size: Int64, modified: Int64)] {
        var found: [(hash: ContentHash, size: Int64, modified: Int64)] = []
        try forEachName { hash, status in
            guard status.st_mode & S_IFMT == S_IFREG else { return }
            found.append((hash, Int64(status.st_size), Self.milliseconds(status.st_mtim)))
        }
        return found
    }

    /// The names of contents at which something else is: a link, a folder, a pipe.
    package func misplaced() throws(ContentError) -> [ContentHash] {
        var found: [ContentHash] = []
        try forEachName { hash, status in if status.st_mode & S_IFMT != S_IFREG { found.append(hash) } }
        return found
    }

    /// The contents whose hashes, in hexadecimal, begin with `prefix`, of at least two digits.
    package func contents(withPrefix prefix: String) throws(ContentError) -> [ContentHash] {
        var found: [ContentHash] = []
        try forEachName(in: String(prefix.prefix(2))) { hash, _ in if hash.hex.hasPrefix(prefix) { found.append(hash) } }
        return found
    }

    /// - Parameter only: the one shard that is looked at; nil: all.
    private func forEachName(
        in only: String? = nil, _ body: (ContentHash, stat) -> Void
    ) throws(ContentError) {
        let root = folder + "/sha256"
        for shard in try Folder.names(in: root) where shard.utf8.count == 2 && (only ?? shard) == shard {
            var status = stat()
            guard lstat(root + "/" + shard, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { continue }
            for name in try Folder.names(in: root + "/" + shard) {
                guard let hash = ContentHash(hex: shard + name), lstat(path(of: hash), &status) == 0 else { continue }
                body(hash, status)
            }
        }
    }

    /// Missing content is no error: it is gone, as wanted.
    package func remove(_ hash: ContentHash) throws(ContentError) {
        guard unlink(path(of: hash)) == 0 || errno == ENOENT else {
            throw ContentError(errno: errno, "remove", path(of: hash))
        }
    }

    /// Removes a content unless it was written or marked as wanted since `cutoff`, in milliseconds since 1970. Who marks it
    /// while it is being removed finds it missing, or has it kept.
    /// - Returns: whether it is gone.
    package func remove(_ hash: ContentHash, unlessSince cutoff: Int64) throws(ContentError) -> Bool {
        guard Self.isOlder(path(of: hash), than: cutoff) else { return false }
        // Under another name nobody can mark it: what its time says then is the last word.
        let aside = temporaryFile()
        guard rename(path(of: hash), aside) == 0 else {
            if errno == ENOENT { return true }
            throw ContentError(errno: errno, "remove", path(of: hash))
        }
        if Self.isOlder(aside, than: cutoff) {
            unlink(aside)
            return true
        }
        // Where the same content was written anew meanwhile, that stays.
        if link(aside, path(of: hash)) != 0, errno != EEXIST {
            throw ContentError(errno: errno, "put back", path(of: hash))
        }
        unlink(aside)
        return false
    }

    private static func isOlder(_ path: String, than cutoff: Int64) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && milliseconds(status.st_mtim) < cutoff
    }

    /// Removes temporary files that were last written more than `seconds` ago; answers how many bytes they had.
    package func removeLeftovers(olderThan seconds: Int64) throws(ContentError) -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var freed: Int64 = 0
        let root = folder + "/tmp"
        for name in try Folder.names(in: root) {
            var status = stat()
            let path = root + "/" + name
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG || status.st_mode & S_IFMT == S_IFLNK,
                Self.milliseconds(now) - Self.milliseconds(status.st_mtim) >= seconds * 1000
            else { continue }
            guard unlink(path) == 0 || errno == ENOENT else { throw ContentError(errno: errno, "remove", path) }
            freed += Int64(status.st_size)
        }
        return freed
    }

    private static func milliseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
