import Dispatch
import Glibc
package import ImflowExecution
import Synchronization

/// Immutable bytes by their SHA-256: `sha256/ab/<62 hexadecimal digits>` below the folder, and `tmp` for what is being
/// written. What has its name there was written whole and synchronized first. Safe for many threads and processes.
package final class ContentStore: Sendable {
    /// Absolute, or relative to where the program was started.
    package let folder: String
    private static let parallelWrites = 16
    private var temporaryFolder: String { folder + "/tmp" }
    /// Whether the file system can let two files share blocks; found out by trying.
    private let cloning = Atomic(true)
    var clones: Bool {
        get { cloning.load(ordering: .relaxed) }
        set { cloning.store(newValue, ordering: .relaxed) }
    }

    /// Makes the folders when they are not there.
    package init(folder: String) throws(ContentError) {
        self.folder = folder
        try Folder.create(folder + "/sha256")
        try Folder.create(folder + "/tmp")
        guard access(folder + "/tmp", W_OK | X_OK) == 0 else { throw ContentError(errno: errno, "write in", folder) }
    }

    /// Of a store that is only read: nothing is made, and it may lie where nobody can write. One that is not there is
    /// a `missing` error.
    package init(reading folder: String) throws(ContentError) {
        self.folder = folder
        guard access(folder + "/sha256", R_OK | X_OK) == 0 else {
            throw ContentError(errno: errno, "read the content store", folder)
        }
    }

    package func path(of hash: ContentHash) -> String { shardFolder(hash) + "/" + hash.hex.dropFirst(2) }

    private func shardFolder(_ hash: ContentHash) -> String { folder + "/sha256/" + hash.hex.prefix(2) }

    /// Whether a regular file has the content's name; its bytes are not looked at.
    package func contains(_ hash: ContentHash) -> Bool { size(of: hash) != nil }

    /// In bytes; nil when the content is not there.
    package func size(of hash: ContentHash) -> Int64? {
        var status = stat()
        guard lstat(path(of: hash), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }

    /// A fresh path on the store's file system, for downloads and writers of images; nothing is made there. What is
    /// left over by a crash goes with ``removeLeftovers(olderThan:)``.
    package func temporaryFile() -> String {
        var random = SystemRandomNumberGenerator()
        let name = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
        return temporaryFolder + "/" + Hexadecimal.text(name)
    }

    /// Stores bytes: written aside, synchronized, renamed. Content that is there is not written again.
    package func put(_ bytes: [UInt8]) throws(ContentError) -> ContentHash {
        let hash = ContentHash(of: bytes)
        if try renew(hash, size: Int64(bytes.count)) { return hash }
        let path = temporaryFile()
        do throws(ContentError) {
            let file = try OpenFile(creating: path, mode: 0o444)
            try file.write(bytes)
            try file.synchronize()
            try publish(path, as: hash)
            try Folder.synchronize(shardFolder(hash))
        } catch {
            unlink(path)
            throw error
        }
        return hash
    }

    /// Stores many contents, as ``put(_:)`` does each, several at a time: they wait for the disk together.
    package func put(all contents: [[UInt8]]) throws(ContentError) -> [ContentHash] {
        let failure = Mutex<ContentError?>(nil)
        let width = min(Self.parallelWrites, contents.count)
        DispatchQueue.concurrentPerform(iterations: width) { worker in
            for index in stride(from: worker, to: contents.count, by: width) where failure.withLock({ $0 == nil }) {
                do throws(ContentError) { _ = try put(contents[index]) } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
        return contents.map { ContentHash(of: $0) }
    }

    /// Stores a file: renamed in when `moving` and nothing else can still change it by another name, copied else.
    /// A moved file is gone from `path`. Symbolic links and what is not a regular file are refused.
    package func put(fileAt path: String, moving: Bool) throws(ContentError) -> (hash: ContentHash, size: Int64) {
        let source = try OpenFile(reading: path)
        if moving, let stored = try adopt(source) { return stored }
        let stored = try copyIn(source)
        if moving { unlink(path) }
        return stored
    }

    /// Stores a file that another program made below `folder`. `components` lead from the folder to it; none of them may
    /// be a symbolic link, not even one put there just now.
    /// - Parameter sharing: the program has ended: where nobody has the file open for writing, the store's file and that
    ///   one become the same, which is read-only then, and no byte is written. Else it is copied, since it may be
    ///   written again.
    package func put(
        fileBelow folder: String, at components: [String], sharing: Bool = false
    ) throws(ContentError) -> (hash: ContentHash, size: Int64) {
        let path = ([folder] + components).joined(separator: "/")
        guard let name = components.last, !components.contains(where: { ["", ".", ".."].contains($0) }) else {
            throw ContentError(.missing, path: path, "\(path) names no file")
        }
        let parent = try FolderDescriptor(folder, below: components.dropLast())
        let source = try OpenFile(reading: path, name: name, in: parent.number)
        if sharing, let stored = try share(source) { return stored }
        return try copyIn(source)
    }

    /// Gives the file a second name, in the store. Its first stays: who is interrupted here, and looks again, finds it.
    /// Nil when the file must be copied: it has another name, another owner, a writer, or lies on another file system.
    private func share(_ source: borrowing OpenFile) throws(ContentError) -> (hash: ContentHash, size: Int64)? {
        guard source.linkCount == 1, source.status.st_uid == geteuid() else { return nil }
        let temporary = temporaryFile()
        guard source.link(to: temporary) else { return nil }
        do throws(ContentError) {
            // A model may have set the file's time back: it is what the collection of garbage goes by.
            guard fchmod(source.descriptor, 0o444) == 0, futimens(source.descriptor, nil) == 0,
                let before = source.current, before.st_nlink == 2, source.hasNoWriter
            else {
                unlink(temporary)
                return nil
            }
            let (hash, size) = try source.digest()
            guard let after = source.current, after.isUntouched(since: before) else {
                unlink(temporary)
                try source.rewind()
                return nil
            }
            try settle(temporary, source, hash, size: size)
            return (hash, size)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Nil when the file must be copied: it has a second name, another owner, or lies on another file system.
    private func adopt(_ source: borrowing OpenFile) throws(ContentError) -> (hash: ContentHash, size: Int64)? {
        guard source.linkCount == 1, source.status.st_uid == geteuid() else { return nil }
        let temporary = temporaryFile()
        guard rename(source.path, temporary) == 0 else {
            if errno == EXDEV { return nil }
            throw ContentError(errno: errno, "move", source.path)
        }
        do throws(ContentError) {
            var moved = stat()
            guard lstat(temporary, &moved) == 0, moved.st_ino == source.status.st_ino else {
                throw ContentError(.other, path: source.path, "\(source.path) was replaced while it was being stored")
            }
            guard fchmod(source.descriptor, 0o444) == 0 else {
                throw ContentError(errno: errno, "make read-only", source.path)
            }
            let (hash, size) = try source.digest()
            try settle(temporary, source, hash, size: size)
            return (hash, size)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private func copyIn(_ source: borrowing OpenFile) throws(ContentError) -> (hash: ContentHash, size: Int64) {
        if source.status.st_mode & 0o222 == 0 {
            // Often a file of this store that was staged, and is handed back.
            let (hash, size) = try source.digest()
            if try renew(hash, size: size) { return (hash, size) }
            try source.rewind()
        }
        let temporary = temporaryFile()
        do throws(ContentError) {
            let target = try OpenFile(creating: temporary, mode: 0o444)
            // Blocks that are shared until one of the two files is written to are as good as a copy.
            let (hash, size) = source.clone(to: target) ? try target.digest() : try source.copy(to: target)
            try settle(temporary, target, hash, size: size)
            return (hash, size)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Gives the temporary file, open as `file`, its name, unless its content is there already.
    func settle(
        _ temporary: String, _ file: borrowing OpenFile, _ hash: ContentHash, size: Int64
    ) throws(ContentError) {
        if try renew(hash, size: size) {
            unlink(temporary)
            return
        }
        try file.synchronize()
        try publish(temporary, as: hash)
        try Folder.synchronize(shardFolder(hash))
    }

    /// Whether the content is there already. Its time becomes now, so that who collects garbage by age spares what
    /// is about to be referred to; and its name lasts, even if another writer gave it a moment ago. A file of another
    /// size is damaged, and written anew.
    private func renew(_ hash: ContentHash, size: Int64) throws(ContentError) -> Bool {
        guard self.size(of: hash) == size, utimensat(AT_FDCWD, path(of: hash), nil, AT_SYMLINK_NOFOLLOW) == 0 else {
            return false
        }
        try Folder.synchronize(shardFolder(hash))
        return true
    }

    /// Marks a content as wanted now, so that who collects garbage by age spares it.
    /// - Returns: false when it is not there.
    package func renew(_ hash: ContentHash) -> Bool {
        utimensat(AT_FDCWD, path(of: hash), nil, AT_SYMLINK_NOFOLLOW) == 0
    }

    private func publish(_ temporary: String, as hash: ContentHash) throws(ContentError) {
        let shard = shardFolder(hash)
        if mkdir(shard, 0o700) == 0 {
            try Folder.synchronize(Folder.parent(of: shard))
        } else if errno != EEXIST {
            throw ContentError(errno: errno, "create the folder", shard)
        }
        try checkShard(shard)
        guard rename(temporary, path(of: hash)) == 0 else { throw ContentError(errno: errno, "write", path(of: hash)) }
    }

    /// A link in place of a shard's folder would carry content out of the store.
    private func checkShard(_ shard: String) throws(ContentError) {
        var status = stat()
        guard lstat(shard, &status) == 0 else { throw ContentError(errno: errno, "look at", shard) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw ContentError(.corrupt, path: shard, "\(shard) is not a folder; something else wrote there: remove it")
        }
    }

    /// Opens a content for reading; neither its name nor its shard's may be a link.
    func openContent(_ hash: ContentHash) throws(ContentError) -> OpenFile {
        let shard = shardFolder(hash)
        let descriptor = open(shard, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            if code == ENOENT { throw Self.missing(hash, path(of: hash)) }
            if code == ENOTDIR || code == ELOOP { try checkShard(shard) }
            throw ContentError(errno: code, "open", shard)
        }
        defer { close(descriptor) }
        do throws(ContentError) {
            return try OpenFile(reading: path(of: hash), name: String(hash.hex.dropFirst(2)), in: descriptor)
        } catch {
            throw error.missing ? Self.missing(hash, path(of: hash)) : error
        }
    }

    private static func missing(_ hash: ContentHash, _ path: String) -> ContentError {
        ContentError(
            .missing, path: path, errnoName: "ENOENT", "the content store lacks \(hash); run again what made it")
    }
}
