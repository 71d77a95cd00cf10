import Glibc
import ImflowContent
import ImflowExecution
import ImflowJSON
import Testing

@Suite struct ContentStoreTests {
    private let folder: TemporaryFolder
    private let store: ContentStore

    init() throws {
        folder = try TemporaryFolder()
        store = try ContentStore(folder: folder.path + "/cas")
    }

    private var leftovers: [String] { get throws { try names(folder.path + "/cas/tmp") } }

    private func names(_ path: String) throws -> [String] {
        guard let listing = opendir(path) else { throw SystemFailure(action: "opendir", code: errno) }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private func damage(_ hash: ContentHash) throws {
        chmod(store.path(of: hash), 0o644)
        var bytes = try #require(contents(store.path(of: hash)))
        bytes[bytes.count / 2] ^= 1
        let descriptor = open(store.path(of: hash), O_WRONLY)
        defer { close(descriptor) }
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
    }

    @Test func whatIsPutIsReadBack() throws {
        let bytes = Array("twelve tiles".utf8)
        let hash = try store.put(bytes)
        #expect(store.contains(hash))
        #expect(store.size(of: hash) == 12)
        #expect(try store.read(hash, limit: 12) == bytes)
        #expect(try store.verify(hash))
        #expect(store.path(of: hash) == folder.path + "/cas/sha256/\(hash.hex.prefix(2))/\(hash.hex.dropFirst(2))")
        #expect(try #require(status(store.path(of: hash))).st_mode & 0o777 == 0o444)
        #expect(try leftovers.isEmpty)
    }

    @Test func emptyContentIsContent() throws {
        let hash = try store.put([])
        #expect(try store.read(hash, limit: 0).isEmpty)
    }

    @Test func existingContentIsNotWrittenAgain() throws {
        let hash = try store.put([1, 2, 3])
        let before = try #require(status(store.path(of: hash)))
        #expect(try store.put([1, 2, 3]) == hash)
        #expect(try #require(status(store.path(of: hash))).st_ino == before.st_ino)
    }

    @Test func truncatedContentIsWrittenAnew() throws {
        let hash = try store.put([1, 2, 3])
        chmod(store.path(of: hash), 0o644)
        #expect(truncate(store.path(of: hash), 1) == 0)
        #expect(try store.put([1, 2, 3]) == hash)
        #expect(try store.verify(hash))
    }

    @Test func moreThanTheLimitIsRefused() throws {
        let hash = try store.put([1, 2, 3])
        let error = #expect(throws: ContentError.self) { try store.read(hash, limit: 2) }
        #expect(error?.sentence.contains("3 bytes") == true)
    }

    @Test func missingContentSaysSo() throws {
        let hash = ContentHash(of: [9])
        #expect(!store.contains(hash))
        #expect(throws: ContentError.self) { try store.verify(hash) }
        let error = #expect(throws: ContentError.self) { try store.read(hash, limit: 9) }
        #expect(error?.missing == true)
        #expect(error?.sentence.contains(hash.description) == true)
    }

    @Test func manyWritersOfOneContentAgree() async throws {
        let bytes = [UInt8](repeating: 7, count: 300_000)
        let path = folder.path + "/cas"
        let hashes = try await withThrowingTaskGroup(of: ContentHash.self) { group in
            for writer in 0..<16 {
                group.addTask {
                    let store = try ContentStore(folder: path)
                    if writer % 2 == 0 { return try store.put(bytes) }
                    let file = store.temporaryFile()
                    let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL, 0o600)
                    defer { close(descriptor) }
                    guard write(descriptor, bytes, bytes.count) == bytes.count else {
                        throw SystemFailure(action: "write", code: errno)
                    }
                    return try store.put(fileAt: file, moving: true).hash
                }
            }
            return try await group.reduce(into: Set<ContentHash>()) { $0.insert($1) }
        }
        #expect(hashes == [ContentHash(of: bytes)])
        #expect(try store.verify(ContentHash(of: bytes)))
        #expect(try leftovers.isEmpty)
    }

    @Test func filesAreCopiedOrMoved() throws {
        let copied = try folder.file("a", [1, 2])
        #expect(try store.put(fileAt: copied, moving: false) == (ContentHash(of: [1, 2]), 2))
        #expect(contents(copied) == [1, 2])
        let moved = try folder.file("b", [3, 4])
        let inode = try #require(status(moved)).st_ino
        let hash = try store.put(fileAt: moved, moving: true).hash
        #expect(status(moved) == nil)
        #expect(try #require(status(store.path(of: hash))).st_ino == inode)
        #expect(try #require(status(store.path(of: hash))).st_mode & 0o777 == 0o444)
    }

