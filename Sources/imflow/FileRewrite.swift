import Glibc
package import ImflowCompiler

/// A new text for a file. The file has the old text or the new one, whatever happens, and never a part of either.
package struct FileRewrite {
    /// Absolute, with links resolved.
    var path: String
    /// For people.
    var name: String
    var old: [UInt8]
    var new: [UInt8]

    /// - Parameters:
    ///   - path: absolute, with links resolved.
    ///   - name: the file's name for people.
    ///   - old: the text that was read.
    ///   - new: the text to be written.
    package init(path: String, name: String, old: [UInt8], new: [UInt8]) {
        self.path = path
        self.name = name
        self.old = old
        self.new = new
    }

    /// Throws when the file may not be written, or has another text than `old` by now.
    package func write() throws(FileProblem) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw problem(errno) }
        // Root may write everything; a file that nobody may write was meant to stay.
        guard status.st_mode & 0o222 != 0, access(path, W_OK) == 0 else {
            throw FileProblem("\(name) is read-only and stays as it is", help: "`chmod u+w` makes it writable")
        }
        let temporary = "\(path).imflow-\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw problem(errno) }
        defer { close(descriptor) }
        do throws(FileProblem) {
            try fill(descriptor, like: status)
            guard try LocalFiles().read(path) == old else {
                throw FileProblem("\(name) was changed by somebody else meanwhile, and stays as it is")
            }
            guard rename(temporary, path) == 0 else { throw problem(errno) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    private func fill(_ descriptor: Int32, like status: stat) throws(FileProblem) {
        do throws(Console.WriteError) {
            try Console.writeAll(new, to: descriptor)
        } catch {
            throw problem(error.code)
        }
        // The owner first: to give a file away takes some bits of its mode.
        if status.st_uid != geteuid() || status.st_gid != getegid() {
            _ = fchown(descriptor, status.st_uid, status.st_gid)
        }
        guard fchmod(descriptor, status.st_mode & 0o7777) == 0, fsync(descriptor) == 0 else { throw problem(errno) }
    }

    private func problem(_ code: Int32) -> FileProblem {
        FileProblem("\(name) cannot be written: \(String(cString: strerror(code)))")
    }
}
