import Glibc
import ImflowContent
import ImflowExecution
import Testing

@Suite(.enabled(if: MountedFolder.isPossible, MountedFolder.reason)) struct FullDiskTests {
    @Test func aFullDiskIsSaidAndLeavesNothing() throws {
        let disk = try MountedFolder(options: "size=1m")
        let store = try ContentStore(folder: disk.path + "/cas")
        let small = try store.put([UInt8](repeating: 1, count: 1000))
        let error = #expect(throws: ContentError.self) { try store.put([UInt8](repeating: 2, count: 4 << 20)) }
        #expect(error?.diskFull == true)
        #expect(error?.errnoName == "ENOSPC")
        #expect(error?.sentence.contains("free some space") == true)
        #expect(try store.all().map(\.hash) == [small])
        #expect(try store.removeLeftovers(olderThan: 0) == 0)
        #expect(try store.put([UInt8](repeating: 3, count: 500_000)).hex.count == 64)
    }

    @Test func fileFromAnotherFileSystemIsCopiedInAndOut() throws {
        let disk = try MountedFolder(options: "size=1m")
        let store = try ContentStore(folder: disk.path + "/cas")
        let folder = try TemporaryFolder()
        let path = try folder.file("a", [1, 2, 3])
        let hash = try store.put(fileAt: path, moving: true).hash
        #expect(status(path) == nil)
        try store.copy(hash, to: path)
        #expect(contents(path) == [1, 2, 3])
        #expect(try #require(status(path)).st_mode & 0o777 == 0o444)
    }

    @Test func aWorkFolderOnAnotherFileSystemGetsCopies() throws {
        let disk = try MountedFolder(options: "size=1m")
        let folder = try TemporaryFolder()
        let store = try ContentStore(folder: folder.path + "/cas")
        let hash = try store.put([1, 2, 3])
        #expect(try store.place(hash, at: disk.path + "/input") == nil)
        #expect(contents(disk.path + "/input") == [1, 2, 3])
        let result = open(disk.path + "/result", O_WRONLY | O_CREAT, 0o644)
        #expect(write(result, [4, 5] as [UInt8], 2) == 2)
        close(result)
        #expect(try store.put(fileBelow: disk.path, at: ["result"], sharing: true).hash == ContentHash(of: [4, 5]))
        #expect(try store.removeLeftovers(olderThan: 0) == 0)
        let large = try store.put([UInt8](repeating: 1, count: 4 << 20))
        let error = #expect(throws: ContentError.self) { try store.place(large, at: disk.path + "/large") }
        #expect(error?.diskFull == true)
        #expect(status(disk.path + "/large") == nil)
    }

    @Test func aStoreThatCannotBeWrittenIsRead() throws {
        let disk = try MountedFolder(options: "size=1m")
        let folder = try TemporaryFolder()
        let hash = try ContentStore(folder: disk.path + "/cas").put([1, 2, 3])
        try disk.makeReadOnly()
        let store = try ContentStore(reading: disk.path + "/cas")
        #expect(try store.verify(hash))
        #expect(try store.all().map(\.hash) == [hash])
        _ = try store.place(hash, at: folder.path + "/copy")
        #expect(contents(folder.path + "/copy") == [1, 2, 3])
        for change in [{ _ = try store.put([4]) }, { _ = try store.setAside(hash) }] as [() throws -> Void] {
            #expect(#expect(throws: ContentError.self) { try change() }?.errnoName == "EROFS")
        }
        #expect(try store.verify(hash))
        let missing = #expect(throws: ContentError.self) { try ContentStore(reading: folder.path + "/none") }
        #expect(missing?.missing == true)
    }

    @Test func aReadOnlyFolderIsSaid() throws {
        let disk = try MountedFolder(options: "size=1m")
        let state = StateFolder(root: disk.path + "/state")
        try state.create()
        _ = try ContentStore(folder: state.content)
        try disk.makeReadOnly()
        for make in [{ try state.create() }, { _ = try ContentStore(folder: state.content) }] as [() throws -> Void] {
            let error = #expect(throws: ContentError.self) { try make() }
            #expect(error?.errnoName == "EROFS")
            #expect(error?.sentence.contains("--state") == true)
        }
    }
}
