import Glibc
import ImflowExecution
import ImflowHTTP

/// One request and its reply, a line each, with a program in a container.
///
/// Replies carry no numbers, so a program that once writes a line too many would be off by one for ever. As with a process,
/// the first byte of a request goes ahead (``InputFence``): when the program has taken it, it has written all that it will
/// write for the request before. That comes by way of the engine, a little later: a mark behind it says when it is all here.
/// Where there can be no mark, it is waited for a moment.
struct ContainerLineExchange {
    /// How long a line may be on its way from the program through the engine when the program reads on.
    private static let transit = Duration.milliseconds(2)
    /// Looks for the taken byte: at once, then after pauses that grow from one to the other.
    private static let firstPause: UInt32 = 20
    private static let longestPause: UInt32 = 2000

    private let line: HijackedLine
    private let fence: InputFence?
    private let model: String
    private let limit: Int
    private let request: [UInt8]
    private(set) var frames: FrameReader
    private var received: [UInt8] = []
    private var searched = 0
    private var lineEnd: Int?
    private var ended = false
    /// On its way behind what the program had written.
    private var mark: [UInt8]?

    /// - Parameters:
    ///   - request: without its newline.
    ///   - fence: nil: what the program reads cannot be watched.
    ///   - limit: the longest reply, in bytes.
    init(
        _ request: [UInt8], over line: HijackedLine, frames: FrameReader, fence: InputFence?, model: String, limit: Int
    ) {
        self.request = request + [UInt8(ascii: "\n")]
        self.line = line
        self.frames = frames
        self.fence = fence
        self.model = model
        self.limit = limit
    }

    /// The reply without its newline; what is left at the end of the output counts as one. Nil: there is no more. Waits for
    /// the program.
    mutating func run() throws(Failure) -> [UInt8]? {
        try take(until: .now)
        guard received.isEmpty else { throw tooManyLines }
        guard !ended else { return nil }
        if let fence, fence.write(request[0]) {
            guard try waitUntilTaken(fence) else { return nil }
            line.send(Array(request.dropFirst()))
        } else {
            line.send(request)
        }
        while lineEnd == nil, !ended { try take(until: nil) }
        guard let lineEnd else { return received.isEmpty ? nil : received }
        try take(until: .now)
        guard received.count == lineEnd + 1 else { throw tooManyLines }
        received.removeLast()
        return received
    }

    /// - Returns: false when there will be no reply.
    private mutating func waitUntilTaken(_ fence: InputFence) throws(Failure) -> Bool {
        var pause = Self.firstPause
        while !fence.isTaken {
            try take(until: .now)
            if lineEnd != nil { throw tooManyLines }
            if ended { return false }
            usleep(pause)
            pause = min(pause * 2, Self.longestPause)
        }
        mark = fence.mark()
        if mark == nil { try take(until: .now + Self.transit) }
        while mark != nil, lineEnd == nil, !ended { try take(until: nil) }
        if lineEnd != nil { throw tooManyLines }
        return !ended
    }

    /// Takes the mark out, when it has come.
    private mutating func takeMark() {
        guard let wanted = mark, let place = received.firstRange(of: wanted) else { return }
        received.removeSubrange(place)
        searched = 0
        mark = nil
    }

    /// Reads what comes until then, or until something came.
    private mutating func take(until deadline: ContinuousClock.Instant?) throws(Failure) {
        switch line.step(until: deadline) {
        case .expired: return
        case .closed: ended = true
        case .received(let chunk):
            var output: [UInt8] = []
            frames.read(chunk) { stream, payload in if stream == .output { output += payload } }
            received += output
            takeMark()
        }
        if lineEnd == nil {
            lineEnd = received[searched...].firstIndex(of: UInt8(ascii: "\n"))
            searched = received.count
        }
        guard (lineEnd ?? received.count) <= limit else {
            throw Failure(
                .app, "model \(model) answered with a line of more than \(limit) bytes; return large data as files")
        }
    }

    private var tooManyLines: Failure {
        Failure(
            .app,
            "model \(model): the model answered more lines than it was asked; a jsonl model writes one line per "
                + "request to its standard output, and all else to its standard error")
    }
}