    @Test func aMovedFileWithASecondNameIsCopied() throws {
        let path = try folder.file("a", [5])
        let other = folder.path + "/other"
        #expect(link(path, other) == 0)
        let hash = try store.put(fileAt: path, moving: true).hash
        #expect(try #require(status(store.path(of: hash))).st_ino != #require(status(other)).st_ino)
        #expect(status(path) == nil)
    }

    @Test func linksPipesAndFoldersAreNotStored() throws {
        let link = folder.path + "/link"
        #expect(symlink("/etc/passwd", link) == 0)
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        for path in [link, pipe, folder.path, folder.path + "/nothing"] {
            for moving in [false, true] {
                #expect(throws: ContentError.self) { try store.put(fileAt: path, moving: moving) }
            }
        }
        #expect(status(link) != nil)
        #expect(try leftovers.isEmpty)
    }

    @Test func aDamagedByteIsFound() throws {
        let hash = try store.put(Array("the quick brown fox".utf8))
        try damage(hash)
        #expect(try !store.verify(hash))
        let error = #expect(throws: ContentError.self) { try store.read(hash, limit: 100) }
        #expect(error?.corrupt == true)
    }

    @Test func aLinkPlantedInTheStoreIsNoContent() throws {
        let secret = try folder.file("secret", Array("secret".utf8))
        let hash = ContentHash(of: Array("secret".utf8))
        _ = try store.put([0])
        mkdir(folder.path + "/cas/sha256/\(hash.hex.prefix(2))", 0o700)
        #expect(symlink(secret, store.path(of: hash)) == 0)
        #expect(!store.contains(hash))
        #expect(try !store.verify(hash))
        #expect(throws: ContentError.self) { try store.read(hash, limit: 100) }
        #expect(throws: ContentError.self) { try store.copy(hash, to: folder.path + "/out") }
        #expect(try store.all().allSatisfy { $0.hash != hash })
        #expect(try store.put(Array("secret".utf8)) == hash)
        #expect(try #require(status(store.path(of: hash))).st_mode & S_IFMT == S_IFREG)
        #expect(contents(secret) == Array("secret".utf8))
    }

    @Test func aLinkInPlaceOfAShardIsRefused() throws {
        let bytes: [UInt8] = [1, 2, 3]
        let hash = ContentHash(of: bytes)
        let outside = folder.path + "/outside"
        mkdir(outside, 0o700)
        #expect(symlink(outside, folder.path + "/cas/sha256/\(hash.hex.prefix(2))") == 0)
        let error = #expect(throws: ContentError.self) { try store.put(bytes) }
        #expect(error?.corrupt == true)
        #expect(try names(outside).isEmpty)
        #expect(try leftovers.isEmpty)
    }

    @Test func contentsAreListedAndRemoved() throws {
        let hashes = try (0..<40).map { try store.put([UInt8($0)]) }
        _ = try folder.file("cas/sha256/notes.txt", [1])
        let all = try store.all()
        #expect(all.map(\.hash.hex) == hashes.map(\.hex).sorted())
        #expect(all.allSatisfy { $0.size == 1 && $0.modified > 1_600_000_000_000 })
        for hash in hashes { try store.remove(hash) }
        try store.remove(hashes[0])
        #expect(try store.all().isEmpty)
    }

    @Test func leftoversGoByAge() throws {
        let path = store.temporaryFile()
        #expect(path != store.temporaryFile())
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        #expect(write(descriptor, [1, 2, 3, 4, 5], 5) == 5)
        close(descriptor)
        #expect(try store.removeLeftovers(olderThan: 3600) == 0)
        #expect(status(path) != nil)
        #expect(try store.removeLeftovers(olderThan: 0) == 5)
        #expect(status(path) == nil)
    }

    @Test func copiesAreReadOnlyAndNeverOverwrite() throws {
        let hash = try store.put([1, 2, 3])
        let path = folder.path + "/input.png"
        try store.copy(hash, to: path)
        #expect(contents(path) == [1, 2, 3])
        #expect(try #require(status(path)).st_mode & 0o222 == 0)
        let error = #expect(throws: ContentError.self) { try store.copy(hash, to: path) }
        #expect(error?.errnoName == "EEXIST")
    }

    @Test func whoChangesACopyLeavesTheContent() throws {
        let hash = try store.put([1, 2, 3])
        let path = folder.path + "/input.png"
        try store.copy(hash, to: path)
        #expect(chmod(path, 0o600) == 0)
        _ = try folder.file("input.png", [9, 9, 9, 9])
        #expect(try store.verify(hash))
        #expect(try store.read(hash, limit: 10) == [1, 2, 3])
        #expect(try #require(status(store.path(of: hash))).st_mode & 0o222 == 0)
    }

