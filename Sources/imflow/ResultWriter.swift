import FoundationEssentials
import Glibc
import ImflowContent
import ImflowExecution
import ImflowJSON

/// Hands a job's result to its user.
struct ResultWriter {
    var content: ContentStore

    /// On standard output: a text as it is, anything else as JSON.
    func print(_ output: Payload) throws {
        guard output.size <= JobView.inlineOutputLimit else { return try printStored(output.hash, asText: isText(output.hash)) }
        let value = try content.value(of: output)
        if let text = value.stringValue, ContentReference(text) == nil {
            Console.print(text)
        } else {
            Console.print(value)
        }
        for (reference, path) in JobView.files(in: value, content) {
            Console.note("\(reference)\n  is the file \(path.stringValue ?? "")")
        }
    }

    /// On standard output, nothing added.
    func printBytes(of hash: ContentHash) throws { try printStored(hash, asText: false, end: "") }

    private func printStored(_ hash: ContentHash, asText: Bool, end: String = "\n") throws {
        do {
            try copy(hash, to: STDOUT_FILENO, asText: asText)
            Console.write(end, to: STDOUT_FILENO)
        } catch let error as Console.WriteError where error.code == EPIPE {
            // Whoever read has what it wanted.
        } catch let error as Console.WriteError {
            throw CommandFailure(
                .infrastructure, "cannot write to standard output: \(String(cString: strerror(error.code)))")
        }
    }

    /// Why no result can be written to `path`, found out before the job that makes it has run; nil: as far as can be seen it can.
    static func obstacle(_ path: String) -> String? {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return "it is a folder; name a file" }
        let folder = path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
        guard access(folder.isEmpty ? "/" : folder, W_OK | X_OK) != 0 else { return nil }
        return "\(folder): \(String(cString: strerror(errno)))"
    }

    /// In a file, atomically: a result that is one stored file, as that file's bytes; anything else as JSON. A link leads to
    /// the file that is written; a device or a pipe is written to and stays what it is.
    func write(_ output: Payload, to path: String) throws {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG { return try stream(output, into: path) }
        let target = realpath(path, nil).map { resolved in
            defer { free(resolved) }
            return String(cString: resolved)
        }
        try replace(target ?? path, by: output)
    }

    private func replace(_ path: String, by output: Payload) throws {
        let temporary = "\(path).imflow-\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
        defer { close(descriptor) }
        do {
            try write(output, to: descriptor)
            guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw Console.WriteError(code: errno) }
        } catch {
            unlink(temporary)
            throw (error as? Console.WriteError).map { Self.failure(path, $0.code) } ?? error
        }
    }

    private func stream(_ output: Payload, into path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
        defer { close(descriptor) }
        do {
            try write(output, to: descriptor)
        } catch let error as Console.WriteError {
            throw Self.failure(path, error.code)
        }
    }

    private static func failure(_ path: String, _ code: Int32) -> CommandFailure {
        CommandFailure(.infrastructure, "cannot write the result to \(path): \(String(cString: strerror(code)))")
    }

    private func write(_ output: Payload, to descriptor: Int32) throws {
        guard output.size <= JobView.inlineOutputLimit else { return try copy(output.hash, to: descriptor) }
        let value = try content.value(of: output)
        if let reference = value.stringValue.flatMap(ContentReference.init) {
            try copy(reference.hash, to: descriptor)
        } else {
            try Console.writeAll(Array((value.prettyText + "\n").utf8), to: descriptor)
        }
    }

    private func isText(_ hash: ContentHash) throws -> Bool {
        let source = open(content.path(of: hash), O_RDONLY | O_CLOEXEC)
        defer { if source >= 0 { close(source) } }
        var first: UInt8 = 0
        return read(source, &first, 1) == 1 && first == UInt8(ascii: "\"")
    }

    /// Hashed first: what is damaged is not handed on as a result. `asText`: of a string, its text.
    private func copy(_ hash: ContentHash, to descriptor: Int32, asText: Bool = false) throws {
        guard try content.verify(hash) else {
            throw CommandFailure(
                .infrastructure,
                "the stored result \(hash) in \(content.folder) is damaged: imflow cas verify names the jobs that it hits")
        }
        let source = open(content.path(of: hash), O_RDONLY | O_CLOEXEC)
        guard source >= 0 else {
            throw CommandFailure(.infrastructure, "the stored result \(hash) is gone from \(content.folder)")
        }
        defer { close(source) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var text = StringDecoder()
        while true {
            let count = read(source, &buffer, buffer.count)
            if count <= 0 { return }
            try Console.writeAll(asText ? text.decode(buffer[..<count]) : Array(buffer[..<count]), to: descriptor)
        }
    }
}
