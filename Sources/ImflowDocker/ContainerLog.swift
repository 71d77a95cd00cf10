import Glibc
import ImflowInvocation
import Synchronization

/// What a container writes: standard output into memory (or, of an instance, into the log as well), standard error into
/// the launch's log file. The engine's record may be read several times, live and after the end: what was taken in
/// before is skipped. Secrets of 4 bytes and more never reach the file, however they are cut.
final class ContainerLog: Sendable {
    /// More than this, output and error together and what the engine keeps of each line beside it, is cut off: the
    /// engine soon drops the oldest of it (``ContainerSpec/logFileBytes``), and reading it again would tell something
    /// else.
    static let recordLimit = 128 * 1024 * 1024
    /// What the engine's record adds to each line, at least.
    private static let lineOverhead = 24

    private struct State {
        var reader = FrameReader()
        /// Bytes of the current reading.
        var readOutput = 0
        var readError = 0
        /// Bytes of the longest reading.
        var takenOutput = 0
        var takenError = 0
        var output: [UInt8] = []
        var overflowed = false
        var file: Int32
        var room: Int
        /// Of each stream by itself: their bytes come interleaved.
        var outputRedactor: SecretRedactor
        var errorRedactor: SecretRedactor
    }

    private let collectsOutput: Bool
    private let state: Mutex<State>

    /// A log file that cannot be opened is done without.
    init(path: String, collectsOutput: Bool, redactor: SecretRedactor) {
        self.collectsOutput = collectsOutput
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        var status = stat()
        let size = file >= 0 && fstat(file, &status) == 0 ? Int(status.st_size) : Launch.logLimit
        state = Mutex(
            State(
                file: file, room: max(0, Launch.logLimit - size), outputRedactor: redactor, errorRedactor: redactor))
    }

    deinit {
        finish()
        state.withLock { if $0.file >= 0 { close($0.file) } }
    }

    /// The engine's record is read from its beginning.
    func restart() {
        state.withLock { state in
            state.reader = FrameReader()
            state.readOutput = 0
            state.readError = 0
        }
    }

    /// False: no more is wanted.
    func take(_ chunk: [UInt8]) -> Bool {
        state.withLock { state in
            var reader = state.reader
            reader.read(chunk) { stream, payload in take(payload, of: stream, &state) }
            state.reader = reader
            if !collectsOutput { return state.room > 0 }
            let record = state.readOutput + state.readError + reader.frames * Self.lineOverhead
            if record > Self.recordLimit { state.overflowed = true }
            return !state.overflowed
        }
    }

    /// Whether the program wrote more than was taken.
    var overflowed: Bool { state.withLock { $0.overflowed } }

    /// Whether reading the record once more could add something.
    var isOpen: Bool { state.withLock { collectsOutput ? !$0.overflowed : $0.room > 0 } }

    /// The program has ended: what might have become a secret is none.
    func finish() {
        state.withLock { state in
            write(state.outputRedactor.finish()[...], &state)
            write(state.errorRedactor.finish()[...], &state)
        }
    }

    /// Standard output so far. Takes it out: the second answer is empty.
    func takeOutput() -> [UInt8] {
        state.withLock { state in
            defer { state.output = [] }
            return state.output
        }
    }

    private func take(_ payload: ArraySlice<UInt8>, of stream: FrameReader.Stream, _ state: inout State) {
        switch stream {
        case .output:
            let fresh = payload.dropFirst(max(0, state.takenOutput - state.readOutput))
            state.readOutput += payload.count
            state.takenOutput = max(state.takenOutput, state.readOutput)
            if collectsOutput {
                collect(fresh, &state)
            } else {
                write(state.outputRedactor.take(fresh)[...], &state)
            }
        case .error:
            let fresh = payload.dropFirst(max(0, state.takenError - state.readError))
            state.readError += payload.count
            state.takenError = max(state.takenError, state.readError)
            write(state.errorRedactor.take(fresh)[...], &state)
        }
    }

    private func collect(_ bytes: ArraySlice<UInt8>, _ state: inout State) {
        let room = Launch.outputLimit - state.output.count
        state.output += bytes.prefix(room)
        if bytes.count > room { state.overflowed = true }
    }

    private func write(_ bytes: ArraySlice<UInt8>, _ state: inout State) {
        var rest = bytes.prefix(state.room)
        state.room -= rest.count
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(state.file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // A full disk must not end the program whose log this is.
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }
}
