import Glibc
package import ImflowContent
package import ImflowExecution
import ImflowJSON
import ImflowPlan

/// Lets calls of equal keys share one result: looks before a call is made, has all who want the same wait for one of them,
/// and notes what was made. Whatever is wrong with the cache, the call is made.
package struct CallCache: Sendable {
    /// What a run wants of the cache.
    package struct Use: Sendable {
        /// Neither read nor written.
        package var isOff: Bool
        /// Stages whose results are made anew, and noted.
        package var refreshed: Set<String>

        package init(isOff: Bool = false, refreshed: Set<String> = []) {
            self.isOff = isOff
            self.refreshed = refreshed
        }
    }

    /// How long a call without a time limit waits for another's result before it is made all the same, so that calls
    /// which wait for each other in a ring go on.
    package static let patience: Duration = .seconds(3600)

    private let results: ResultCache
    private let models: ModelContents
    private let use: Use
    private let patience: Duration
    private let secretDigest: @Sendable (String) -> ContentHash

    /// - Parameters:
    ///   - secretDigest: of a variable's value; not to be found out by trying values.
    package init(
        results: ResultCache, models: ModelContents, use: Use = Use(), patience: Duration = CallCache.patience,
        secretDigest: @escaping @Sendable (String) -> ContentHash
    ) {
        self.results = results
        self.models = models
        self.use = use
        self.patience = patience
        self.secretDigest = secretDigest
    }

    enum Opening {
        case hit(Payload, CacheEvidence)
        /// The call is to be made; the ticket must be ended.
        case call(CacheTicket)
    }

    /// - Throws: ``Failure`` with cause `cancelled` when the calling task was.
    func open(
        _ order: WorkOrder, _ work: CallWork, _ call: StagedCall, on host: any ModelHost, within deadline: Deadline
    ) async throws(Failure) -> Opening {
        if use.isOff { return .call(CacheTicket(CacheEvidence(.off))) }
        let model: (origin: ModelOrigin, digests: ModelContents.Digests)
        do throws(Failure) {
            // A model of many gigabytes is hashed once; that is no time of this attempt.
            deadline.putOff()
            defer { deadline.restart() }
            model = try await content(of: work.model, on: host)
        } catch {
            if Task.isCancelled { throw .cancelled }
            return .call(CacheTicket(CacheEvidence(.unavailable, note: error.message)))
        }
        let key = key(of: order, work, call, model.digests)
        return try await look(for: key, order, model: model, within: deadline)
    }

    /// The result that the call would take from the cache now; nil: it would be made. Nothing is waited for.
    func peek(
        _ order: WorkOrder, _ work: CallWork, _ call: StagedCall, on host: any ModelHost
    ) async throws(Failure) -> (Payload, CacheEvidence)? {
        if use.isOff || use.refreshed.contains(order.stage) { return nil }
        let key = key(of: order, work, call, try await content(of: work.model, on: host).digests)
        var evidence = CacheEvidence(.missed, key: key)
        guard let hit = await found(key, &evidence) else { return nil }
        return (hit, evidence)
    }

    private func content(
        of model: ModelPlan, on host: any ModelHost
    ) async throws(Failure) -> (origin: ModelOrigin, digests: ModelContents.Digests) {
        let origin = try await host.origin(of: model)
        return (origin, try await models.digests(of: origin, model: model.name))
    }

    private func key(
        of order: WorkOrder, _ work: CallWork, _ call: StagedCall, _ content: ModelContents.Digests
    ) -> CacheKey {
        let environment = ModelEnvironment.comparable(of: work.model) { .string(secretDigest($0).description) }
        return CacheKey(
            of: order, work: work, call: call, environment: environment, content: content,
            digest: ContentHash.init(canonical:))
    }

    private func look(
        for key: CacheKey, _ order: WorkOrder, model: (ModelOrigin, ModelContents.Digests), within deadline: Deadline
    ) async throws(Failure) -> Opening {
        var evidence = CacheEvidence(use.refreshed.contains(order.stage) ? .refreshed : .missed, key: key)
        // Of an attempt that an earlier engine began, the result is taken from where it runs.
        let reads = evidence.outcome != .refreshed && !order.recovered
        let holder = "\(order.job)/\(order.task)"
        let start = ContinuousClock.now
        while true {
            if reads, let hit = await found(key, &evidence) { return .hit(hit, evidence) }
            do throws(ContentError) {
                if let flight = try results.flight(of: key.hash, holder: holder) {
                    // The one who had it may have ended between the look and this.
                    if reads, let hit = await found(key, &evidence) {
                        flight.end()
                        return .hit(hit, evidence)
                    }
                    if evidence.waitedFor != nil { deadline.restart() }
                    return .call(CacheTicket(evidence, key: key, model: model, flight: flight))
                }
            } catch {
                evidence.note = error.sentence
                return .call(CacheTicket(evidence, key: key, model: model))
            }
            guard reads, .now - start < patience else {
                return .call(CacheTicket(evidence, key: key, model: model))
            }
            evidence.waitedFor = results.flightHolder(of: key.hash) ?? evidence.waitedFor ?? "another call"
            do { try await Task.sleep(for: CacheFlight.interval) } catch {
                let other = evidence.waitedFor.map { "\($0), which makes the same call" } ?? "the same call"
                throw Failure(.cancelled, "it waited for \(other)")
            }
        }
    }

    private func found(_ key: CacheKey, _ evidence: inout CacheEvidence) async -> Payload? {
        switch await results.find(key.hash) {
        case .hit(let entry):
            evidence.outcome = .hit
            evidence.from = entry.from
            return entry.result
        case .damaged: evidence.outcome = .damaged
        case .missing: break
        }
        return nil
    }

    /// Notes the result of a call that was made.
    func keep(
        _ result: Payload, of order: WorkOrder, _ work: CallWork, by ticket: CacheTicket, on host: any ModelHost
    ) async -> CacheEvidence {
        var evidence = ticket.evidence
        guard let key = ticket.key, let (origin, digests) = ticket.model else { return evidence }
        do {
            guard try await host.origin(of: work.model) == origin else {
                throw Failure(.app, "the content of model \(work.model.name) changed while the job ran")
            }
            try await models.requireUnchanged(origin, since: digests, model: work.model.name)
            let entry = CacheEntry(
                key: key, result: result, from: "\(order.job)/\(order.task)", createdAt: Self.now())
            try await results.record(entry)
        } catch let error as Failure {
            evidence.note = "the result was not noted: \(error.message)"
        } catch {
            evidence.note = "the result was not noted: \(error)"
        }
        return evidence
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// A call that is made while others may wait for it.
struct CacheTicket: Sendable {
    let evidence: CacheEvidence
    /// Nil when the result is not to be noted.
    let key: CacheKey?
    let model: (ModelOrigin, ModelContents.Digests)?
    private let flight: CacheFlight?

    init(
        _ evidence: CacheEvidence, key: CacheKey? = nil, model: (ModelOrigin, ModelContents.Digests)? = nil,
        flight: CacheFlight? = nil
    ) {
        self.evidence = evidence
        self.key = key
        self.model = model
        self.flight = flight
    }

    /// Those who wait go on.
    func end() { flight?.end() }
}
