import Synchronization

/// Tells of downloads that take long.
package final class FetchReporter: Sendable {
    /// How a download stands.
    package struct Report: Sendable {
        /// The URL without what may be secret.
        package var url: String
        package var received: Int64
        /// In bytes; nil when the server does not say.
        package var total: Int64?
        /// Since the last report, or the start.
        package var bytesPerSecond: Double
        package var isDone: Bool

        /// `fetching https://…: 1.2 GiB of 3.4 GiB (35 %), 52.1 MiB/s`
        package var line: String {
            var line = "\(isDone ? "fetched" : "fetching") \(url): \(Self.shown(Double(received)))"
            if let total, !isDone { line += " of \(Self.shown(Double(total)))" }
            if let total, total > 0, !isDone { line += " (\(min(100, received * 100 / total)) %)" }
            return line + ", \(Self.shown(bytesPerSecond))/s"
        }

        private static func shown(_ bytes: Double) -> String {
            for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] where bytes >= Double(1 << shift) {
                return "\((bytes / Double(1 << shift) * 10).rounded() / 10) \(unit)"
            }
            return "\(Int(bytes)) bytes"
        }
    }

    private let tell = Mutex<(@Sendable (Report) -> Void)?>(nil)
    let interval: Duration

    /// - Parameter interval: a download that ends sooner is not told of; one that lasts is told of so often.
    package init(interval: Duration = .seconds(5)) { self.interval = interval }

    /// Who is told from now on, on the thread that downloads; nil: nobody.
    package func report(to listener: (@Sendable (Report) -> Void)?) { tell.withLock { $0 = listener } }

    func send(_ report: Report) { tell.withLock { $0 }?(report) }
}

/// Counts one download, and tells of it when it is time.
final class FetchMeter: Sendable {
    private struct State {
        var received: Int64 = 0
        var total: Int64?
        var toldAt: ContinuousClock.Instant
        var toldBytes: Int64 = 0
        /// Where it began: what was there before was not fetched now.
        var first: Int64?
        var wasTold = false
    }

    private let url: String
    private let reporter: FetchReporter
    private let start: ContinuousClock.Instant
    private let state: Mutex<State>

    init(url: String, reporter: FetchReporter) {
        self.url = url
        self.reporter = reporter
        start = .now
        state = Mutex(State(toldAt: start))
    }

    /// The file has `received` bytes now, of which nothing was told yet: it starts, goes on or starts over.
    func begin(at received: Int64, total: Int64?) {
        state.withLock { state in
            state.received = received
            state.first = min(state.first ?? received, received)
            state.toldBytes = state.wasTold ? min(state.toldBytes, received) : received
            state.total = total
        }
    }

    func add(_ count: Int) {
        let now = ContinuousClock.now
        let report: FetchReporter.Report? = state.withLock { state in
            state.received += Int64(count)
            guard now - state.toldAt >= reporter.interval else { return nil }
            return take(&state, now: now, isDone: false)
        }
        if let report { reporter.send(report) }
    }

    /// The last report, when there was one before.
    func finish() {
        let report: FetchReporter.Report? = state.withLock { state in
            guard state.wasTold else { return nil }
            state.toldAt = start
            state.toldBytes = state.first ?? 0
            return take(&state, now: .now, isDone: true)
        }
        if let report { reporter.send(report) }
    }

    private func take(_ state: inout State, now: ContinuousClock.Instant, isDone: Bool) -> FetchReporter.Report {
        let seconds = max((now - state.toldAt) / .seconds(1), 0.001)
        let rate = Double(max(0, state.received - state.toldBytes)) / seconds
        state.toldAt = now
        state.toldBytes = state.received
        state.wasTold = true
        return FetchReporter.Report(
            url: url, received: state.received, total: state.total, bytesPerSecond: rate, isDone: isDone)
    }
}
