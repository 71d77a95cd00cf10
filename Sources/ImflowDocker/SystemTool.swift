import CSpawnShim
import Glibc
import ImflowExecution
import ImflowHTTP
import Synchronization

/// A program of the system in a process group of its own, with our environment: ssh, or one that keeps credentials.
/// Its methods wait in system calls.
final class SystemTool: Sendable {
    /// What it said; the beginning is dropped of more than ``limit`` bytes.
    struct Speech: Sendable {
        static let limit = 256 * 1024
        var output: [UInt8] = []
        var error: [UInt8] = []

        /// Its last words, for people.
        var complaint: String {
            let lines = String(decoding: error.suffix(2000), as: UTF8.self).split(whereSeparator: \.isNewline)
            return lines.suffix(4).joined(separator: "; ")
        }
    }

    enum Hearing { case ended, enough, late }

    private let name: String
    private let process: pid_t
    private let ending: Int32
    private let input: Mutex<Int32>
    private let output: Int32
    private let error: Int32
    private let code = Mutex<Int32?>(nil)

    /// - Parameter path: where it is looked for; nil: in `PATH`.
    /// - Throws: ``Failure`` with cause `infra` when there is no such program in `PATH`, or it cannot be started.
    init(_ name: String, arguments: [String], path: String? = nil) throws(Failure) {
        guard let program = Self.find(name, path: path) else {
            throw Failure(.infra, "the program \(name) is not in PATH: install it")
        }
        var pipes: [Int32] = []
        for _ in 0..<3 {
            var ends: [Int32] = [-1, -1]
            if imflow_pipe(&ends) == 0 { pipes += ends }
        }
        var process: pid_t = 0
        var ending: Int32 = -1
        var problem = EMFILE
        if pipes.count == 6 {
            problem = Self.start(program, [name] + arguments, pipes, &process, &ending)
            for end in [0, 3, 5] { close(pipes[end]) }
        }
        guard problem == 0 else {
            for end in pipes.count == 6 ? [1, 2, 4] : Array(pipes.indices) { close(pipes[end]) }
            throw Failure(.infra, "\(program) cannot be started: \(String(cString: strerror(problem)).lowercased())")
        }
        self.name = name
        self.process = process
        self.ending = ending
        input = Mutex(pipes[1])
        output = pipes[2]
        error = pipes[4]
    }

    deinit {
        _ = end()
        for descriptor in [ending, output, error] { close(descriptor) }
    }

    /// Writes to its standard input and closes it. A program that does not read it is no error.
    func say(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let descriptor = input.withLock { $0 }
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            rest = rest.dropFirst(count)
        }
        closeInput()
    }

    func closeInput() {
        input.withLock { input in
            if input >= 0 { close(input) }
            input = -1
        }
    }

    /// Gathers what it says until `enough`, its end, or the end of the time (nil: none).
    func listen(
        _ speech: inout Speech, until deadline: ContinuousClock.Instant?, _ enough: (Speech) -> Bool = { _ in false }
    ) -> Hearing {
        var entries = [output, error].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while entries.contains(where: { $0.fd >= 0 }) {
            var milliseconds: Int32 = -1
            if let deadline {
                let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
                guard left > 0 else { return .late }
                milliseconds = Int32(min(left.rounded(.up), 60_000))
            }
            guard poll(&entries, nfds_t(entries.count), milliseconds) > 0 else { continue }
            for (index, entry) in entries.enumerated() where entry.fd >= 0 && entry.revents != 0 {
                let piece = Self.read(entry.fd)
                if piece.isEmpty { entries[index].fd = -1 }
                if index == 0 { Self.append(piece, to: &speech.output) } else { Self.append(piece, to: &speech.error) }
            }
            if enough(speech) { return .enough }
        }
        return .ended
    }

    /// Asks it to end, makes it end if it does not within two seconds, and answers its exit code (128 + n: by signal n).
    func end() -> Int32 {
        closeInput()
        return code.withLock { code in
            if let code { return code }
            kill(-process, SIGTERM)
            if !hasEnded(within: 2000) { kill(-process, SIGKILL) }
            return reap(&code)
        }
    }

    /// Whether it runs no more.
    var hasEnded: Bool { hasEnded(within: 0) }

    /// Its exit code once it ends by itself; nil: not in time.
    func exitCode(until deadline: ContinuousClock.Instant) -> Int32? {
        code.withLock { code in
            if let code { return code }
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            guard hasEnded(within: Int32(min(max(left.rounded(.up), 0), 600_000))) else { return nil }
            return reap(&code)
        }
    }

    private func hasEnded(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: ending, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }

    private func reap(_ code: inout Int32?) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        let known = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
        code = known
        return known
    }

    private static func read(_ descriptor: Int32) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16 * 1024) { buffer, count in
            count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
        }
    }

    private static func append(_ piece: [UInt8], to speech: inout [UInt8]) {
        speech += piece
        if speech.count > Speech.limit { speech.removeFirst(speech.count - Speech.limit) }
    }

    private static func find(_ name: String, path: String?) -> String? {
        if name.hasPrefix("/") { return access(name, X_OK) == 0 ? name : nil }
        let path = path ?? getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        let candidates = path.split(separator: ":").map { "\($0)/\(name)" }
        return candidates.first { $0.hasPrefix("/") && access($0, X_OK) == 0 }
    }

    /// Answers 0 or an error number.
    private static func start(
        _ program: String, _ arguments: [String], _ pipes: [Int32], _ process: inout pid_t, _ ending: inout Int32
    ) -> Int32 {
        var words: [CChar] = []
        for argument in arguments {
            words += argument.utf8.map { CChar(bitPattern: $0) }
            words.append(0)
        }
        return words.withUnsafeBufferPointer { words in
            program.withCString { program in
                "/".withCString { folder in
                    var order = imflow_spawn_order(
                        program: program, folder: folder, arguments: words.baseAddress,
                        argument_count: arguments.count, variables: nil, variable_count: 0, input: pipes[0],
                        output: pipes[3], error: pipes[5], session: 0)
                    return imflow_spawn(&order, &process, &ending)
                }
            }
        }
    }
}
