import Glibc

/// The thread of a ``SocketServer``: waits for whatever comes first, and does one small thing.
final class ServerLoop {
    private let listener: Int32
    private let wakes: Int32
    private let limits: ServerLimits
    private let handler: any RequestHandler
    private let mailbox: ServerMailbox
    private var connections: [Int: ServerConnection] = [:]
    private var nextConnection = 0
    private var reserved = 0
    /// After the system had no descriptor for a client, the next ones wait a moment.
    private var acceptsAgainAt: ContinuousClock.Instant?
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    init(
        listener: Int32, wakes: Int32, limits: ServerLimits, handler: any RequestHandler, mailbox: ServerMailbox
    ) {
        self.listener = listener
        self.wakes = wakes
        self.limits = limits
        self.handler = handler
        self.mailbox = mailbox
    }

    /// Returns when the mailbox asks it to stop.
    func run() {
        while !mailbox.isStopping { turn() }
        for id in connections.keys { end(id) }
        close(listener)
        close(wakes)
        mailbox.hasStopped()
    }

    private func turn() {
        let order = connections.keys.sorted()
        let accepts = connections.count < limits.connections && acceptsAgainAt.map { $0 <= .now } ?? true
        var entries = [pollfd(fd: wakes, events: Int16(POLLIN), revents: 0)]
        entries.append(pollfd(fd: accepts ? listener : -1, events: Int16(POLLIN), revents: 0))
        for id in order {
            guard let connection = connections[id] else { continue }
            entries.append(pollfd(fd: connection.descriptor, events: connection.interest, revents: 0))
        }
        guard poll(&entries, nfds_t(entries.count), patience()) >= 0 else { return }
        if entries[0].revents != 0 { while recv(wakes, &buffer, buffer.count, 0) > 0 {} }
        for (id, response) in mailbox.drain() { answer(id, response) }
        for (position, id) in order.enumerated() where entries[position + 2].revents != 0 {
            handle(id, entries[position + 2].revents)
        }
        let now = ContinuousClock.now
        for (id, connection) in connections where connection.deadline.map({ $0 <= now }) == true { giveUp(id) }
        if accepts, entries[1].revents != 0 { accept() }
    }

    /// In milliseconds, until the next deadline; -1: none.
    private func patience() -> Int32 {
        let next = (connections.values.compactMap(\.deadline) + [acceptsAgainAt].compactMap { $0 }).min()
        guard let next else { return -1 }
        let left = ContinuousClock.now.duration(to: next) / .milliseconds(1)
        return Int32(max(0, min(left.rounded(.up), 60_000)))
    }

    private func accept() {
        acceptsAgainAt = nil
        while connections.count < limits.connections {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                if errno != EAGAIN { acceptsAgainAt = .now + .milliseconds(100) }
                return
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            connections[nextConnection] = ServerConnection(
                descriptor: descriptor, phase: .reading(RequestParser(limits: limits)), deadline: .now + limits.patience)
            nextConnection += 1
        }
    }

    private func handle(_ id: Int, _ events: Int16) {
        guard let connection = connections[id] else { return }
        switch connection.phase {
        case .reading(let parser): read(id, parser)
        case .answering: if events & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { end(id) }
        case .writing(let bytes): write(id, bytes)
        case .draining: drain(id)
        }
    }

    private func read(_ id: Int, _ old: RequestParser) {
        var parser = old
        // The parser's bytes are its own again, so that they are not copied for each piece.
        connections[id]?.phase = .draining
        guard let descriptor = connections[id]?.descriptor else { return }
        let count = recv(descriptor, &buffer, min(buffer.count, max(1, parser.appetite)), 0)
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR {
                connections[id]?.phase = .reading(parser)
                return
            }
            return end(id)
        }
        let progress = parser.take(buffer[..<count])
        if case .refused(let response) = progress { return respond(id, response) }
        if let head = parser.head, connections[id]?.isAdmitted == false, !admit(id, head) { return }
        switch progress {
        case .complete(let request): begin(id, request)
        case .incomplete, .refused: connections[id]?.phase = .reading(parser)
        }
    }

    /// Asks the handler, and takes room for the body. False: it was refused.
    private func admit(_ id: Int, _ head: RequestHead) -> Bool {
        connections[id]?.isAdmitted = true
        if let refusal = handler.refusal(of: head) {
            respond(id, refusal)
            return false
        }
        guard reserved + head.contentLength <= limits.bodyBytesAtOnce else {
            respond(id, .problem(503, "too much is being sent at once: try again", fields: ["Retry-After": "1"]))
            return false
        }
        reserved += head.contentLength
        connections[id]?.reserved = head.contentLength
        if head.expectsContinue, head.contentLength > 0, let descriptor = connections[id]?.descriptor {
            let line = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
            _ = send(descriptor, line, line.count, Int32(MSG_NOSIGNAL))
        }
        return true
    }

    private func begin(_ id: Int, _ request: APIRequest) {
        connections[id]?.deadline = nil
        connections[id]?.phase = .answering(
            Task { [handler, mailbox] in mailbox.put(await handler.answer(request), for: id) })
    }

    private func answer(_ id: Int, _ response: APIResponse) {
        guard case .answering = connections[id]?.phase else { return }
        respond(id, response)
    }

    private func respond(_ id: Int, _ response: APIResponse) {
        release(id)
        connections[id]?.deadline = .now + limits.patience
        write(id, response.bytes[...])
    }

    private func write(_ id: Int, _ bytes: ArraySlice<UInt8>) {
        guard let descriptor = connections[id]?.descriptor else { return }
        let count = bytes.withUnsafeBytes {
            send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count < 0, errno != EAGAIN, errno != EINTR { return end(id) }
        let rest = bytes.dropFirst(max(0, count))
        guard rest.isEmpty else {
            connections[id]?.phase = .writing(rest)
            return
        }
        shutdown(descriptor, Int32(SHUT_WR))
        connections[id]?.phase = .draining
    }

    private func drain(_ id: Int) {
        guard let descriptor = connections[id]?.descriptor else { return }
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { end(id) }
    }

    private func giveUp(_ id: Int) {
        guard case .reading = connections[id]?.phase else { return end(id) }
        let limit = Int(limits.patience / .milliseconds(1))
        respond(id, .problem(408, "the request was not complete within \(limit) ms"))
    }

    private func release(_ id: Int) {
        reserved -= connections[id]?.reserved ?? 0
        connections[id]?.reserved = 0
    }

    /// Whoever waits for an answer that nobody will read is told.
    private func end(_ id: Int) {
        release(id)
        guard let connection = connections.removeValue(forKey: id) else { return }
        if case .answering(let task) = connection.phase { task.cancel() }
        // A program that was started meanwhile may have the descriptor, too.
        shutdown(connection.descriptor, Int32(SHUT_RDWR))
        close(connection.descriptor)
    }
}
