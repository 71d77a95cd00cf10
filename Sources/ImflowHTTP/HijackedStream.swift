/// Bytes both ways over one socket: whatever can move moves, so that a peer that answers while it is written to never
/// makes both sides wait for each other.
struct HijackedStream {
    enum Step {
        case received
        /// The other side writes no more.
        case closed
        /// The time is over.
        case expired
    }

    private let socket: any HijackConnection
    private var deadline: ContinuousClock.Instant?
    private var outgoing: [UInt8]
    private var sent = 0
    private var isLast = false
    private var onSent: @Sendable () -> Void = {}
    private var mayWrite = true
    private(set) var incoming: [UInt8] = []

    private static let pieceSize = 64 * 1024

    init(socket: any HijackConnection, outgoing: [UInt8], deadline: ContinuousClock.Instant?) {
        self.socket = socket
        self.outgoing = outgoing
        self.deadline = deadline
    }

    mutating func takeIncoming() -> [UInt8] {
        defer { incoming = [] }
        return incoming
    }

    mutating func dropIncoming(_ count: Int) { incoming.removeFirst(count) }

    /// What is still unsent goes first; the writing side is closed behind `bytes`, and `onSent` called then.
    mutating func sendLast(_ bytes: [UInt8], onSent: @escaping @Sendable () -> Void) {
        self.onSent = onSent
        outgoing = sent == outgoing.count ? bytes : Array(outgoing[sent...]) + bytes
        sent = 0
        isLast = true
    }

    /// Goes out behind what is still unsent.
    mutating func send(_ bytes: [UInt8]) {
        outgoing = sent == outgoing.count ? bytes : Array(outgoing[sent...]) + bytes
        sent = 0
    }

    /// As ``step()``, with a time of its own.
    mutating func step(until deadline: ContinuousClock.Instant?) -> Step {
        self.deadline = deadline
        return step()
    }

    /// Writes and reads until something was received or it is over.
    mutating func step() -> Step {
        while true {
            halfCloseWhenSent()
            let isWriting = mayWrite && (sent < outgoing.count || isLast)
            guard let ready = socket.wait(writing: isWriting, until: deadline) else { return .expired }
            if ready.writable, sent < outgoing.count { write() }
            if ready.readable {
                switch read() {
                case .moved: return .received
                case .closed: return .closed
                case .wouldBlock: continue
                }
            }
        }
    }

    private mutating func halfCloseWhenSent() {
        guard isLast, mayWrite, sent == outgoing.count else { return }
        guard socket.halfClose() else { return }
        mayWrite = false
        outgoing = []
        sent = 0
        onSent()
    }

    private mutating func write() {
        let result = outgoing.withUnsafeBytes { bytes in
            socket.send(UnsafeRawBufferPointer(rebasing: bytes[sent..<min(sent + 4 * Self.pieceSize, bytes.count)]))
        }
        switch result {
        case .moved(let count): sent += count
        case .wouldBlock: break
        // It reads no more, as a program may that needs no input; it may still have something to say.
        case .closed: mayWrite = false
        }
    }

    private mutating func read() -> HijackTransfer {
        withUnsafeTemporaryAllocation(byteCount: Self.pieceSize, alignment: 1) { buffer in
            let result = socket.receive(into: buffer)
            if case .moved(let count) = result {
                incoming.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            return result
        }
    }
}
