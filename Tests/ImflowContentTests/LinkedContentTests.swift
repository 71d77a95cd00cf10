import Glibc
import ImflowContent
import ImflowExecution
import Testing

/// Files that the content store hands out and takes in without writing them.
@Suite struct LinkedContentTests {
    private let folder: TemporaryFolder
    private let store: ContentStore
    /// Longer than a tick of the file system's clock: changes are told by a file's time.
    private static let old = timespec(tv_sec: 1_700_000_000, tv_nsec: 0)

    init() throws {
        folder = try TemporaryFolder()
        store = try ContentStore(folder: folder.path + "/cas")
    }

    private func overwrite(_ path: String, _ text: String) throws {
        chmod(path, 0o644)
        let descriptor = open(path, O_WRONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        #expect(write(descriptor, text, text.utf8.count) == text.utf8.count)
    }

    /// A content whose time is long ago, and a link to it; nil where the file system lets files share blocks instead.
    private func linked(_ text: String, at name: String = "input") throws -> (hash: ContentHash, link: LinkedContent)? {
        let hash = try store.put(Array(text.utf8))
        var times = [Self.old, Self.old]
        #expect(utimensat(AT_FDCWD, store.path(of: hash), &times, 0) == 0)
        return try store.place(hash, at: folder.path + "/" + name).map { (hash, $0) }
    }

    @Test func aPlacedContentIsTheStoredFile() throws {
        let hash = try store.put([1, 2, 3])
        let path = folder.path + "/input"
        let link = try store.place(hash, at: path)
        #expect(contents(path) == [1, 2, 3])
        #expect(try #require(status(path)).st_mode & 0o777 == 0o444)
        if link != nil {
            #expect(try #require(status(path)).st_ino == #require(status(store.path(of: hash))).st_ino)
        }
        let error = #expect(throws: ContentError.self) { try store.place(hash, at: path) }
        #expect(error?.errnoName == "EEXIST")
        #expect(throws: ContentError.self) { try store.place(ContentHash(of: [7]), at: folder.path + "/none") }
        #expect(status(folder.path + "/none") == nil)
    }

    @Test func aContentWithOddModesIsMadeReadOnly() throws {
        let hash = try store.put([1, 2, 3])
        #expect(chmod(store.path(of: hash), 0o666) == 0)
        _ = try store.place(hash, at: folder.path + "/input")
        #expect(try #require(status(folder.path + "/input")).st_mode & 0o222 == 0)
    }

    @Test func whatWasOnlyReadOrRenewedIsIntact() throws {
        guard let (hash, link) = try linked("precious") else { return }
        _ = contents(folder.path + "/input")
        unlink(folder.path + "/input")
        #expect(try store.isIntact(link))
        #expect(store.renew(hash))
        #expect(try store.isIntact(link))
        chmod(store.path(of: hash), 0o644)
        #expect(try store.isIntact(link))
        #expect(try #require(status(store.path(of: hash))).st_mode & 0o777 == 0o444)
    }

    @Test(arguments: ["spoiled!", "PREC", "preciousness"])
    func whoWritesThroughALinkIsFoundOut(text: String) throws {
        guard let (hash, link) = try linked("precious") else { return }
        try overwrite(folder.path + "/input", text)
        #expect(try !store.isIntact(link))
        let aside = try #require(try store.setAside(hash))
        #expect(aside.hasPrefix(store.quarantine + "/" + hash.hex))
        #expect(contents(aside)?.starts(with: text.utf8) == true)
        #expect(!store.contains(hash))
        #expect(try !store.isIntact(link))
        #expect(try store.setAside(hash) == nil)
        #expect(try store.put(Array("precious".utf8)) == hash)
        #expect(try store.verify(hash))
    }

    @Test func aWriteInTheSameTickIsFoundOut() throws {
        let hash = try store.put(Array("precious".utf8))
        // However long it takes to get there, it was written just now.
        let soon = timespec(tv_sec: time(nil) + 60, tv_nsec: 0)
        #expect(utimensat(AT_FDCWD, store.path(of: hash), [soon, soon], 0) == 0)
        guard let link = try store.place(hash, at: folder.path + "/input") else { return }
        let before = try #require(status(store.path(of: hash)))
        try overwrite(folder.path + "/input", "spoiled!")
        // The time says nothing: as if both had happened in one tick.
        var times = [before.st_atim, before.st_mtim]
        #expect(utimensat(AT_FDCWD, store.path(of: hash), &times, 0) == 0)
        #expect(try !store.isIntact(link))
    }

    @Test func aWholeContentIsNotSetAside() throws {
        let hash = try store.put([1, 2, 3])
        #expect(try store.setAside(hash) == nil)
        #expect(try store.verify(hash))
        #expect(try store.emptyQuarantine(before: .max, dryRun: false) == (0, 0))
    }

    @Test func theQuarantineIsEmptiedByAge() throws {
        let hash = try store.put([1, 2, 3])
        try overwrite(store.path(of: hash), "xxx")
        let aside = try #require(try store.setAside(hash))
        #expect(try store.emptyQuarantine(before: 0, dryRun: false) == (0, 0))
        #expect(try store.emptyQuarantine(before: .max, dryRun: true) == (1, 3))
        #expect(status(aside) != nil)
        #expect(try store.emptyQuarantine(before: .max, dryRun: false) == (1, 3))
        #expect(status(aside) == nil)
    }

    private func share(_ name: String) throws -> ContentHash {
        try store.put(fileBelow: folder.path, at: [name], sharing: true).hash
    }

    private func isShared(_ name: String, _ hash: ContentHash) throws -> Bool {
        try #require(status(folder.path + "/" + name)).st_ino == #require(status(store.path(of: hash))).st_ino
    }

    @Test func aResultOfAModelThatHasEndedIsNotCopied() throws {
        let path = try folder.file("result", [1, 2, 3])
        var times = [Self.old, Self.old]
        #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
        let hash = try share("result")
        #expect(hash == ContentHash(of: [1, 2, 3]))
        #expect(try isShared("result", hash))
        #expect(try #require(status(path)).st_mode & 0o7777 == 0o444)
        // What the collection of garbage goes by.
        #expect(try store.all().allSatisfy { $0.modified > 1_700_000_000_000 })
        #expect(try share("result") == hash)
        #expect(try store.removeLeftovers(olderThan: 0) == 0)
    }

    @Test func theSameResultTwiceIsStoredOnce() throws {
        _ = try folder.file("first", [1, 2, 3])
        _ = try folder.file("second", [1, 2, 3])
        #expect(try share("first") == share("second"))
        #expect(try store.all().count == 1)
        #expect(try store.removeLeftovers(olderThan: 0) == 0)
    }

    @Test func aFileThatIsStillOpenForWritingIsCopied() throws {
        let path = try folder.file("result", [1, 2, 3])
        let writer = open(path, O_RDWR)
        defer { close(writer) }
        let hash = try share("result")
        #expect(try !isShared("result", hash))
        #expect(write(writer, [9, 9, 9] as [UInt8], 3) == 3)
        #expect(try store.verify(hash))
        #expect(try store.removeLeftovers(olderThan: 0) == 0)
    }

    @Test func aFileThatIsMappedForWritingIsCopied() throws {
        let path = try folder.file("result", [1, 2, 3])
        let writer = open(path, O_RDWR)
        let page = try #require(mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, writer, 0))
        close(writer)
        let hash = try share("result")
        page.storeBytes(of: 9, as: UInt8.self)
        #expect(munmap(page, 4096) == 0)
        #expect(contents(path) == [9, 2, 3])
        #expect(try store.verify(hash))
    }

    @Test func aFileWithASecondNameIsCopied() throws {
        let path = try folder.file("result", [5])
        #expect(link(path, folder.path + "/other") == 0)
        let hash = try share("result")
        #expect(try !isShared("result", hash))
        try overwrite(folder.path + "/other", "x")
        #expect(try store.verify(hash))
    }

    @Test func whoIsKilledBetweenLinkAndRenameLosesNothing() throws {
        let path = try folder.file("result", [1, 2, 3])
        // What is there after that moment.
        #expect(link(path, store.temporaryFile()) == 0)
        #expect(chmod(path, 0o444) == 0)
        let hash = try share("result")
        #expect(try store.verify(hash))
        #expect(try store.removeLeftovers(olderThan: 0) == 3)
        #expect(try store.verify(hash))
        #expect(contents(path) == [1, 2, 3])
    }
}
