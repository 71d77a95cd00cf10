import Glibc
import ImflowExecution
import ImflowInvocation
import Subprocess

/// One run of a program, from its start to the end of the last process of its group.
enum ModelProcess {
    /// From SIGTERM to SIGKILL, when it is ended before its time.
    static let grace = Duration.seconds(2)

    /// Runs a program to its end. When the calling task is cancelled, it is ended first.
    static func run(
        _ command: ProcessCommand, input: borrowing RequestInput, log: BoundedLog, memory: OutOfMemoryCounter
    ) async throws(Failure) -> Exit {
        let collected = OutputBuffer(limit: Launch.outputLimit)
        let standardInput = FileDescriptorInput.fileDescriptor(
            .init(rawValue: input.descriptor), closeAfterSpawningProcess: false)
        var exit = try await conduct(command, input: standardInput, output: .sequence, error: .sequence, memory: memory)
        {
            execution in
            async let logged: Void = drain(execution.standardError, into: log)
            await drain(execution.standardOutput) { collected.append($0) }
            await logged
        }
        (exit.output, exit.outputTruncated) = collected.take()
        return exit
    }

    /// Starts the program, lets `body` talk to it, and waits for its end. Then nothing of its process group is left.
    static func conduct<Input: InputProtocol, Output: OutputProtocol, ErrorOutput: ErrorOutputProtocol>(
        _ command: ProcessCommand, input: Input, output: Output, error: ErrorOutput, memory: OutOfMemoryCounter,
        body: (Execution<Input, Output, ErrorOutput>) async -> Void
    ) async throws(Failure) -> Exit {
        let mark = memory.mark()
        do {
            let result = try await Subprocess.run(
                command.configuration(grace: grace), input: input, output: output, error: error
            ) { execution in
                await body(execution)
                await waitForEnd(of: execution)
                // The leader is not reaped before this closure returns, so its number still names this group only.
                kill(-execution.processIdentifier.value, SIGKILL)
            }
            await ProcessTable.waitUntilGone(group: result.processIdentifier.value)
            return exit(of: result.terminationStatus, memory: memory, since: mark)
        } catch {
            if Task.isCancelled { throw Failure(.cancelled, "the attempt was cancelled") }
            throw failure(error, of: command)
        }
    }

    /// Returns when the program has ended, reaped or not.
    static func waitForEnd<Input, Output, ErrorOutput>(of execution: Execution<Input, Output, ErrorOutput>) async {
        var information = siginfo_t()
        let process = id_t(execution.processIdentifier.value)
        if waitid(P_PID, process, &information, WEXITED | WNOWAIT | WNOHANG) == 0, information.si_signo == SIGCHLD {
            return
        }
        // Signal 0 is none: the teardown waits for the end, which comes long before its next step.
        let nothing = Signal(rawValue: 0)
        await execution.teardown(using: [.send(signal: nothing, allowedDurationToNextStep: .seconds(1_000_000_000))])
    }

    static func drain(_ sequence: SubprocessOutputSequence, into log: BoundedLog) async {
        await drain(sequence) { log.append($0) }
        log.finish()
    }

    static func drain(_ sequence: SubprocessOutputSequence, into sink: (UnsafeRawBufferPointer) -> Void) async {
        do {
            for try await buffer in sequence { buffer.withUnsafeBytes(sink) }
        } catch {
            // A stream that cannot be read any more has ended; how the program ends says the rest.
        }
    }

    private static func exit(of status: TerminationStatus, memory: OutOfMemoryCounter, since mark: Int) -> Exit {
        switch status {
        case .exited(let code):
            // A shell reports the signal that ended its child as 128 and its number.
            Exit(code: code, outOfMemory: code == 128 + SIGKILL && memory.rose(since: mark))
        case .signaled(let signal):
            Exit(code: nil, signal: signal, outOfMemory: signal == SIGKILL && memory.rose(since: mark))
        }
    }

    private static func failure(_ error: any Error, of command: ProcessCommand) -> Failure {
        guard let error = error as? SubprocessError else {
            return Failure(.infra, "model \(command.model): \(command.program): \(error)")
        }
        switch error.code {
        case .executableNotFound:
            return Failure(.app, "model \(command.model): \(command.program) was not found, or its interpreter was not")
        case .failedToChangeWorkingDirectory:
            return Failure(.infra, "model \(command.model): its folder \(command.folder) cannot be entered")
        case .spawnFailed where error.underlyingError?.rawValue == ENOEXEC:
            return Failure(
                .app,
                "model \(command.model): \(command.program) is no program; a script begins with #! and its interpreter")
        case .spawnFailed where [EACCES, E2BIG].contains(error.underlyingError?.rawValue):
            return Failure(.app, "model \(command.model): \(command.program) cannot be run: \(error)")
        default:
            return Failure(.infra, "model \(command.model): \(command.program) could not be run: \(error)")
        }
    }
}
