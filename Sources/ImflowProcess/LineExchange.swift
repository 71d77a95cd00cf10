import Glibc
import ImflowExecution

/// One request and its reply, a line each.
///
/// Replies carry no numbers, so a program that once writes a line too many would be off by one for ever. Such a line
/// comes before the program reads on. Therefore the first byte of a request goes ahead; when the program has taken it,
/// all that it wrote for the request before can be seen, and a line that is there then answers nothing. (A program that
/// reads ahead of its work hides the border; of it, only what is there by then is noticed.)
struct LineExchange {
    /// Looks for the taken byte: at once, then every 50 µs, then every 2 ms.
    private static let eagerTries = 64
    private static let quickTries = 100

    private let pipes: LinePipes
    private let request: [UInt8]
    private let model: String
    private let limit: Int
    private var sent = 0
    private var received: [UInt8] = []
    private var searched = 0
    private var lineEnd: Int?
    private var ended = false

    /// - Parameters:
    ///   - line: without its newline.
    ///   - limit: the longest reply, in bytes.
    init(_ line: [UInt8], over pipes: LinePipes, model: String, limit: Int) {
        self.pipes = pipes
        self.model = model
        self.limit = limit
        request = line + [UInt8(ascii: "\n")]
    }

    /// The reply without its newline; what is left at the end of the output counts as one. Nil: there is no more, the
    /// program does not read, or ``LinePipes/stop()`` was called. Waits for the program.
    mutating func run() throws(Failure) -> [UInt8]? {
        try take()
        guard received.isEmpty else { throw tooManyLines }
        guard !ended, try sendFirstByte(), try sendTheRest() else { return nil }
        guard let lineEnd else { return received.isEmpty ? nil : received }
        try take()
        guard received.count == lineEnd + 1 else { throw tooManyLines }
        received.removeLast()
        return received
    }

    /// - Returns: false when there will be no reply.
    private mutating func sendFirstByte() throws(Failure) -> Bool {
        guard send(upTo: 1) else { return false }
        var tries = 0
        while true {
            // Asked before the output is looked at: what was written before the byte was taken is there then.
            let isTaken = pipes.isTaken
            try take()
            if lineEnd != nil || (ended && !isTaken && !received.isEmpty) { throw tooManyLines }
            if isTaken || ended { return true }
            tries += 1
            if tries < Self.eagerTries {
                sched_yield()
            } else if tries < Self.quickTries {
                usleep(50)
            } else if pipes.wait(toWrite: false, atMost: 2) == .stopped {
                return false
            }
        }
    }

    /// A program may answer before it has read all, so the output is read meanwhile.
    private mutating func sendTheRest() throws(Failure) -> Bool {
        while lineEnd == nil || sent < request.count {
            if ended { return true }
            if let lineEnd, received.count > lineEnd + 1 { return true }
            guard send(upTo: request.count) else {
                try take()
                return lineEnd != nil
            }
            if sent == request.count, lineEnd != nil { return true }
            let wake = pipes.wait(toWrite: sent < request.count)
            try take()
            // A program that answers and ends at once may be seen to have ended before its answer is seen.
            if wake == .stopped { return lineEnd != nil }
        }
        return true
    }

    /// - Returns: false when the program closed its input.
    private mutating func send(upTo end: Int) -> Bool {
        while sent < end {
            guard let count = pipes.write(request[sent..<end]) else { return false }
            if count == 0 { return true }
            sent += count
        }
        return true
    }

    /// Reads what is there, as far as one line and what came with it.
    private mutating func take() throws(Failure) {
        while !ended {
            if let lineEnd, received.count > lineEnd + 1 { return }
            guard let count = pipes.read(into: &received) else {
                ended = true
                return
            }
            if lineEnd == nil {
                lineEnd = received[searched...].firstIndex(of: UInt8(ascii: "\n"))
                searched = received.count
            }
            if count == 0 { return }
            guard (lineEnd ?? received.count) <= limit else {
                throw Failure(
                    .app, "model \(model) answered with a line of more than \(limit) bytes; return large data as files")
            }
        }
    }

    private var tooManyLines: Failure {
        Failure(
            .app,
            "model \(model): the model answered more lines than it was asked; a jsonl model writes one line per "
                + "request to its standard output, and all else to its standard error"
        )
    }
}
