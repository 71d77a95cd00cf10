import Foundation
import Glibc
import ImflowContent
import ImflowExecution
import Testing

/// What file systems can do that /tmp here may not, each in a file of its own.
@Suite struct FileSystemTests {
    @Test(.enabled(if: LoopedFolder.isPossible(.xfs), "needs root, loop devices and mkfs.xfs"))
    func filesThatShareBlocksAreNeitherLinkedNorCopied() throws {
        let disk = try LoopedFolder(.xfs, megabytes: 320)
        let store = try ContentStore(folder: disk.path + "/cas")
        let bytes = [UInt8](repeating: 7, count: 40 << 20)
        let hash = try store.put(bytes)
        let before = try disk.freeBlocks
        for number in 0..<8 { #expect(try store.place(hash, at: disk.path + "/input-\(number)") == nil) }
        // Eight copies would not fit.
        #expect(before - (try disk.freeBlocks) < 1 << 20)
        let input = disk.path + "/input-0"
        #expect(try #require(status(input)).st_ino != #require(status(store.path(of: hash))).st_ino)
        #expect(try #require(status(input)).st_mode & 0o777 == 0o444)
        chmod(input, 0o644)
        let descriptor = open(input, O_WRONLY)
        #expect(write(descriptor, "spoiled!", 8) == 8)
        close(descriptor)
        #expect(try store.verify(hash))

        // The result of a model that may write it again shares blocks, too.
        let result = disk.path + "/result"
        #expect(FileManager.default.createFile(atPath: result, contents: Data(repeating: 9, count: 40 << 20)))
        let free = try disk.freeBlocks
        let stored = try store.put(fileBelow: disk.path, at: ["result"]).hash
        #expect(free - (try disk.freeBlocks) < 1 << 20)
        #expect(stored == ContentHash(of: [UInt8](repeating: 9, count: 40 << 20)))
        #expect(try store.verify(stored))
    }

    @Test(.enabled(if: LoopedFolder.isPossible(.ext4), "needs root, loop devices, mkfs.ext4 and debugfs"))
    func moreNamesThanAFileCanHaveAreCopies() throws {
        let disk = try LoopedFolder(.ext4, megabytes: 4)
        let hash = try ContentStore(folder: disk.path + "/cas").put([1, 2, 3])
        try disk.setLinkCount(65_000, of: "/cas/sha256/\(hash.hex.prefix(2))/\(hash.hex.dropFirst(2))")
        let store = try ContentStore(folder: disk.path + "/cas")
        #expect(link(store.path(of: hash), disk.path + "/name") != 0 && errno == EMLINK)
        #expect(try store.place(hash, at: disk.path + "/input") == nil)
        #expect(contents(disk.path + "/input") == [1, 2, 3])
        #expect(try #require(status(disk.path + "/input")).st_nlink == 1)
    }
}

/// A file system in a file; unmounted at the end.
final class LoopedFolder {
    enum Kind: String { case xfs, ext4 }

    private let folder: TemporaryFolder
    private let image: TemporaryFolder
    private var file: String { image.path + "/image" }
    var path: String { folder.path }

    init(_ kind: Kind, megabytes: Int) throws {
        folder = try TemporaryFolder()
        image = try TemporaryFolder()
        guard FileManager.default.createFile(atPath: file, contents: nil), truncate(file, megabytes << 20) == 0 else {
            throw SystemFailure(action: "truncate", code: errno)
        }
        try Self.run("mkfs.\(kind.rawValue)", "-q", file)
        try Self.run("mount", "-o", "loop", file, folder.path)
    }

    deinit { try? Self.run("umount", folder.path) }

    static func isPossible(_ kind: Kind) -> Bool { (try? LoopedFolder(kind, megabytes: kind == .xfs ? 320 : 4)) != nil }

    /// In bytes.
    var freeBlocks: Int64 {
        get throws {
            // Blocks are given to files when they are written out.
            sync()
            var space = statvfs()
            guard statvfs(path, &space) == 0 else { throw SystemFailure(action: "statvfs", code: errno) }
            return Int64(space.f_bfree) * Int64(space.f_frsize)
        }
    }

    /// Makes a file believe that it has so many names.
    func setLinkCount(_ count: Int, of name: String) throws {
        try Self.run("umount", path)
        try Self.run("debugfs", "-w", "-R", "set_inode_field \(name) links_count \(count)", file)
        try Self.run("mount", "-o", "loop", file, path)
    }

    private static func run(_ command: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        var variables = ProcessInfo.processInfo.environment
        variables["PATH"] = "/usr/local/sbin:/usr/sbin:/sbin:" + (variables["PATH"] ?? "/usr/bin:/bin")
        process.environment = variables
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw SystemFailure(action: command.joined(separator: " "), code: 0) }
    }
}
