import Dispatch
import Glibc
package import ImflowExecution
import ImflowJSON

/// Results by the keys of their calls: a small file each, beside the content store that holds what they refer to. Files, and
/// no table of the database: who carries out work never sees the database, a result that is noted must not wait for the
/// journal's next commit, and a lock on a file ends with the process that held it. An entry that a power cut takes or tears
/// costs a call, nothing else. Safe for many threads and processes.
package final class ResultCache: Sendable {
    /// What looking for a key came to.
    package enum Finding: Sendable {
        /// Re-hashed: the result and every file that it names are what they were.
        case hit(CacheEntry)
        case missing
        /// It was there, but not whole; it is dropped.
        case damaged
    }

    /// Of an entry's file, in bytes.
    private static let entryLimit = 1 << 20

    package let folder: String
    private let content: ContentStore
    private let queue = DispatchQueue(label: "imflow.cache", attributes: .concurrent)

    /// Makes the folders when they are not there.
    package init(folder: String, content: ContentStore) throws(ContentError) {
        self.folder = folder
        self.content = content
        try Folder.create(folder + "/entries")
        try Folder.create(folder + "/flights")
    }

    private func path(of key: ContentHash) -> String {
        folder + "/entries/" + key.hex.prefix(2) + "/" + key.hex.dropFirst(2)
    }

    private func flightPath(of key: ContentHash) -> String { folder + "/flights/" + key.hex }

    /// Looks for a result and, when there is one, makes sure of it and marks it as used now.
    package func find(_ key: ContentHash) async -> Finding {
        await aside { [self] in look(for: key) }
    }

    /// Writes a result down for others. One that is there is replaced.
    package func record(_ entry: CacheEntry) async throws(ContentError) {
        let failure = await aside { [self] () -> ContentError? in
            do throws(ContentError) {
                try write(entry)
                return nil
            } catch { return error }
        }
        if let failure { throw failure }
    }

    /// - Parameter holder: what those who wait are told of the caller.
    /// - Returns: nil when somebody makes the call already.
    package func flight(of key: ContentHash, holder: String) throws(ContentError) -> CacheFlight? {
        try CacheFlight.take(flightPath(of: key), holder: holder)
    }

    package func flightHolder(of key: ContentHash) -> String? { CacheFlight.holder(flightPath(of: key)) }

    /// Missing is no error.
    package func remove(_ key: ContentHash) throws(ContentError) {
        guard unlink(path(of: key)) == 0 || errno == ENOENT else {
            throw ContentError(errno: errno, "remove", path(of: key))
        }
    }

    /// The entry as it stands there, nothing of it hashed; nil when there is none, or none that can be read.
    package func entry(_ key: ContentHash) -> CacheEntry? {
        guard let file = try? OpenFile(reading: path(of: key)), let bytes = try? file.contents(limit: Self.entryLimit),
            let json = try? JSONValue.parse(bytes), let entry = CacheEntry(json), entry.key == key
        else { return nil }
        return entry
    }

    /// Every entry's key, with the size of its file in bytes and when it was last used, in milliseconds since 1970.
    package func all() throws(ContentError) -> [(key: ContentHash, size: Int64, usedAt: Int64)] {
        var found: [(key: ContentHash, size: Int64, usedAt: Int64)] = []
        let root = folder + "/entries"
        for part in try Folder.names(in: root) where part.utf8.count == 2 {
            for name in (try? Folder.names(in: root + "/" + part)) ?? [] {
                var status = stat()
                guard let key = ContentHash(hex: part + name), lstat(path(of: key), &status) == 0,
                    status.st_mode & S_IFMT == S_IFREG
                else { continue }
                let time = Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
                found.append((key, Int64(status.st_size), time))
            }
        }
        return found
    }

    /// Removes what killed processes left behind: locks that nobody holds, and entries that were not finished.
    package func removeLeftovers() throws(ContentError) {
        for name in try Folder.names(in: folder + "/flights") {
            try CacheFlight.take(folder + "/flights/" + name, holder: "")?.end()
        }
        for part in try Folder.names(in: folder + "/entries") {
            for name in (try? Folder.names(in: folder + "/entries/" + part)) ?? [] where name.hasSuffix(".new") {
                // Its writer may be at work: then the rename fails, and the result is not noted.
                unlink(folder + "/entries/" + part + "/" + name)
            }
        }
    }

    private func look(for key: ContentHash) -> Finding {
        guard access(path(of: key), F_OK) == 0 else { return .missing }
        guard let entry = entry(key), isIntact(entry.result) else {
            unlink(path(of: key))
            return .damaged
        }
        utimensat(AT_FDCWD, path(of: key), nil, AT_SYMLINK_NOFOLLOW)
        return .hit(entry)
    }

    /// Each content is marked as wanted before it is hashed: what is whole then stays, whoever collects garbage meanwhile.
    private func isIntact(_ result: Payload) -> Bool {
        if result.inline == nil, !content.renew(result.hash) { return false }
        guard let files = try? content.namedFiles(in: result) else {
            if result.inline == nil { discard(result.hash) }
            return false
        }
        var seen: Set<ContentHash> = []
        for reference in files where seen.insert(reference.hash).inserted {
            guard content.renew(reference.hash) else { return false }
            guard (try? content.verify(reference.hash)) == true else {
                discard(reference.hash)
                return false
            }
        }
        return true
    }

    /// Damaged content would stay in the way of the same content made anew.
    private func discard(_ hash: ContentHash) { try? content.remove(hash) }

    private func write(_ entry: CacheEntry) throws(ContentError) {
        let path = path(of: entry.key)
        try Folder.create(Folder.parent(of: path))
        let temporary = path + "." + String(UInt64.random(in: .min ... .max), radix: 16) + ".new"
        do throws(ContentError) {
            let file = try OpenFile(creating: temporary, mode: 0o600)
            try file.write(entry.json.canonicalBytes())
            guard rename(temporary, path) == 0 else { throw ContentError(errno: errno, "write", path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Hashing may take long, and the threads that all tasks share must stay free.
    private func aside<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { answer in queue.async { answer.resume(returning: body()) } }
    }
}
