import Glibc
package import ImflowContent
internal import ImflowExecution
internal import ImflowJSON

/// What fetches of all processes on one state folder share: which are under way, what came of them, and what is left of
/// those that broke off. All of it may be removed at any time: then something is fetched again.
package struct FetchFolder: Sendable {
    private let root: String
    /// How long what is left of a download, and what one came to, are kept without being used; in seconds.
    private static let ages: [(folder: String, age: Int64)] = [("partial", 7 * 24 * 3600), ("notes", 90 * 24 * 3600)]
    private static let noteLimit = 4096

    /// Makes the folders when they are not there.
    package init(_ root: String) throws(ContentError) {
        self.root = root
        for name in ["flights", "notes", "partial"] { try Folder.create(root + "/" + name) }
        for (name, age) in Self.ages { removeOld(in: root + "/" + name, age: age) }
    }

    /// What one fetch came to.
    struct Note: Equatable {
        var reference: ContentReference
        /// Another one each time it is written.
        var serial: String
    }

    func partialPath(_ key: ContentHash) -> String { root + "/partial/" + key.hex }

    /// Nil when somebody fetches it already.
    func flight(_ key: ContentHash) throws(ContentError) -> CacheFlight? {
        try CacheFlight.take(root + "/flights/" + key.hex, holder: "pid \(getpid())")
    }

    /// One that is read counts as used.
    func note(_ key: ContentHash) -> Note? {
        utimensat(AT_FDCWD, notePath(key), nil, AT_SYMLINK_NOFOLLOW)
        guard let bytes = read(notePath(key)), let json = try? JSONValue.parse(bytes),
            let reference = json["file"]?.stringValue.flatMap({ ContentReference($0) }),
            let serial = json["serial"]?.stringValue
        else { return nil }
        return Note(reference: reference, serial: serial)
    }

    /// A note that cannot be written costs a fetch, nothing else.
    func write(_ reference: ContentReference, for key: ContentHash) {
        let serial = String(UInt64.random(in: .min ... .max), radix: 16)
        let json: JSONValue = ["file": .string(reference.text), "serial": .string(serial)]
        let temporary = notePath(key) + "." + serial
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        let bytes = json.canonicalBytes()
        let isWhole = Glibc.write(descriptor, bytes, bytes.count) == bytes.count
        close(descriptor)
        if !isWhole || rename(temporary, notePath(key)) != 0 { unlink(temporary) }
    }

    private func notePath(_ key: ContentHash) -> String { root + "/notes/" + key.hex }

    private func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.noteLimit) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, Self.noteLimit, 0))
        }
        return bytes
    }

    private func removeOld(in path: String, age: Int64) {
        guard let folder = opendir(path) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            var status = stat()
            guard lstat(path + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                Int64(time(nil)) - Int64(status.st_mtim.tv_sec) > age
            else { continue }
            unlink(path + "/" + name)
        }
    }
}
