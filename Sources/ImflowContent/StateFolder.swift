import Glibc

/// The layout of a state folder; nothing else knows these paths.
package struct StateFolder: Sendable {
    /// Absolute, or relative to where the program was started; without a final slash.
    package let root: String

    package init(root: String) {
        var root = root.isEmpty ? "." : root
        while root.count > 1, root.hasSuffix("/") { root.removeLast() }
        self.root = root
    }

    /// Makes the folder (0700) when it is not there, and checks that it can be written.
    package func create() throws(ContentError) {
        try Folder.create(root)
        guard access(root, W_OK | X_OK) == 0 else { throw ContentError(errno: errno, "write in", root) }
    }

    package var database: String { root + "/imflow.db" }
    package var content: String { root + "/cas" }
    package var nodeKey: String { root + "/node.key" }
    /// Results that other jobs may take; all of it may be removed at any time.
    package var cache: String { root + "/cache" }

    /// What fetches of all jobs share; all of it may be removed at any time.
    package var fetch: String { cache + "/fetch" }

    package func work(job: String) -> String { root + "/work/" + component(job) }

    package func attemptFolder(job: String, task: String, attempt: Int) -> String {
        work(job: job) + "/" + component("\(task).\(attempt)")
    }

    /// Of the socket by which a job's models reach their engine.
    package func api(job: String) -> String { root + "/api/" + component(job) }

    /// What engines tell one another of their warm instances.
    package var warm: String { root + "/warm" }

    /// Of the sockets by which engines find the processes that an earlier one had started.
    package var keepers: String { root + "/keepers" }

    /// What of a job's results was published, and where.
    package func published(job: String) -> String { root + "/published/" + component(job) + ".jsonl" }

    package func logs(job: String) -> String { root + "/logs/" + component(job) }

    package func log(job: String, task: String, attempt: Int) -> String {
        logs(job: job) + "/" + component("\(task).\(attempt)") + ".log"
    }

    /// One path component, whatever `name` holds: ids are checked long before, and this keeps an unchecked one
    /// from leaving the folder.
    private func component(_ name: String) -> String {
        var out = ""
        for byte in name.utf8 {
            let plain = byte < 0x80 && (isalnum(Int32(byte)) != 0 || [0x2D, 0x5F, 0x7E].contains(byte))
            let dot = byte == 0x2E && !out.isEmpty
            if plain || dot {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                out += "%" + Hexadecimal.text([byte])
            }
        }
        return out.isEmpty ? "%" : out
    }
}
