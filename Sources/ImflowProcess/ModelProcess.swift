import Glibc
import ImflowExecution
import ImflowInvocation

/// One run of a program, from its start to the end of the last process of its group.
enum ModelProcess {
    /// From SIGTERM to SIGKILL, when it is ended before its time.
    static let grace = Duration.seconds(2)

    /// Runs a program to its end, blocking the thread meanwhile. When the calling task is cancelled, it is ended first.
    static func run(
        _ command: ProcessCommand, input: borrowing RequestInput, log: BoundedLog, memory: OutOfMemoryCounter
    ) async throws(Failure) -> Exit {
        let mark = memory.mark()
        let output = try OutputPipe()
        let error = try OutputPipe()
        let child = try ChildProcess(
            command, input: input.descriptor, output: output.programEnd, error: error.programEnd)
        output.releaseProgramEnd()
        error.releaseProgramEnd()
        var collected = OutputBuffer(limit: Launch.outputLimit)
        let status = await withTaskCancellationHandler {
            child.wait(reading: [
                .init(descriptor: output.reading) { collected.append($0) },
                .init(descriptor: error.reading) { log.append($0) },
            ])
        } onCancel: {
            child.stop(grace: grace)
        }
        log.finish()
        await ProcessTable.waitUntilGone(group: child.group)
        var exit = exit(of: status, memory: memory, since: mark)
        exit.output = collected.bytes
        exit.outputTruncated = collected.isTruncated
        return exit
    }

    /// Runs a command beside an instance to its end, blocking the thread meanwhile; all that it writes goes to the log.
    static func runHook(
        _ command: ProcessCommand, log: BoundedLog, memory: OutOfMemoryCounter
    ) async throws(Failure) -> Exit {
        let mark = memory.mark()
        let logged = try OutputPipe()
        let nothing = try RequestInput.nothing()
        let child = try ChildProcess(
            command, input: nothing.descriptor, output: logged.programEnd, error: logged.programEnd)
        logged.releaseProgramEnd()
        let status = await withTaskCancellationHandler {
            child.wait(reading: [.init(descriptor: logged.reading) { log.append($0) }])
        } onCancel: {
            child.stop(grace: grace)
        }
        log.finish()
        await ProcessTable.waitUntilGone(group: child.group)
        return exit(of: status, memory: memory, since: mark)
    }

    /// - Parameter status: as waitpid(2) answered it.
    static func exit(of status: Int32, memory: OutOfMemoryCounter, since mark: Int) -> Exit {
        let signal = status & 0x7F
        guard signal == 0 else {
            return Exit(code: nil, signal: signal, outOfMemory: signal == SIGKILL && memory.rose(since: mark))
        }
        let code = status >> 8 & 0xFF
        // A shell reports the signal that ended its child as 128 and its number.
        return Exit(code: code, outOfMemory: code == 128 + SIGKILL && memory.rose(since: mark))
    }
}
