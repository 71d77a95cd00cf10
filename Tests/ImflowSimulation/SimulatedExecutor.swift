import ImflowExecution

/// Carries out orders when it is told to, and keeps what outlives an engine: attempts that run on, and results that
/// nobody has taken.
struct SimulatedExecutor {
    struct Attempt {
        var order: WorkOrder
        /// The engine that awaits the report.
        var engine: Int
        var isEnding = false
        /// Answered already; kept for an engine that asks again.
        var outcome: Outcome?
    }

    struct Mail {
        var engine: Int
        var report: AttemptReport
    }

    private(set) var attempts: [Attempt] = []
    /// Reports on their way.
    var mail: [Mail] = []
    /// Hashes of stored values that are gone or damaged.
    private(set) var damaged: Set<ContentHash> = []
    /// What was ever stored outside the journal, and can be lost.
    private(set) var stored: [ContentHash] = []
    private var known: Set<ContentHash> = []

    /// Places in ``attempts`` of those that still work.
    var working: [Int] { attempts.indices.filter { attempts[$0].outcome == nil } }

    /// Takes an order. One of an earlier engine is taken on where it is; when it is not known, it is lost.
    mutating func take(_ order: WorkOrder, for engine: Int, now: Int64) throws(Violation) {
        let place = attempts.firstIndex { $0.order.token == order.token }
        guard order.recovered else {
            if place != nil { throw Violation("\(order.task): an order was handed out twice") }
            attempts.append(Attempt(order: order, engine: engine))
            return
        }
        guard let place else {
            return send(order, .failed(Failure(.lost, "nobody knows")), to: engine, now: now)
        }
        attempts[place].engine = engine
        attempts[place].isEnding = false
        if let outcome = attempts[place].outcome { send(attempts[place].order, outcome, to: engine, now: now) }
    }

    mutating func end(_ token: String) {
        if let place = attempts.firstIndex(where: { $0.order.token == token }) { attempts[place].isEnding = true }
    }

    /// Answers one attempt. `remembers`: an engine that asks again will be answered again.
    mutating func answer(_ place: Int, _ outcome: Outcome, remembers: Bool, now: Int64) {
        keep(outcome)
        send(attempts[place].order, outcome, to: attempts[place].engine, now: now)
        if remembers { attempts[place].outcome = outcome } else { attempts.remove(at: place) }
    }

    /// Forgets one attempt: its engine hears, or does not, that it is lost.
    mutating func forget(_ place: Int, telling: Bool, now: Int64) {
        let attempt = attempts.remove(at: place)
        if telling, attempt.outcome == nil {
            send(attempt.order, .failed(Failure(.lost, "forgotten")), to: attempt.engine, now: now)
        }
    }

    /// Ends everything of the job but what belongs to `tokens`.
    mutating func sweep(job: String, keeping tokens: Set<String>) {
        attempts.removeAll { $0.order.job == job && !tokens.contains($0.order.token) }
    }

    /// The engine's own children die with it.
    mutating func lose(engine: Int) { attempts.removeAll { $0.engine == engine } }

    mutating func damage(_ hash: ContentHash) { damaged.insert(hash) }

    func isIntact(_ payload: Payload) -> Bool { payload.inline != nil || !damaged.contains(payload.hash) }

    func isWhole(_ payload: Payload?) -> Bool { payload.map(isIntact) ?? true }

    /// Whether everything that the order names can be read.
    func canRead(_ order: WorkOrder) -> Bool { Self.inputs(of: order).allSatisfy(isIntact) }

    private static func inputs(of order: WorkOrder) -> [Payload] {
        func inputs(_ context: InputContext) -> [Payload] {
            context.sources.map(\.result) + (context.jobInput.map { [$0] } ?? [])
        }
        func inputs(_ parts: [MergePart]) -> [Payload] { parts.map(\.units) + parts.compactMap(\.output) }
        switch order.work {
        case .fetch: return []
        case .split(let work): return inputs(work.context)
        case .pass(let context): return inputs(context)
        case .merge(let work): return inputs(work.parts)
        case .call(let work):
            return switch work.input {
            case .whole(let context): inputs(context)
            case .shard(let shared, let units, let followed): [shared, units] + (followed.map { [$0] } ?? [])
            case .reduce(let parts): inputs(parts)
            }
        }
    }

    /// What is made anew is whole again.
    private mutating func keep(_ outcome: Outcome) {
        let made: [Payload] =
            switch outcome {
            case .succeeded(let result): [result]
            case .expanded(let shared, _, let shards): [shared] + shards
            case .skipped, .failed: []
            }
        for payload in made where payload.inline == nil {
            damaged.remove(payload.hash)
            if known.insert(payload.hash).inserted { stored.append(payload.hash) }
        }
    }

    private mutating func send(_ order: WorkOrder, _ outcome: Outcome, to engine: Int, now: Int64) {
        let report = AttemptReport(
            order: order, outcome: outcome, inputHash: nil, startedAt: now, finishedAt: now, latencyMilliseconds: 1,
            node: "0x00")
        mail.append(Mail(engine: engine, report: report))
    }
}
