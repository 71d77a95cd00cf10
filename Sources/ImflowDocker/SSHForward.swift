import ImflowExecution
import ImflowHTTP

/// A unix socket here, nobody else's, that leads to a port which a container listens on there.
final class SSHForward: Sendable {
    /// Of one word to the master of a connection.
    private static let patience = Duration.seconds(20)

    /// The socket's path.
    let socket: String
    private let line: SSHLine
    private let number: Int
    /// `SOCKET:HOST:PORT`, as ssh wants it.
    private let route: String

    /// - Parameters:
    ///   - host: an address as the far machine knows it.
    /// - Throws: ``Failure`` with cause `infra`: the connection carries too much, or ssh refuses.
    static func open(over line: SSHLine, host: String, port: Int) async throws(Failure) -> SSHForward {
        let (number, socket) = try line.takeForward()
        let route = "\(socket):\(EngineAddress.bracketed(host)):\(port)"
        if let complaint = await tell("forward", route, line) {
            line.dropForward(number, socket: socket)
            throw Failure(.infra, "ssh does not carry port \(port) of a container at \(line.destination): \(complaint)")
        }
        return SSHForward(line, number: number, socket: socket, route: route)
    }

    private init(_ line: SSHLine, number: Int, socket: String, route: String) {
        self.line = line
        self.number = number
        self.socket = socket
        self.route = route
    }

    deinit { line.dropForward(number, socket: socket) }

    /// Nothing leads there any more.
    func close() async {
        if line.isUp { _ = await Self.tell("cancel", route, line) }
        line.dropForward(number, socket: socket)
    }

    /// Why nothing gets through, where that has nothing to do with the container; nil: nothing is in the way.
    /// - Parameter isPatient: the connection may be seen to end a moment later than its sockets.
    func severed(isPatient: Bool) async -> Failure? {
        let isDown = isPatient ? await line.endsSoon() : !line.isUp
        guard isDown else { return nil }
        return Failure(.lost, "the ssh connection to \(line.destination), which led to the instance, broke")
    }

    /// - Returns: what was wrong; nil: nothing.
    private static func tell(_ word: String, _ route: String, _ line: SSHLine) async -> String? {
        await withCheckedContinuation { answer in
            let started = DetachedThread.start { answer.resume(returning: run(word, route, line)) }
            if !started { answer.resume(returning: "there is no thread for ssh") }
        }
    }

    /// The user's configuration of ssh was heeded when the connection was made; here it could only add to what is asked for.
    private static func run(_ word: String, _ route: String, _ line: SSHLine) -> String? {
        do throws(Failure) {
            let tool = try SystemTool(
                line.destination.program,
                arguments: ["-F", "none", "-S", line.control, "-O", word, "-L", route, "--", line.destination.host])
            tool.closeInput()
            var speech = SystemTool.Speech()
            guard tool.listen(&speech, until: .now + patience) == .ended,
                let code = tool.exitCode(until: .now + .seconds(5))
            else { return "it was not done within \(patience)" }
            if code == 0 { return nil }
            return speech.complaint.isEmpty ? "ssh ended with code \(code)" : speech.complaint
        } catch {
            return error.message
        }
    }
}
