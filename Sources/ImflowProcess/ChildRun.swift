import Glibc
import ImflowExecution
import ImflowInvocation

/// One run of a program as a child of this process, from its start to the end of the last process of its group.
final class ChildRun: StartedProgram {
    /// What becomes of its standard output.
    enum Output {
        /// It is kept for the end, up to a limit.
        case collected
        /// It is part of the log.
        case logged
        /// Whoever has the other end reads it. Stays the caller's.
        case given(Int32)
    }

    /// From SIGTERM to SIGKILL, when it is ended before its time.
    private static let grace = Duration.seconds(2)

    private let child: ChildProcess
    /// Nil: its output is not collected.
    private let output: OutputPipe?
    private let error: OutputPipe
    private let log: BoundedLog
    private let memory: OutOfMemoryCounter
    private let mark: Int

    /// Starts the program; does not return before it runs. The descriptors stay the caller's.
    init(_ order: ProgramOrder, input: Int32, output: Output, memory: OutOfMemoryCounter) throws(Failure) {
        mark = memory.mark()
        self.memory = memory
        log = BoundedLog(path: order.logPath, limit: Launch.logLimit, redactor: order.redactor)
        let error = try OutputPipe()
        var collected: OutputPipe?
        let programOutput: Int32
        switch output {
        case .collected:
            let pipe = try OutputPipe()
            collected = pipe
            programOutput = pipe.programEnd
        case .logged: programOutput = error.programEnd
        case .given(let descriptor): programOutput = descriptor
        }
        child = try ChildProcess(order.program, input: input, output: programOutput, error: error.programEnd)
        error.releaseProgramEnd()
        collected?.releaseProgramEnd()
        self.error = error
        self.output = collected
    }

    func wait() async -> Exit { await wait(watching: []) }

    /// As ``wait()``, and serves the streams meanwhile.
    func wait(watching streams: [ChildProcess.Stream]) async -> Exit {
        let (status, collected) = waitForLeader(streams)
        log.finish()
        await ProcessTable.waitUntilGone(group: child.group)
        var exit = exit(of: status)
        exit.output = collected.bytes
        exit.outputTruncated = collected.isTruncated
        return exit
    }

    func stop() { child.stop(grace: Self.grace) }

    var outlivesEngine: Bool { false }

    func leave(for time: UInt32) -> Bool { false }

    /// Can be read from once the program has ended; as long as this lives.
    var ending: Int32 { child.ending }

    private func waitForLeader(_ streams: [ChildProcess.Stream]) -> (status: Int32, output: OutputBuffer) {
        var collected = OutputBuffer(limit: Launch.outputLimit)
        var watched = streams
        watched.append(ChildProcess.Stream(descriptor: error.reading) { self.log.append($0) })
        if let output { watched.append(ChildProcess.Stream(descriptor: output.reading) { collected.append($0) }) }
        let status = child.wait(reading: watched)
        return (status, collected)
    }

    /// - Parameter status: as waitpid(2) answered it.
    private func exit(of status: Int32) -> Exit {
        let signal = status & 0x7F
        guard signal == 0 else {
            return Exit(code: nil, signal: signal, outOfMemory: signal == SIGKILL && memory.rose(since: mark))
        }
        let code = status >> 8 & 0xFF
        // A shell reports the signal that ended its child as 128 and its number.
        return Exit(code: code, outOfMemory: code == 128 + SIGKILL && memory.rose(since: mark))
    }
}
