import Glibc
import Synchronization
package import ImflowContent
package import ImflowExecution
package import ImflowHTTP
package import ImflowPlan
import ImflowJSON

/// Carries out the calls of models, wherever they run: resolves and stages input, keeps warm instances, speaks the
/// model's protocol, and stores results. Other kinds of work are not its own.
package final class CallExecutor: Executor {
    private struct Known {
        /// By job.
        var spares: [String: SpareFolders] = [:]
        /// By the model's name; what another model of that name left is made anew.
        var schemas: [String: (model: ModelPlan, schemas: ModelSchemas)] = [:]
        var hosts: [any ModelHost]
    }

    private let state: StateFolder
    private let staging: any InputStaging
    private let client: HTTPClient
    private let host: @Sendable (ModelPlan) throws(Failure) -> any ModelHost
    private let pools: InstancePools
    private let cache: CallCache?
    private let api: (any ModelAPI)?
    private let known: Mutex<Known>

    /// - Parameters:
    ///   - host: where a model runs.
    ///   - instanceLimit: most warm instances of one model at once.
    ///   - hosts: every host that `host` may answer: what earlier engines left there is swept, too.
    ///   - startWindow: how long an instance may take to become ready, where its model does not say.
    ///   - idleLimit: a warm instance that nobody wanted for so long is stopped, where its model does not say.
    ///   - health: when warm instances are asked how they are.
    ///   - cache: where results of calls that may be shared are; nil: every call is made.
    ///   - api: by which models submit jobs of their own; nil: they cannot.
    ///   - handOver: how warm instances outlive this; nil: they end with it.
    package init(
        state: StateFolder, staging: any InputStaging, client: HTTPClient,
        host: @escaping @Sendable (ModelPlan) throws(Failure) -> any ModelHost, instanceLimit: Int,
        hosts: [any ModelHost] = [], startWindow: TimeSpan = ModelPlan.startTimeout,
        idleLimit: TimeSpan = ModelPlan.idleTimeout, health: HealthPolicy = HealthPolicy(), cache: CallCache? = nil,
        api: (any ModelAPI)? = nil, handOver: HandOver? = nil
    ) {
        self.state = StateFolder(root: Self.absolute(state.root))
        self.staging = staging
        self.client = client
        self.host = host
        pools = InstancePools(
            InstancePools.Settings(
                state: self.state, client: client, limit: instanceLimit, startWindow: startWindow, idle: idleLimit,
                health: health, api: api, handOver: handOver))
        self.cache = cache
        self.api = api
        known = Mutex(Known(hosts: hosts))
    }

    package func run(_ order: WorkOrder, progress: @escaping UnitProgress) async -> AttemptReport {
        let clock = ContinuousClock()
        let begin = clock.now
        let startedAt = Self.now()
        // One thread carries the whole attempt, and waits where there is something to wait for.
        let (end, expired) = await withTaskExecutorPreference(BlockingThreads.shared) {
            await withDeadline(order.timeout) { await self.carryOut(order, within: $0, progress: progress) }
        }
        var outcome = end.outcome
        if case .failed(let failure) = outcome, expired || Task.isCancelled {
            outcome = .failed(expired && !Task.isCancelled ? Self.late(order, failure) : .cancelled)
        }
        return AttemptReport(
            order: order, outcome: outcome, inputHash: end.inputHash, startedAt: startedAt, finishedAt: Self.now(),
            latencyMilliseconds: (clock.now - begin) / .milliseconds(1), node: end.node, cache: end.cache, engine: end.engine,
            imageDigest: end.imageDigest, startMilliseconds: end.startMilliseconds)
    }

    /// - Parameter failure: how the attempt ended when it was cancelled; often it says what it had waited for.
    private static func late(_ order: WorkOrder, _ failure: Failure) -> Failure {
        let limit = order.timeout.map { " of \($0.seconds) s" } ?? ""
        let seen = failure.cause == .cancelled && failure != .cancelled ? ": " + failure.message : ""
        return Failure(.timeout, "the attempt was not done within its timeout\(limit)\(seen)")
    }

    package func sweep(job: String, keeping tokens: Set<String>) async {
        let hosts = known.withLock { known in
            if tokens.isEmpty { known.spares[job] = nil }
            return known.hosts
        }
        if tokens.isEmpty { await pools.end(job: job) }
        for host in hosts { await host.sweep(job: job, keeping: tokens) }
        await pools.sweep(hosts)
        if tokens.isEmpty { WorkFolder.remove(state.work(job: job)) }
    }

    package func shutdown() async {
        let hosts = known.withLock { $0.hosts }
        await pools.shutdown(hosts)
        for host in hosts { await host.shutdown() }
    }

    private struct End {
        var outcome: Outcome
        var inputHash: ContentHash?
        var node: String
        var cache: CacheEvidence?
        var engine: String?
        var imageDigest: String?
        var startMilliseconds: Double?
    }

    private func carryOut(_ order: WorkOrder, within deadline: Deadline, progress: @escaping UnitProgress) async -> End {
        var end = End(outcome: .failed(.cancelled), inputHash: nil, node: defaultNode)
        guard case .call(let work) = order.work else {
            end.outcome = .failed(Failure(.infra, "task \(order.task) is no call of a model"))
            return end
        }
        do throws(Failure) {
            let host = try host(work.model)
            end.node = host.node
            remember(host)
            guard let call = try await resolve(work) else {
                end.outcome = .skipped("the condition of stage \(order.stage) is false")
                return end
            }
            end.inputHash = call.inputHash
            var ticket: CacheTicket?
            if let cache, order.cache == true {
                switch try await cache.open(order, work, call, on: host, within: deadline) {
                case .hit(let result, let evidence):
                    end.cache = evidence
                    end.outcome = .succeeded(result)
                    return end
                case .call(let opened): ticket = opened
                }
            }
            defer { ticket?.end() }
            end.cache = ticket?.evidence
            let seat = try await seat(for: order, of: work.model, on: host, within: deadline)
            defer { seat?.leave() }
            end.engine = seat?.engine
            defer { end.imageDigest = (seat?.host ?? host).imageDigest(of: work.model) }
            let startClock = StartClock(deadline: deadline)
            defer { end.startMilliseconds = startClock.milliseconds }
            end.outcome = try await succeed(
                order, work, call, on: host, seat: seat, startClock: startClock, progress: progress)
            if case .succeeded(let result) = end.outcome, let cache, let ticket {
                end.cache = await cache.keep(result, of: order, work, by: ticket, on: host)
            }
        } catch {
            end.outcome = .failed(redacted(error, of: work.model, order))
        }
        return end
    }

    /// What the call comes to without calling anything: its condition is false, or the cache has its result. Nil: it would
    /// be made, or it cannot be told.
    package func foreseen(_ order: WorkOrder) async -> (outcome: Outcome, cache: CacheEvidence?)? {
        guard let cache, order.cache == true, case .call(let work) = order.work else { return nil }
        do throws(Failure) {
            guard let call = try await resolve(work) else {
                return (.skipped("the condition of stage \(order.stage) is false"), nil)
            }
            guard let (result, evidence) = try await cache.peek(order, work, call, on: try host(work.model)) else {
                return nil
            }
            return (.succeeded(result), evidence)
        } catch { return nil }
    }

    /// What the server of a model says that it takes and gives. An instance is started for the question and ended; nil: the
    /// model's protocol has no words for that. Throws ``Failure`` when the model does not become ready, or does not say.
    package func ports(of model: ModelPlan, job: String) async throws(Failure) -> ModelPorts? {
        do throws(Failure) {
            let host = try host(model)
            remember(host)
            try WorkFolder.create(state.logs(job: job))
            return try await pools.starter(of: model, on: host).ports(for: job)
        } catch {
            guard let environment = try? ModelEnvironment(of: model) else { throw error }
            throw Failure(error.cause, environment.redact(error.message))
        }
    }

    private func resolve(_ work: CallWork) async throws(Failure) -> StagedCall? {
        do { return try await staging.resolve(work) } catch { throw Failure(of: error) }
    }

    /// Nil: the host has room for all. No time of the attempt's own passes while it waits for a place.
    private func seat(
        for order: WorkOrder, of model: ModelPlan, on host: any ModelHost, within deadline: Deadline
    ) async throws(Failure) -> (any ModelSeat)? {
        guard let host = host as? any SeatingHost else { return nil }
        deadline.putOff()
        defer { deadline.restart() }
        return try await host.seat(for: order, model: model)
    }

    private func succeed(
        _ order: WorkOrder, _ work: CallWork, _ call: StagedCall, on host: any ModelHost,
        seat: (any ModelSeat)?, startClock: StartClock, progress: @escaping UnitProgress
    ) async throws(Failure) -> Outcome {
        guard let seat else {
            return try await succeed(order, work, call, on: host, startClock: startClock, progress: progress)
        }
        return try await seat.occupied {
            do throws(Failure) {
                let outcome = try await self.succeed(
                    order, work, call, on: seat.host, startClock: startClock, progress: progress)
                return .success(outcome)
            } catch { return .failure(error) }
        }.get()
    }

    private func succeed(
        _ order: WorkOrder, _ work: CallWork, _ call: StagedCall, on host: any ModelHost, startClock: StartClock,
        progress: @escaping UnitProgress
    ) async throws(Failure) -> Outcome {
        let schemas = try schemas(of: work.model)
        let api = host.offersAPI ? AttemptAPI(api, for: order) : nil
        let caller = try await caller(for: work.model, of: order, on: host, startClock)
        let folder = state.attemptFolder(job: order.job, task: order.task, attempt: order.attempt)
        if !order.recovered { WorkFolder.remove(folder) }
        defer { WorkFolder.remove(folder) }
        try WorkFolder.create(state.logs(job: order.job))
        let log = LogFile(path: state.log(job: order.job, task: order.task, attempt: order.attempt))
        let attempt = CallAttempt(
            order: order, work: work, host: host, staging: staging, state: state, log: log,
            spares: spares(of: order.job), schemas: schemas, caller: caller, api: api, unitCount: call.units.count,
            startClock: startClock)
        let results: [JSONValue]
        do throws(Failure) {
            results = try await attempt.results(of: call.units, progress: progress)
        } catch {
            await caller.finish()
            throw error
        }
        await caller.finish()
        let value: JSONValue = if case .shard = work.input { .array(results) } else { results.first ?? .null }
        do { return .succeeded(try await staging.store(value)) } catch { throw Failure(of: error) }
    }

    private func spares(of job: String) -> SpareFolders {
        known.withLock { known in
            if let spares = known.spares[job] { return spares }
            let spares = SpareFolders(home: state.work(job: job))
            known.spares[job] = spares
            return spares
        }
    }

    /// Compiled once for all calls of the model.
    private func schemas(of model: ModelPlan) throws(Failure) -> ModelSchemas {
        if let (known, schemas) = known.withLock({ $0.schemas[model.name] }), known == model { return schemas }
        let schemas = try ModelSchemas(of: model)
        known.withLock { $0.schemas[model.name] = (model, schemas) }
        return schemas
    }

    private func caller(
        for model: ModelPlan, of order: WorkOrder, on host: any ModelHost, _ clock: StartClock
    ) async throws(Failure) -> any UnitCaller {
        switch model.callProtocol {
        case .exec: return ColdCaller()
        case .rest, .jsonl, .oip, .cog:
            // The instance may live on, but what it answers goes to an engine that is gone.
            if order.recovered { throw Failure(.lost, "the engine was restarted while a warm instance worked on this") }
            // A job and what its models submit are one: what they call does not change half way.
            let pool = try await pools.pool(of: model, for: order.root ?? order.job, on: host, clock: clock)
            return WarmCaller(pool: pool, client: client)
        }
    }

    private func remember(_ host: any ModelHost) {
        known.withLock { known in
            if !known.hosts.contains(where: { Self.same($0, host) }) { known.hosts.append(host) }
        }
    }

    /// A host that is a value counts as known by its kind and node.
    private static func same(_ one: any ModelHost, _ other: any ModelHost) -> Bool {
        ObjectIdentifier(type(of: one)) == ObjectIdentifier(type(of: other)) && one.node == other.node
    }

    /// For the report of what no host was found for.
    private var defaultNode: String {
        known.withLock { $0.hosts.first?.node } ?? "0x" + String(repeating: "0", count: 40)
    }

    private func redacted(_ failure: Failure, of model: ModelPlan, _ order: WorkOrder) -> Failure {
        let endpoint = api?.endpoint(for: order)
        guard !model.environment.isEmpty || endpoint != nil,
            let environment = try? ModelEnvironment(of: model, api: endpoint)
        else { return failure }
        return Failure(failure.cause, environment.redact(failure.message))
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Programs run in folders of their own, so the paths that they are told must not depend on ours.
    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}
