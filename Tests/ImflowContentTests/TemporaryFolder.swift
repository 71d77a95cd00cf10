import FoundationEssentials
import Glibc
import Testing

/// A fresh folder that goes, with all in it, when the test ends.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/imflow-content-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw SystemFailure(action: "mkdtemp", code: errno)
        }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws -> String {
        let path = path + "/" + name
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
        guard descriptor >= 0 else { throw SystemFailure(action: "open \(path)", code: errno) }
        defer { close(descriptor) }
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            throw SystemFailure(action: "write \(path)", code: errno)
        }
        return path
    }
}

struct SystemFailure: Error {
    var action: String
    var code: Int32
}

func status(_ path: String) -> stat? {
    var result = stat()
    return lstat(path, &result) == 0 ? result : nil
}

func contents(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = read(descriptor, &bytes, bytes.count)
    return count < 0 ? nil : Array(bytes[..<count])
}

/// A small file system of its own; unmounted at the end.
final class MountedFolder: Sendable {
    let folder: TemporaryFolder
    var path: String { folder.path }

    init(options: String) throws {
        folder = try TemporaryFolder()
        guard mount("tmpfs", folder.path, "tmpfs", 0, options) == 0 else {
            throw SystemFailure(action: "mount", code: errno)
        }
    }

    func makeReadOnly() throws {
        guard mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 else {
            throw SystemFailure(action: "remount", code: errno)
        }
    }

    deinit { umount(path) }

    static let isPossible: Bool = (try? MountedFolder(options: "size=64k")) != nil
    static let reason: Comment = "needs the right to mount a tmpfs"
}
