import Glibc
import ImflowCompiler
import ImflowDiagnostics
import ImflowJSON

/// The file of `check --baseline`.
struct BaselineFile {
    /// As given.
    var path: String

    func read() throws -> Baseline {
        do {
            let reader = LocalFiles()
            let bytes = try reader.read(PathText.absolute(path, from: reader.currentFolder))
            return try Baseline(JSONValue.parse(bytes))
        } catch let error as FileProblem {
            throw failure("\(error.message); --write-baseline makes one")
        } catch let error as Baseline.Problem {
            throw failure("\(path): \(error.message)")
        } catch {
            throw failure("\(path): \(error)")
        }
    }

    /// Atomically, in place of the one that may be there.
    func write(_ text: String) throws {
        let temporary = "\(path).imflow-\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(Self.reason(errno), "write") }
        defer { close(descriptor) }
        do {
            try Console.writeAll(Array(text.utf8), to: descriptor)
            guard rename(temporary, path) == 0 else { throw Console.WriteError(code: errno) }
        } catch let error as Console.WriteError {
            unlink(temporary)
            throw failure(Self.reason(error.code), "write")
        }
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    private func failure(_ reason: String, _ verb: String = "read") -> CommandFailure {
        CommandFailure(.usage, "cannot \(verb) the baseline\(verb == "write" ? " \(path)" : ""): \(reason)")
    }
}
