import Glibc
import ImflowJSON

/// Standard output and standard error, unbuffered.
enum Console {
    static func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
    static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }
    static func error(_ text: String) { note("imflow: \(text)") }
    static func print(_ value: JSONValue) { print(value.prettyText) }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal on standard error; 80 when it does not say.
    static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// On standard output or standard error. A result that nobody gets is an error: the program ends with
    /// ``ExitStatus/infrastructure``. A reader that has gone (`imflow … | head`) has what it wanted.
    static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        do {
            try writeAll(bytes, to: descriptor)
        } catch {
            guard descriptor == STDOUT_FILENO, error.code != EPIPE else { return }
            self.error("cannot write to standard output: \(String(cString: strerror(error.code)))")
            Glibc.exit(ExitStatus.infrastructure.rawValue)
        }
    }

    /// What `write(2)` refused, as `errno`.
    struct WriteError: Error {
        var code: Int32
    }

    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(WriteError) {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw WriteError(code: errno) }
            done += count
        }
    }
}
