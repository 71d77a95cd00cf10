import ImflowContent
import ImflowExecution
import ImflowHTTP
import ImflowPlan
import Synchronization

/// The warm instances of all models of one executor, which its jobs share.
///
/// A pool serves one manifest of one content at one place. When a job brings another manifest, or the content has changed,
/// there is a new pool: of changed content the old one takes no more attempts and ends; of another manifest it goes on for
/// the jobs that began with it, but keeps nothing that idles. Content is looked at when a job calls a model for the first time.
final class InstancePools: Sendable {
    /// What all pools have in common.
    struct Settings: Sendable {
        var state: StateFolder
        var client: HTTPClient
        /// Most warm instances of one model at once.
        var limit: Int
        var startWindow: TimeSpan
        var idle: TimeSpan
        var health: HealthPolicy
        var api: (any ModelAPI)?
        var handOver: HandOver?
    }

    private enum Standing { case newest, replacedByManifest, replacedByContent }

    private struct Entry {
        let model: ModelPlan
        /// Of several engines, the one that the instances run on.
        let place: ObjectIdentifier?
        let content: String
        let pool: InstancePool
        /// Jobs that called it and have not ended.
        var users: Set<String>
        var standing = Standing.newest

        /// Whether calls of this manifest and content go to its pool.
        func serves(_ model: ModelPlan, _ place: ObjectIdentifier?, _ content: String) -> Bool {
            self.place == place && self.content == content && standing != .replacedByContent && self.model == model
        }

        func competes(_ model: ModelPlan, _ place: ObjectIdentifier?) -> Bool {
            self.model.name == model.name && self.place == place
        }
    }

    /// A look at a model's content for a job, which all its attempts wait for.
    private struct Look {
        let job: String
        let model: ModelPlan
        let place: ObjectIdentifier?
        let content: Task<Result<String, Failure>, Never>

        func isFor(_ job: String, _ model: ModelPlan, _ place: ObjectIdentifier?) -> Bool {
            self.job == job && self.place == place && self.model == model
        }
    }

    private struct Known {
        var entries: [Entry] = []
        var looks: [Look] = []
        /// By place: that nothing of ours is left there from before an engine was lost sight of.
        var visits: [ObjectIdentifier: Task<Void, Never>] = [:]
        var inherited: Set<String>?

        func pool(of model: ModelPlan, for job: String, _ place: ObjectIdentifier?) -> InstancePool? {
            entries.first {
                $0.place == place && $0.standing != .replacedByContent && $0.users.contains(job) && $0.model == model
            }?.pool
        }
    }

    /// An instance of a manifest that is not the newest any more is stopped when it has been idle for so long.
    private static let lingering = Duration.seconds(2)
    /// Between two units of an attempt, as a rule.
    private static let drainage = Duration.milliseconds(100)

    private let settings: Settings
    private let home: WarmHome
    private let shelf: WarmShelf
    private let known = Mutex(Known())

    init(_ settings: Settings) {
        self.settings = settings
        home = WarmHome(settings.state)
        shelf = WarmShelf(state: settings.state)
    }

    /// The pool that serves the job's calls of the model.
    /// - Parameter clock: is told while it is looked at what the model is made of: its image may have to be pulled.
    func pool(
        of model: ModelPlan, for job: String, on host: any ModelHost, clock: StartClock
    ) async throws(Failure) -> InstancePool {
        let place = type(of: host) is AnyClass ? ObjectIdentifier(host as AnyObject) : nil
        if let pool = known.withLock({ $0.pool(of: model, for: job, place) }) { return pool }
        clock.begin()
        defer { clock.end() }
        inherit()
        if let place { await visit(place, host).value }
        while true {
            let look: Task<Result<String, Failure>, Never>
            switch find(model, for: job, on: host, place) {
            case .pool(let pool): return pool
            case .look(let begun): look = begun
            }
            let result = await withTaskCancellationHandler { await look.value } onCancel: { look.cancel() }
            if case .failure(let failure) = result {
                known.withLock { $0.looks.removeAll { $0.content == look } }
                if Task.isCancelled { throw .cancelled }
                // Somebody else who waited for it gave up.
                if failure.cause == .cancelled { continue }
            }
            let (joined, after) = try join(job, model, place, try result.get(), host)
            for step in after { await step() }
            return joined
        }
    }

    /// The job has ended: what only it used goes, or idles out.
    func end(job: String) async {
        let after = known.withLock { known in
            var after: [@Sendable () async -> Void] = []
            for index in known.entries.indices.reversed() where known.entries[index].users.remove(job) != nil {
                let entry = known.entries[index]
                guard entry.users.isEmpty else { continue }
                if entry.standing == .newest {
                    after.append { await entry.pool.setNeeded(false) }
                } else {
                    known.entries.remove(at: index)
                    after.append { await entry.pool.shutdown() }
                }
            }
            return after
        }
        for step in after { await step() }
    }

    /// Ends what engines that are gone have left and nobody can take over.
    func sweep(_ hosts: [any ModelHost]) async {
        inherit()
        await shelf.sweep(hosts, ending: .useless)
    }

