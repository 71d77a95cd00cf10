import Glibc
import ImflowExecution
import ImflowHTTP
import Synchronization

/// One run of ssh: the master of its connection, which later runs ask to carry more (ssh(1), `-O`).
final class SSHLine: Sendable {
    /// Ports of containers that one connection carries at once.
    static let mostForwards = 256

    private struct State {
        var isUp = true
        var speech = SystemTool.Speech()
        /// Numbers of the ports that are carried.
        var forwards: Set<Int> = []
        var lastForward = 0
    }

    /// Of the engine.
    let socket: String
    let destination: SSHDestination
    /// By which later runs of ssh command this one.
    let control: String
    private let folder: String
    private let tool: SystemTool
    private let state = Mutex(State())

    var isUp: Bool { state.withLock { $0.isUp } && !tool.hasEnded }

    /// Its last words. That a port of a container is not open yet is none.
    var complaint: String? {
        let (text, forwards) = state.withLock { ($0.speech.complaint, $0.lastForward > 0) }
        guard forwards else { return text.isEmpty ? nil : text }
        let lines = text.split(separator: "; ").filter { !$0.hasSuffix("connect failed: Connection refused") }
        return lines.isEmpty ? nil : lines.joined(separator: "; ")
    }

    private init(to destination: SSHDestination) throws(Failure) {
        SSHFolder.removeAbandoned()
        self.destination = destination
        folder = try SSHFolder.make()
        socket = folder + "/engine"
        control = folder + "/control"
        do throws(Failure) {
            let arguments = Self.arguments(destination, socket: socket, control: control)
            tool = try SystemTool(destination.program, arguments: arguments)
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
                if let failure = line.greeted() {
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

    /// Whether ssh has ended, or does so in a moment.
    func endsSoon() async -> Bool {
        for pause in [0, 5, 20, 50, 100] {
            try? await Task.sleep(for: .milliseconds(pause))
            if !isUp { return true }
        }
        return false
    }

    // MARK: What else it carries

    /// The number of one more port, and the path of the socket for it, which is not there yet.
    func takeForward() throws(Failure) -> (number: Int, socket: String) {
        let number = state.withLock { state -> Int? in
            guard state.forwards.count < Self.mostForwards else { return nil }
            state.lastForward += 1
            state.forwards.insert(state.lastForward)
            return state.lastForward
        }
        guard let number else {
            throw Failure(
                .infra, "the connection to \(destination) carries \(Self.mostForwards) instances already: run fewer at a time")
        }
        return (number, "\(folder)/\(number)")
    }

    func dropForward(_ number: Int, socket: String) {
        unlink(socket)
        state.withLock { _ = $0.forwards.remove(number) }
    }

    private func greeted() -> Failure? {
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

    /// No questions (there is nobody to answer), no agent, terminal or windows lent; the connection is nobody's but ours, and
    /// ends with its first session; a far machine that is gone is noticed within 45 s.
    private static func arguments(_ destination: SSHDestination, socket: String, control: String) -> [String] {
        var arguments = ["-T", "-a", "-x"]
        for option in [
            "BatchMode=yes", "ExitOnForwardFailure=yes", "ConnectTimeout=20", "ServerAliveInterval=15",
            "ServerAliveCountMax=3", "ControlMaster=yes", "ControlPath=\(control)", "ControlPersist=no",
            "PermitLocalCommand=no", "StreamLocalBindMask=0177", "LogLevel=INFO",
        ] {
            arguments += ["-o", option]
        }
        if let port = destination.port { arguments += ["-p", String(port)] }
        if let user = destination.user { arguments += ["-l", user] }
        arguments += ["-L", "\(socket):\(destination.socket)", "--", destination.host]
        // Its parent is the far end of the connection: exchanges that were under way would keep that for as long as they last.
        return arguments + ["exec sh -c 'echo \(SSHTunnel.greeting); cat; kill $PPID'"]
    }
}
