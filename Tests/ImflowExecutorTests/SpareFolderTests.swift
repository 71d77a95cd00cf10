import Glibc
@testable import ImflowInvocation
import Testing

/// What a call finds in its work folder, whatever the call before left there.
@Suite struct SpareFolderTests {
    private let home: String
    private let folders: SpareFolders

    init() throws {
        home = try TemporaryFolder.make("spares")
        folders = SpareFolders(home: home)
    }

    private func inode(_ path: String) -> ino_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_ino : nil
    }

    @Test func anEmptyFolderServesAgain() throws {
        defer { TemporaryFolder.remove(home) }
        try folders.create(home + "/a")
        let first = try #require(inode(home + "/a"))
        folders.remove(home + "/a")
        #expect(inode(home + "/a") == nil)
        try folders.create(home + "/b")
        #expect(inode(home + "/b") == first)
        try folders.create(home + "/c")
        #expect(inode(home + "/c") != first)
    }

    @Test(arguments: ["file", "folder", "mode", "link"]) func whatWasChangedDoesNot(change: String) throws {
        defer { TemporaryFolder.remove(home) }
        let path = home + "/a"
        try folders.create(path)
        switch change {
        case "file": try TemporaryFolder.write("left", to: path + "/.hidden")
        case "folder": mkdir(path + "/inner", 0o700)
        case "mode": chmod(path, 0o777)
        default:
            rmdir(path)
            symlink("/tmp", path)
        }
        folders.remove(path)
        #expect(inode(path) == nil && WorkFolder.names(in: home) == [])
        try folders.create(path)
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode == S_IFDIR | 0o700)
        #expect(WorkFolder.names(in: path) == [])
    }

    @Test func aSpareThatIsGoneIsNoHarm() throws {
        defer { TemporaryFolder.remove(home) }
        try folders.create(home + "/a")
        folders.remove(home + "/a")
        for name in WorkFolder.names(in: home) { WorkFolder.remove(home + "/" + name) }
        try folders.create(home + "/b")
        #expect(WorkFolder.exists(home + "/b"))
    }
}