    @Test func damagedContentIsNamedWithAWayOut() throws {
        let hash = try store.put([1, 2, 3])
        try damage(hash)
        let error = #expect(throws: ContentError.self) { try store.read(hash, limit: 100) }
        #expect(error?.sentence.contains("the stored content \(hash) is damaged") == true)
        #expect(error?.sentence.contains("`imflow verify JOB` names what it hit") == true)
        #expect(error?.sentence.contains("run again") == false)
    }

    @Test func smallValuesAreInlineAndLargeOnesStored() throws {
        let small: JSONValue = ["b": 1, "a": "x"]
        let inline = try store.payload(small)
        #expect(inline.inline == #"{"a":"x","b":1}"#)
        #expect(try store.value(of: inline) == small)
        let large = JSONValue.array((0..<10_000).map { .int($0) })
        let stored = try store.payload(large)
        #expect(stored.inline == nil)
        #expect(store.size(of: stored.hash) == Int64(stored.size))
        #expect(try store.value(of: stored) == large)
        let edge = JSONValue.string(String(repeating: "x", count: Payload.inlineLimit - 2))
        #expect(try store.payload(edge).inline != nil)
        #expect(try store.payload(.string(edge.stringValue! + "x")).inline == nil)
    }

    @Test func damagedValuesAreRefused() throws {
        let stored = try store.payload(.string(String(repeating: "x", count: 20_000)))
        try damage(stored.hash)
        let error = #expect(throws: ContentError.self) { try store.value(of: stored) }
        #expect(error?.corrupt == true)
        var inline = try store.payload([1, 2])
        inline.inline = "[1,3]"
        #expect(throws: ContentError.self) { try store.value(of: inline) }
        let text = Array(String(repeating: "no json ", count: 10).utf8)
        let broken = Payload(hash: try store.put(text), size: text.count, inline: nil)
        #expect(throws: ContentError.self) { try store.value(of: broken) }
        let negative = Payload(hash: broken.hash, size: -1, inline: nil)
        #expect(throws: ContentError.self) { try store.value(of: negative) }
    }

    @Test func whatNoReaderTakesBackIsRefused() throws {
        var deep: JSONValue = 1
        for _ in 0..<JSONReader.maximumDepth { deep = [deep] }
        #expect(try store.value(of: store.payload(deep)) == deep)
        #expect(throws: ContentError.self) { try store.payload([deep]) }
        #expect(throws: ContentError.self) { try store.payload(["a": .number(.infinity)]) }
    }

    @Test func manyContentsAtOnce() throws {
        let contents = (0..<500).map { Array("line \($0 % 300)".utf8) }
        let hashes = try store.put(all: contents)
        #expect(hashes == contents.map { ContentHash(of: $0) })
        #expect(try store.all().count == 300)
        #expect(try hashes.allSatisfy { try store.verify($0) })
        #expect(try store.put(all: []).isEmpty)
        #expect(try leftovers.isEmpty)
    }

    @Test func filesBelowAFolderAreCopied() throws {
        mkdir(folder.path + "/work", 0o700)
        mkdir(folder.path + "/work/out", 0o700)
        let path = try folder.file("work/out/a.txt", [1, 2])
        let hash = try store.put(fileBelow: folder.path + "/work", at: ["out", "a.txt"]).hash
        #expect(hash == ContentHash(of: [1, 2]))
        _ = try folder.file("work/out/a.txt", [9, 9])
        #expect(contents(path) == [9, 9])
        #expect(try store.verify(hash))
    }

    @Test func aStagedFileHandedBackIsNotWrittenAgain() throws {
        let hash = try store.put([1, 2])
        try store.copy(hash, to: folder.path + "/staged")
        let inode = try #require(status(store.path(of: hash))).st_ino
        #expect(try store.put(fileBelow: folder.path, at: ["staged"]).hash == hash)
        #expect(try #require(status(store.path(of: hash))).st_ino == inode)
        #expect(try leftovers.isEmpty)
    }

    @Test func noLinkLeadsOutOfTheFolder() throws {
        mkdir(folder.path + "/work", 0o700)
        mkdir(folder.path + "/outside", 0o700)
        let secret = try folder.file("outside/secret", [1])
        #expect(symlink("../outside", folder.path + "/work/out") == 0)
        #expect(symlink(secret, folder.path + "/work/link") == 0)
        for components in [["out", "secret"], ["link"], ["..", "outside", "secret"], ["."], [], [""], ["none"]] {
            #expect(throws: ContentError.self) { try store.put(fileBelow: folder.path + "/work", at: components) }
        }
        #expect(try store.all().isEmpty)
    }
}
