import Glibc
import ImflowExecution
import Synchronization

/// The pipes to and from a `jsonl` program. Our ends never block; ``wait(toWrite:atMost:)`` waits.
final class LinePipes: Sendable {
    enum Wake { case ready, stopped }

    /// What the program reads from and writes to, open until ``releaseProgramEnds()``.
    let programInput: Int32
    let programOutput: Int32
    private let toProgram: Int32
    private let fromProgram: Int32
    /// The read end says “hung up” once its other end is closed.
    private let stopSign: Int32
    private struct Open {
        var stopper: Int32
        var programEnds: [Int32]
    }
    private let open: Mutex<Open>

    init() throws(Failure) {
        var descriptors: [Int32] = []
        do throws(Failure) {
            for _ in 0..<3 {
                let ends = try OutputPipe.ends()
                descriptors += [ends.reading, ends.writing]
            }
        } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
        (programInput, toProgram) = (descriptors[0], descriptors[1])
        (fromProgram, programOutput) = (descriptors[2], descriptors[3])
        stopSign = descriptors[4]
        open = Mutex(Open(stopper: descriptors[5], programEnds: [descriptors[0], descriptors[3]]))
        for end in [toProgram, fromProgram] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        stop()
        releaseProgramEnds()
        for descriptor in [toProgram, fromProgram, stopSign] { close(descriptor) }
    }

    /// Who waits, now or later, is told so.
    func stop() {
        open.withLock { open in
            if open.stopper >= 0 { close(open.stopper) }
            open.stopper = -1
        }
    }

    /// Once the program runs, or will not: its ends are its own, so that their closing is seen.
    func releaseProgramEnds() {
        open.withLock { open in
            for end in open.programEnds { close(end) }
            open.programEnds = []
        }
    }

    /// Whether the program has read all that was written.
    var isTaken: Bool {
        var left: Int32 = 0
        return ioctl(toProgram, UInt(FIONREAD), &left) != 0 || left == 0
    }

    /// - Returns: how many of the bytes were written, 0: none for now; nil: the program does not read any more.
    func write(_ bytes: ArraySlice<UInt8>) -> Int? {
        while true {
            let count = bytes.withUnsafeBytes { Glibc.write(toProgram, $0.baseAddress, $0.count) }
            if count >= 0 { return count }
            if errno == EAGAIN { return 0 }
            if errno != EINTR { return nil }
        }
    }

    /// Appends what the program has written, some of it at a time.
    /// - Returns: how many bytes, 0: none for now; nil: its output has ended.
    func read(into bytes: inout [UInt8]) -> Int? {
        while true {
            var failure: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, filled in
                let count = Glibc.read(fromProgram, buffer.baseAddress, buffer.count)
                failure = count < 0 ? errno : 0
                filled = max(0, count)
            }
            if failure == EINTR { continue }
            if failure == EAGAIN { return 0 }
            if piece.isEmpty { return nil }
            bytes += piece
            return piece.count
        }
    }

    /// Waits until the program wrote something or closed its output, or, with `toWrite`, takes more or closed its
    /// input.
    /// - Parameter milliseconds: negative: without end.
    func wait(toWrite: Bool, atMost milliseconds: Int32 = -1) -> Wake {
        var descriptors = [
            pollfd(fd: stopSign, events: 0, revents: 0), pollfd(fd: fromProgram, events: Int16(POLLIN), revents: 0),
        ]
        if toWrite { descriptors.append(pollfd(fd: toProgram, events: Int16(POLLOUT), revents: 0)) }
        _ = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        return descriptors[0].revents == 0 ? .ready : .stopped
    }
}
