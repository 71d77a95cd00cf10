import Glibc
import ImflowExecution
import ImflowHTTP
import Synchronization

/// A unix socket here that OpenSSH's `ssh` carries to an engine's socket there. It is made at the first use, again when it
/// broke, and ends with this value or this process, however that ends: ssh runs `cat` there, whose input we hold.
final class SSHTunnel: Sendable {
    /// Between the start of ssh and the far shell's first word.
    static let patience = Duration.seconds(60)
    static let greeting = "imflow-tunnel-is-up"

    private typealias Opening = Task<Result<SSHLine, Failure>, Never>

    private struct State {
        var pending: Opening?
        var line: SSHLine?
    }

    private let destination: SSHDestination
    private let state = Mutex(State())

    init(to destination: SSHDestination) { self.destination = destination }

    deinit { close() }

    /// The path of the socket, which is there now.
    /// - Throws: ``Failure`` with cause `infra` and ssh's own words.
    func socket() async throws(Failure) -> String {
        if let line = state.withLock({ $0.line }), line.isUp { return line.socket }
        let opening = opening()
        let result = await opening.value
        state.withLock { state in
            if state.pending == opening { state.pending = nil }
            if case .success(let line) = result { state.line = line }
        }
        return try result.get().socket
    }

    /// Callers that come at once share one.
    private func opening() -> Opening {
        state.withLock { state in
            if let pending = state.pending { return pending }
            let opening: Opening = Task { [destination] in await SSHLine.open(to: destination) }
            state.pending = opening
            return opening
        }
    }

    /// What ssh said last, where it said something.
    var complaint: String? { state.withLock { $0.line }?.complaint }

    func close() {
        let line = state.withLock { state in
            defer { state.line = nil }
            return state.line
        }
        line?.close()
    }
}

/// One run of ssh.
final class SSHLine: Sendable {
    let socket: String
    private let folder: String
    private let tool: SystemTool
    private let state = Mutex((isUp: true, speech: SystemTool.Speech()))

    var isUp: Bool { state.withLock { $0.isUp } }

    var complaint: String? {
        let text = state.withLock { $0.speech.complaint }
        return text.isEmpty ? nil : text
    }

    private init(to destination: SSHDestination) throws(Failure) {
        SSHFolder.removeAbandoned()
        folder = try SSHFolder.make()
        socket = folder + "/engine"
        do throws(Failure) {
            tool = try SystemTool(destination.program, arguments: Self.arguments(destination, socket: socket))
        } catch {
            SSHFolder.remove(folder)
            throw error
        }
    }

    /// Waits until the far side answers. A thread of its own listens to ssh until it ends.
    static func open(to destination: SSHDestination) async -> Result<SSHLine, Failure> {
        await withCheckedContinuation { (answer: CheckedContinuation<Result<SSHLine, Failure>, Never>) in
            let started = DetachedThread.start {
                let line: SSHLine
                do throws(Failure) { line = try SSHLine(to: destination) } catch {
                    return answer.resume(returning: .failure(error))
                }
                if let failure = line.greeted(by: destination) {
                    line.close()
                    return answer.resume(returning: .failure(failure))
                }
                answer.resume(returning: .success(line))
                line.listen()
            }
            if !started { answer.resume(returning: .failure(Failure(.infra, "there is no thread for ssh"))) }
        }
    }

    func close() {
        state.withLock { $0.isUp = false }
        _ = tool.end()
        SSHFolder.remove(folder)
    }

    private func greeted(by destination: SSHDestination) -> Failure? {
        var speech = SystemTool.Speech()
        let greeting = Array(SSHTunnel.greeting.utf8)
        let hearing = tool.listen(&speech, until: .now + SSHTunnel.patience) { speech in
            speech.output.firstRange(of: greeting) != nil
        }
        state.withLock { [speech] in $0.speech = speech }
        if hearing == .enough { return nil }
        let reason = speech.complaint.isEmpty ? "it said nothing" : speech.complaint
        let late = hearing == .late ? " within \(SSHTunnel.patience)" : ""
        return Failure(
            .infra,
            "ssh does not reach \(destination)\(late): \(reason); try `ssh \(destination.host) true`, which must work "
                + "without a question")
    }

    /// ssh complains whenever the far socket refuses; nobody listening, it would wait for ever.
    private func listen() {
        var speech = SystemTool.Speech()
        _ = tool.listen(&speech, until: nil) { speech in
            state.withLock { $0.speech = speech }
            return false
        }
        close()
    }

    /// No questions (there is nobody to answer), no agent, terminal or windows lent, no connection shared with others,
    /// which would outlive this one; a far machine that is gone is noticed within 45 s.
    private static func arguments(_ destination: SSHDestination, socket: String) -> [String] {
        var arguments = ["-T", "-a", "-x"]
        for option in [
            "BatchMode=yes", "ExitOnForwardFailure=yes", "ConnectTimeout=20", "ServerAliveInterval=15",
            "ServerAliveCountMax=3", "ControlMaster=no", "ControlPath=none", "PermitLocalCommand=no",
            "StreamLocalBindMask=0177", "LogLevel=INFO",
        ] {
            arguments += ["-o", option]
        }
        if let port = destination.port { arguments += ["-p", String(port)] }
        if let user = destination.user { arguments += ["-l", user] }
        arguments += ["-L", "\(socket):\(destination.socket)", "--", destination.host]
        return arguments + ["echo \(SSHTunnel.greeting) && exec cat"]
    }
}
