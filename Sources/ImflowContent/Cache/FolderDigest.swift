import Glibc
import ImflowExecution
import ImflowJSON

/// Hashes what a folder holds. A file that has the place, size and times that it had before is not read again.
package struct FolderDigest: Sendable {
    /// More is not hashed: a model of more files, or of more bytes, has no digest.
    package static let fileLimit = 100_000
    package static let byteLimit: Int64 = 256 << 30
    package static let depthLimit = 64
    /// Made beside a program by whoever runs it or keeps its history; no part of it.
    package static let ignored: Set<String> = ["__pycache__", ".git"]

    private static let schema = "imflow.file-hashes/v1"
    /// A file that was written less than so long before it was hashed may be written again within the same tick of
    /// its times; its hash is not remembered. In nanoseconds.
    private static let settled: Int64 = 2_000_000_000
    private static let memoLimit = 64 << 20

    private let folder: String
    private let excluded: Set<String>
    private let memo: String

    /// - Parameters:
    ///   - excluding: absolute paths of folders that are passed over, such as the state folder.
    ///   - memo: the file where hashes are remembered; its folder is there.
    package init(folder: String, excluding: Set<String>, memo: String) {
        self.folder = folder
        self.memo = memo
        excluded = Set(excluding.compactMap(Self.identity))
    }

    /// - Parameter isCancelled: asked before each file.
    /// - Throws: ``ContentError`` that names the file that cannot be read, or the limit that was passed; nothing is changed
    ///   then but the memory of hashes.
    package func listing(isCancelled: () -> Bool = { false }) throws(ContentError) -> FolderListing {
        var walk = Walk(known: remembered(), startedAt: Self.now())
        defer { if walk.isNew { remember(walk.seen) } }
        var pending: [(path: String, depth: Int)] = [("", 0)]
        while let (path, depth) = pending.popLast() {
            for name in try Folder.names(in: folder + path) where !Self.ignored.contains(name) {
                if isCancelled() { throw ContentError(.other, path: folder, "hashing \(folder) was cancelled") }
                let child = path + "/" + name
                var status = stat()
                guard lstat(folder + child, &status) == 0 else {
                    throw ContentError(errno: errno, "look at", folder + child)
                }
                switch status.st_mode & S_IFMT {
                case S_IFDIR:
                    if excluded.contains(Self.identity(status)) { continue }
                    guard depth < Self.depthLimit else { throw tooMuch("is nested deeper than \(Self.depthLimit) folders") }
                    pending.append((child, depth + 1))
                case S_IFLNK: walk.files[String(child.dropFirst())] = "-> " + (try target(of: folder + child))
                case S_IFREG: try add(child, status, to: &walk)
                default: break
                }
                guard walk.files.count <= Self.fileLimit else { throw tooMuch("has more than \(Self.fileLimit) files") }
            }
        }
        return FolderListing(files: walk.files)
    }

    private struct Walk {
        let known: [String: Remembered]
        let startedAt: Int64
        var files: [String: String] = [:]
        var seen: [String: Remembered] = [:]
        var bytes: Int64 = 0
        /// Something was hashed that can be remembered.
        var isNew = false
    }

    /// What a file was when it was hashed.
    private struct Remembered: Equatable {
        /// Device, inode, size, and the times of the last change of bytes and of names, in nanoseconds.
        var stamp: [Int64]
        var hash: ContentHash
    }

    private func add(_ path: String, _ status: stat, to walk: inout Walk) throws(ContentError) {
        walk.bytes += Int64(status.st_size)
        guard walk.bytes <= Self.byteLimit else { throw tooMuch("holds more than \(Self.byteLimit >> 30) GiB") }
        let stamp = Self.stamp(status)
        let hash: ContentHash
        if let known = walk.known[path], known.stamp == stamp {
            hash = known.hash
        } else {
            hash = try ContentHash.ofFile(folder + path).hash
            walk.isNew = true
        }
        if max(stamp[3], stamp[4]) < walk.startedAt - Self.settled {
            walk.seen[path] = Remembered(stamp: stamp, hash: hash)
        }
        let executable = status.st_mode & 0o111 != 0
        walk.files[String(path.dropFirst())] = hash.description + (executable ? " x" : "")
    }

    private func tooMuch(_ what: String) -> ContentError {
        ContentError(.other, path: folder, "the folder \(folder) \(what): it is not hashed")
    }

    private func target(of link: String) throws(ContentError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(link, &buffer, buffer.count)
        guard count >= 0 else { throw ContentError(errno: errno, "read the link", link) }
        return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Nothing when there is nothing to be read: then all is hashed.
    private func remembered() -> [String: Remembered] {
        guard let file = try? OpenFile(reading: memo), let bytes = try? file.contents(limit: Self.memoLimit),
            let json = try? JSONValue.parse(bytes), json["schema"]?.stringValue == Self.schema,
            json["folder"]?.stringValue == folder, let files = json["files"]?.objectValue
        else { return [:] }
        var known: [String: Remembered] = [:]
        for (path, value) in files {
            guard let items = value.arrayValue, items.count == 6, let hex = items[5].stringValue,
                let hash = ContentHash(hex: hex)
            else { continue }
            known[path] = Remembered(stamp: items.prefix(5).compactMap { $0.intValue.map(Int64.init) }, hash: hash)
        }
        return known
    }

    /// Not being able to is no error: all is hashed again the next time.
    private func remember(_ seen: [String: Remembered]) {
        var files = JSONObject(minimumCapacity: seen.count)
        for (path, item) in seen { files[path] = .array(item.stamp.map { .int($0) } + [.string(item.hash.hex)]) }
        let json: JSONValue = ["schema": .string(Self.schema), "folder": .string(folder), "files": .object(files)]
        let temporary = memo + "." + String(UInt64.random(in: .min ... .max), radix: 16) + ".new"
        guard let file = try? OpenFile(creating: temporary, mode: 0o600) else { return }
        guard (try? file.write(Array(json.text.utf8))) != nil, rename(temporary, memo) == 0 else {
            unlink(temporary)
            return
        }
    }

    private static func stamp(_ status: stat) -> [Int64] {
        [
            Int64(truncatingIfNeeded: status.st_dev), Int64(truncatingIfNeeded: status.st_ino), Int64(status.st_size),
            nanoseconds(status.st_mtim), nanoseconds(status.st_ctim),
        ]
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return nanoseconds(time)
    }

    private static func identity(_ path: String) -> String? {
        var status = stat()
        return stat(path, &status) == 0 ? identity(status) : nil
    }

    private static func identity(_ status: stat) -> String { "\(status.st_dev):\(status.st_ino)" }
}