    /// Every instance is stopped, or stays for a later engine; so is what engines had left that were gone before this one
    /// came.
    func shutdown(_ hosts: [any ModelHost]) async {
        inherit()
        let (entries, inherited) = known.withLock { known in
            defer { known.entries = [] }
            return (known.entries, known.inherited ?? [])
        }
        await withTaskGroup(of: Void.self) { group in
            for entry in entries { group.addTask { await entry.pool.shutdown() } }
        }
        home.close()
        await shelf.sweep(hosts, ending: .useless)
        await shelf.sweep(hosts, ending: .abandoned, only: inherited)
    }

    /// Notes which engines were gone when this one first looked.
    private func inherit() {
        known.withLock { known in
            if known.inherited == nil { known.inherited = shelf.abandoned() }
        }
    }

    /// An engine that comes back is a new place, and may have gone on with what it had. Whoever starts something there
    /// waits for this first.
    private func visit(_ place: ObjectIdentifier, _ host: any ModelHost) -> Task<Void, Never> {
        known.withLock { known in
            if let visit = known.visits[place] { return visit }
            let visit = Task { [job = home.job] in await host.sweep(job: job, keeping: []) }
            known.visits[place] = visit
            return visit
        }
    }

    private enum Finding {
        case pool(InstancePool)
        case look(Task<Result<String, Failure>, Never>)
    }

    /// The pool that the job uses already, or else a look at what the model is made of.
    private func find(
        _ model: ModelPlan, for job: String, on host: any ModelHost, _ place: ObjectIdentifier?
    ) -> Finding {
        known.withLock { known in
            if let pool = known.pool(of: model, for: job, place) { return .pool(pool) }
            if let look = known.looks.first(where: { $0.isFor(job, model, place) && !$0.content.isCancelled }) {
                return .look(look.content)
            }
            let look = Task { () -> Result<String, Failure> in
                do throws(Failure) { return .success(try await host.fingerprint(of: model)) } catch { return .failure(error) }
            }
            known.looks.append(Look(job: job, model: model, place: place, content: look))
            return .look(look)
        }
    }

    /// - Returns: what is to be done with other pools, then.
    private func join(
        _ job: String, _ model: ModelPlan, _ place: ObjectIdentifier?, _ content: String, _ host: any ModelHost
    ) throws(Failure) -> (InstancePool, [@Sendable () async -> Void]) {
        let fresh = InstancePool(
            starter: try starter(of: model, content, on: host),
            settings: PoolSettings(model, limit: settings.limit, idle: settings.idle, health: settings.health))
        return known.withLock { known in
            known.looks.removeAll { $0.isFor(job, model, place) }
            var after: [@Sendable () async -> Void] = []
            let same = known.entries.firstIndex { $0.serves(model, place, content) }
            for index in known.entries.indices.reversed() where index != same && known.entries[index].competes(model, place) {
                let isSameManifest = known.entries[index].model == model
                let standing = known.entries[index].standing
                if standing == .replacedByContent || (standing == .replacedByManifest && !isSameManifest) { continue }
                known.entries[index].standing = isSameManifest ? .replacedByContent : .replacedByManifest
                let entry = known.entries[index]
                let time = isSameManifest ? Self.drainage : Self.lingering
                after.append { await entry.pool.linger(time) }
            }
            after += Self.takeUnused(&known)
            if let same = known.entries.firstIndex(where: { $0.serves(model, place, content) }) {
                known.entries[same].users.insert(job)
                known.entries[same].standing = .newest
                let pool = known.entries[same].pool
                after.append { await pool.linger(nil) }
                after.append { await pool.setNeeded(true) }
                return (pool, after)
            }
            known.entries.append(Entry(model: model, place: place, content: content, pool: fresh, users: [job]))
            if let succession = fresh.starter.succession {
                // What earlier engines left of another manifest or content.
                after.append { [shelf] in
                    await shelf.sweep([host], ending: .outdated(model: model.name, key: succession.key))
                }
            }
            return (fresh, after)
        }
    }

    /// Replaced pools that no job uses end at once.
    private static func takeUnused(_ known: inout Known) -> [@Sendable () async -> Void] {
        let unused = known.entries.filter { $0.standing != .newest && $0.users.isEmpty }.map(\.pool)
        known.entries.removeAll { $0.standing != .newest && $0.users.isEmpty }
        return unused.map { pool in { await pool.shutdown() } }
    }

    private func starter(
        of model: ModelPlan, _ content: String, on host: any ModelHost
    ) throws(Failure) -> InstanceStarter {
        let api = host.offersAPI ? settings.api : nil
        var succession: InstanceStarter.Succession?
        // The pipes of a `jsonl` program end with the engine that holds them.
        if let handOver = settings.handOver, model.callProtocol.isHTTP {
            let key = try WarmKey.text(of: model, content: content, places: host.sites, hasAPI: api != nil, handOver)
            succession = InstanceStarter.Succession(key: key, shelf: shelf, keepWarm: handOver.keepWarm)
        }
        return starter(of: model, on: host, api: api, succession: succession)
    }

    /// For an instance beside the pools, which ends with whoever started it.
    func starter(
        of model: ModelPlan, on host: any ModelHost, api: (any ModelAPI)? = nil,
        succession: InstanceStarter.Succession? = nil
    ) -> InstanceStarter {
        InstanceStarter(
            model: model, host: host, state: settings.state, client: settings.client,
            window: model.startTimeout ?? settings.startWindow, health: settings.health,
            idle: model.idleTimeout ?? settings.idle, home: home, api: api, succession: succession)
    }
}
