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
        guard output.size <= JobView.inlineOutputLimit else { return try copy(output.hash, to: STDOUT_FILENO) }
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

    /// In a file, atomically: a result that is one stored file, as that file's bytes; anything else as JSON.
    func write(_ output: Payload, to path: String) throws {
        let temporary = "\(path).imflow-\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw CommandFailure(.usage, "cannot write the result to \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        if output.inline != nil || output.size <= JobView.inlineOutputLimit {
            let value = try content.value(of: output)
            if let reference = value.stringValue.flatMap(ContentReference.init) {
                try copy(reference.hash, to: descriptor)
            } else {
                Console.write(value.prettyText + "\n", to: descriptor)
            }
        } else {
            try copy(output.hash, to: descriptor)
        }
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(temporary)
            throw CommandFailure(.infrastructure, "cannot write the result to \(path): \(reason)")
        }
    }

    private func copy(_ hash: ContentHash, to descriptor: Int32) throws {
        let source = open(content.path(of: hash), O_RDONLY | O_CLOEXEC)
        guard source >= 0 else {
            throw CommandFailure(.infrastructure, "the stored result \(hash) is gone from \(content.folder)")
        }
        defer { close(source) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(source, &buffer, buffer.count)
            if count <= 0 { return }
            Console.write(Array(buffer[..<count]), to: descriptor)
        }
    }
}
