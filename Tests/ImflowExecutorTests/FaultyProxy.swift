import Glibc
import ImflowHTTP
import Synchronization
import Testing

/// A unix socket that leads to the usual Docker engine, and spoils what comes back as it is told: faults of a daemon, or of
/// what is between, that nothing real makes at will.
final class FaultyProxy: Sendable {
    enum Fault: Sendable, Equatable {
        /// The connection is closed when so many bytes of the answer have come.
        case cut(after: Int)
        /// As much of the answer comes, and then no more, on a connection that stays.
        case stall(after: Int)
        /// Then comes noise, and the connection is closed.
        case noise(after: Int)
        /// A byte at a time.
        case trickle
    }

    private struct State {
        var fault: Fault?
        /// Part of the request's first line; empty: of any.
        var request = ""
        var isClosed = false
        var descriptors: Set<Int32> = []
        var hits = 0
    }

    let path: String
    private let engine: String
    private let listener: Int32
    private let state = Mutex(State())

    init(in folder: String, before engine: String) throws {
        path = folder + "/faulty.sock"
        self.engine = engine
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try #require(listener >= 0 && DockerBench.withUnixAddress(path) { bind(listener, $0, $1) } == 0)
        try #require(listen(listener, 64) == 0)
        let started = DetachedThread.start { [weak self, listener] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self, self.enter(client) else { return }
            }
        }
        try #require(started)
    }

    /// How many answers were spoiled.
    var hits: Int { state.withLock { $0.hits } }

    /// From now on the answers to requests whose first line has this text (empty: all) are spoiled so; nil: none is.
    func spoil(_ request: String, _ fault: Fault?) {
        state.withLock { state in
            state.request = request
            state.fault = fault
        }
    }

    /// Ends all connections, and takes no more.
    func close() {
        let open = state.withLock { state in
            state.isClosed = true
            return state.descriptors
        }
        shutdown(listener, Int32(SHUT_RDWR))
        for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    deinit {
        Glibc.close(listener)
        unlink(path)
    }

    private func enter(_ client: Int32) -> Bool {
        let far = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let isOpen = far >= 0 && DockerBench.withUnixAddress(engine) { connect(far, $0, $1) } == 0
        let isWanted = state.withLock { state in
            if state.isClosed || !isOpen { return false }
            state.descriptors.formUnion([client, far])
            return true
        }
        guard isWanted else {
            Glibc.close(client)
            if far >= 0 { Glibc.close(far) }
            return false
        }
        let line = FaultyLine(client: client, far: far)
        let started = DetachedThread.start { self.forth(line) } && DetachedThread.start { self.back(line) }
        return started
    }

    private func forth(_ line: FaultyLine) {
        while let piece = FaultyLine.read(line.client) {
            let first = String(decoding: piece.prefix { $0 != 13 }, as: UTF8.self)
            if first.hasSuffix(" HTTP/1.1") { line.begin(first) }
            guard FaultyLine.write(piece, to: line.far) else { break }
        }
        shutdown(line.far, Int32(SHUT_WR))
        leave(line)
    }

    private func back(_ line: FaultyLine) {
        while let piece = FaultyLine.read(line.far) {
            let fault = state.withLock { state -> Fault? in
                guard let fault = state.fault, state.request.isEmpty || line.request.contains(state.request) else { return nil }
                if line.passed == 0 { state.hits += 1 }
                return fault
            }
            guard pass(piece, fault, line) else { break }
        }
        shutdown(line.client, Int32(SHUT_RDWR))
        shutdown(line.far, Int32(SHUT_RDWR))
        leave(line)
    }

    /// - Returns: false: the connection is over.
    private func pass(_ piece: [UInt8], _ fault: Fault?, _ line: FaultyLine) -> Bool {
        let before = line.passed
        line.passed += piece.count
        switch fault {
        case nil: return FaultyLine.write(piece, to: line.client)
        case .trickle:
            for byte in piece {
                guard FaultyLine.write([byte], to: line.client) else { return false }
            }
            return true
        case .cut(let count), .stall(let count), .noise(let count):
            let rest = max(0, count - before)
            guard FaultyLine.write(Array(piece.prefix(rest)), to: line.client) else { return false }
            if piece.count <= rest { return true }
            if case .cut = fault { return false }
            if case .stall = fault { return true }
            _ = FaultyLine.write((0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }, to: line.client)
            return false
        }
    }

    private func leave(_ line: FaultyLine) {
        guard line.isLeftByBoth else { return }
        state.withLock { $0.descriptors.subtract([line.client, line.far]) }
        Glibc.close(line.client)
        Glibc.close(line.far)
    }
}

/// One connection.
private final class FaultyLine: Sendable {
    let client: Int32
    let far: Int32
    /// Of the request under way, its first line and how many bytes of the answer came.
    private let exchange = Mutex((request: "", passed: 0, left: 0))

    init(client: Int32, far: Int32) {
        self.client = client
        self.far = far
    }

    var request: String { exchange.withLock { $0.request } }

    var passed: Int {
        get { exchange.withLock { $0.passed } }
        set { exchange.withLock { $0.passed = newValue } }
    }

    /// True for the second who asks.
    var isLeftByBoth: Bool {
        exchange.withLock { exchange in
            exchange.left += 1
            return exchange.left == 2
        }
    }

    func begin(_ request: String) { exchange.withLock { $0 = (request, 0, $0.left) } }

    static func read(_ descriptor: Int32) -> [UInt8]? {
        let piece = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
            count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
        }
        return piece.isEmpty ? nil : piece
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
