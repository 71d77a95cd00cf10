import FoundationEssentials
import Glibc
import ImflowContent
import ImflowExecution

/// Writes the files of an export: into a new folder, or into a tar archive. Contents are hashed on the way; what is
/// damaged is not exported.
struct ExportWriter {
    let content: ContentStore
    /// Files get bytes of their own, also where the folder could share those of the content store.
    let copies: Bool
    let meter = ByteMeter("exported")

    /// Whole or not at all: it gets its name at the end.
    func write(_ files: [ExportTree.File], toFolder path: String) throws {
        let total = files.reduce(0) { $0 + $1.size }
        var done: Int64 = 0
        let temporary = "\(path).imflow-\(getpid())"
        do {
            for file in files {
                let target = temporary + "/" + file.path
                let folder = URL(filePath: target).deletingLastPathComponent()
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                switch file.source {
                case .bytes(let bytes): try put(bytes, at: target)
                case .content: try place(file, at: target)
                }
                done += file.size
                meter.show(done, of: total)
            }
            guard rename(temporary, path) == 0 else { throw Console.WriteError(code: errno) }
            meter.finish()
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw Self.failure(error, path)
        }
    }

    private func place(_ file: ExportTree.File, at target: String) throws {
        guard try content.verify(file.hash) else { throw Self.damaged(file) }
        if copies { return try content.copy(file.hash, to: target) }
        _ = try content.place(file.hash, at: target)
    }

    private func put(_ bytes: [UInt8], at path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
        guard descriptor >= 0 else { throw Console.WriteError(code: errno) }
        defer { close(descriptor) }
        try Console.writeAll(bytes, to: descriptor)
    }

    /// To standard output, or into a file that is there whole or not at all.
    func write(_ files: [ExportTree.File], toArchive path: String?) throws {
        guard let path else {
            do { try writeArchive(files, to: STDOUT_FILENO) } catch { throw Self.failure(error, "standard output") }
            return
        }
        let temporary = "\(path).imflow-\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Self.failure(Console.WriteError(code: errno), path) }
        defer { close(descriptor) }
        do {
            try writeArchive(files, to: descriptor)
            guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw Console.WriteError(code: errno) }
        } catch {
            unlink(temporary)
            throw Self.failure(error, path)
        }
    }

    private func writeArchive(_ files: [ExportTree.File], to descriptor: Int32) throws {
        let total = files.reduce(0) { $0 + $1.size }
        var done: Int64 = 0
        var first: [ContentHash: String] = [:]
        for file in files {
            let link = file.size > 0 ? first[file.hash] : nil
            try Console.writeAll(TarHeader(path: file.path, size: file.size, link: link).bytes, to: descriptor)
            done += file.size
            if link != nil { continue }
            first[file.hash] = file.path
            switch file.source {
            case .bytes(let bytes): try Console.writeAll(bytes, to: descriptor)
            case .content: try stream(file, to: descriptor)
            }
            try Console.writeAll(TarHeader.padding(after: file.size), to: descriptor)
            meter.show(done, of: total)
        }
        try Console.writeAll(TarHeader.end, to: descriptor)
        meter.finish()
    }

    private func stream(_ file: ExportTree.File, to descriptor: Int32) throws {
        var count: Int64 = 0
        let isWhole = try content.read(file.hash) { piece in
            count += Int64(piece.count)
            guard count <= file.size else { throw Self.damaged(file) }
            try Console.writeAll(Array(piece), to: descriptor)
        }
        guard isWhole, count == file.size else { throw Self.damaged(file) }
    }

    private static func damaged(_ file: ExportTree.File) -> CommandFailure {
        CommandFailure(
            .failed, "\(file.path) cannot be exported: the stored content \(file.hash) is damaged; imflow cas verify names what it hit")
    }

    private static func failure(_ error: any Error, _ path: String) -> any Error {
        guard let error = error as? Console.WriteError else { return error }
        return CommandFailure(.infrastructure, "cannot write \(path): \(String(cString: strerror(error.code)))")
    }
}
