import Glibc

/// Starts another imflow in the background, in a session of its own, so that it outlives the terminal.
enum DetachedProgram {
    struct Problem: Error {
        var code: Int32
    }

    /// Inherited descriptors below this are closed in it.
    private static let inheritedLimit: Int32 = 1024

    /// - Parameters:
    ///   - words: the command and its arguments.
    ///   - log: where its standard error goes.
    static func start(_ words: [String], log: String) throws(Problem) -> pid_t {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        guard readlink("/proc/self/exe", &path, Int(PATH_MAX)) > 0 else { throw Problem(code: errno) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // What a caller left open, such as a pipe that it reads to its end, is not to stay open as long as this.
        for descriptor in 3..<inheritedLimit {
            let flags = fcntl(descriptor, F_GETFD)
            if flags >= 0, flags & FD_CLOEXEC == 0 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }
        // setsid(1) of util-linux, which every Debian has: Glibc's own way in posix_spawn is not visible in Swift. Our
        // descriptors are closed by their own O_CLOEXEC.
        let program = String(decoding: path.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        var vector: [UnsafeMutablePointer<CChar>?] = (["setsid", program] + words).map { strdup($0) } + [nil]
        defer { for word in vector { free(word) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/usr/bin/setsid", &actions, nil, &vector, environ)
        guard code == 0 else { throw Problem(code: code) }
        return pid
    }
}
