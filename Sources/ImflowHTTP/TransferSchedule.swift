import CCurlShim

/// Which transfers run and which wait for their turn. Lives on the loop's thread.
final class TransferSchedule {
    private let multi: OpaquePointer
    private let maximumRunning: Int
    private var running: [UInt64: Transfer] = [:]
    /// In the order they came.
    private var waiting: [Transfer] = []
    private var finished = 0
    /// Why nothing is begun any more.
    private var abandoned: String?

    init(multi: OpaquePointer, maximumRunning: Int) {
        self.multi = multi
        self.maximumRunning = maximumRunning
    }

    func accept(_ command: TransferLoop.Command) {
        switch command {
        case .start(let transfer):
            waiting.append(transfer)
            // It may have been on its way here when the others were ended.
            if let abandoned { answer(waiting.removeLast()) { $0.finish(with: .failure(.connectionClosed(abandoned))) } }
        case .cancel(let id):
            if let transfer = running[id] {
                end(transfer) { $0.finish(with: .failure(.cancelled)) }
            } else if let place = waiting.firstIndex(where: { $0.id == id }) {
                answer(waiting.remove(at: place)) { $0.finish(with: .failure(.cancelled)) }
            }
        case .abandon(let reason):
            abandoned = reason
            for transfer in running.values { end(transfer) { $0.finish(with: .failure(.connectionClosed(reason))) } }
            for transfer in waiting { answer(transfer) { $0.finish(with: .failure(.connectionClosed(reason))) } }
            waiting = []
        }
    }

    /// Does what can be done without waiting; answers how many transfers were answered since the last call.
    func advance() -> Int {
        dropExpired()
        var moves = true
        while moves {
            startWaiting()
            if imflow_multi_perform(multi) != 0 { failAll() }
            moves = endEnded()
        }
        defer { finished = 0 }
        return finished
    }

    /// Until the first waiting transfer's time is over; libcurl itself watches the running ones.
    var millisecondsToDeadline: Int32 {
        let longest: Int32 = 60_000
        guard let first = waiting.lazy.compactMap(\.deadline).min() else { return longest }
        let left = ContinuousClock.now.duration(to: first) / .milliseconds(1)
        return Int32(min(max(left.rounded(.up), 0), Double(longest)))
    }

    private func startWaiting() {
        while running.count < maximumRunning, !waiting.isEmpty {
            let transfer = waiting.removeFirst()
            if let error = transfer.prepare() {
                answer(transfer) { $0.finish(with: .failure(error)) }
            } else {
                run(transfer)
            }
        }
    }

    private func run(_ transfer: Transfer) {
        guard let handle = transfer.handle, imflow_multi_add(multi, handle) == 0 else {
            answer(transfer) { $0.finish(with: .failure(.other("libcurl does not take the request."))) }
            return
        }
        running[transfer.id] = transfer
    }

    private func dropExpired() {
        guard !waiting.isEmpty else { return }
        let now = ContinuousClock.now
        let expired = waiting.filter { $0.deadline.map { $0 <= now } ?? false }
        guard !expired.isEmpty else { return }
        waiting.removeAll { $0.deadline.map { $0 <= now } ?? false }
        for transfer in expired { answer(transfer) { $0.finishTimedOut() } }
    }

    /// True when a transfer ended, which may let another start.
    private func endEnded() -> Bool {
        var any = false
        var outcome = IMFLOW_DONE
        while let context = imflow_multi_next_ended(multi, &outcome) {
            any = true
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            if transfer.mayRunAgain(after: outcome) {
                remove(transfer)
                run(transfer)
            } else {
                end(transfer) { $0.finish(outcome) }
            }
        }
        return any
    }

    private func failAll() {
        for transfer in running.values {
            end(transfer) { $0.finish(with: .failure(.other("libcurl could not go on: no memory or no descriptors."))) }
        }
    }

    private func remove(_ transfer: Transfer) {
        if let handle = transfer.handle { imflow_multi_remove(multi, handle) }
        running[transfer.id] = nil
    }

    private func end(_ transfer: Transfer, _ finish: (Transfer) -> Void) {
        remove(transfer)
        answer(transfer, finish)
    }

    private func answer(_ transfer: Transfer, _ finish: (Transfer) -> Void) {
        finished += 1
        finish(transfer)
    }
}
