package import ImflowContent
package import ImflowExecution
package import ImflowInvocation
package import ImflowPlan
import ImflowHTTP
import Synchronization

/// Several Docker engines as one place where models run. Each attempt is given a place on an engine that has what its model
/// needs; an engine that goes away is left out, looked at again, and taken back when it answers.
package final class DockerEngines: ContainerHost, SeatingHost {
    /// How patient it is with engines that do not answer.
    package struct Patience: Sendable {
        /// Between two looks at an engine that is there.
        package var interval = TimeSpan(seconds: 2)
        /// For the answer to one look. An engine that misses two in a row has gone.
        package var answer = TimeSpan(seconds: 8)
        /// Between the first two looks at one that has gone; doubled each time.
        package var firstPause = TimeSpan(seconds: 1)
        package var longestPause = TimeSpan(seconds: 30)
        /// An attempt waits so long for an engine to come back when none that could take it is there.
        package var absence = TimeSpan(seconds: 60)

        package init() {}
    }

    package let node: String
    let roster: EngineRoster
    let patience: Patience
    private let stateRoot: String
    private let former: [EngineEntry]
    private let isTolerant: Bool
    private let supply: ImageSupply
    private let note: @Sendable (String) -> Void
    /// A model that listens, if one may run: then an engine that comes back is asked again whether it can be reached.
    let listening = Mutex<[ModelPlan]>([])
    private let isShut = Mutex(false)
    private let watches = Mutex<[Task<Void, Never>]>([])

    /// - Parameters:
    ///   - former: nothing runs there any more, but what is left of a job is removed.
    ///   - stateRoot: the state folder whose jobs the containers belong to.
    ///   - isTolerant: an engine that does not answer at the start is left out, as long as another one does.
    ///   - supply: how engines come by images.
    ///   - note: is told, a sentence each, when an engine goes away and comes back.
    package init(
        _ entries: [EngineEntry], former: [EngineEntry] = [], node: String, stateRoot: String, isTolerant: Bool = false,
        supply: ImageSupply = ImageSupply(.never), patience: Patience = Patience(), note: @escaping @Sendable (String) -> Void
    ) {
        self.node = node
        self.stateRoot = stateRoot
        self.former = former
        self.isTolerant = isTolerant
        self.supply = supply
        self.patience = patience
        self.note = note
        roster = EngineRoster(entries)
    }

    /// Attempts that run at once on all engines that are there; 0 before ``preflight(_:)``.
    package var places: Int { roster.places }

    // MARK: What one engine would do

    package var guestOwner: GuestOwner? { DockerHost.guestOwner }

    package var sites: Set<String> {
        roster.members.reduce(into: []) { $0.formUnion($1.link?.host.sites ?? []) }
    }

    package func guestFolder(for workFolder: String) -> String { ContainerSpec.workFolder }
    package func guestAPIFolder(for folder: String) -> String { ContainerSpec.apiFolder }

    package func run(_ launch: Launch, input: [UInt8]) async throws(Failure) -> Exit { throw Self.unseated }
    package func start(_ launch: Launch) async throws(Failure) -> any ModelInstance { throw Self.unseated }

    private static let unseated = Failure(.infra, "a model was to be started without a place on an engine")

    /// Where engines hold different images under one name, nobody knows which one made a result.
    package func origin(of model: ModelPlan) async throws(Failure) -> ModelOrigin {
        var found: (id: String, engine: String)?
        for member in roster.members {
            guard let link = member.link, let id = try? await link.host.images.described(model.image ?? "")?.id else { continue }
            if let found, found.id != id {
                throw Failure(
                    .infra, "image \(model.image ?? "") is not the same on \(found.engine) and \(member.entry.address)")
            }
            found = found ?? (id, member.entry.address)
        }
        guard let found else { throw Containers.missing(model.image ?? "", model: model.name) }
        return .image(id: found.id)
    }

    package func sweep(job: String, keeping tokens: Set<String>) async {
        await withTaskGroup { group in
            for member in roster.members {
                group.addTask { await self.sweep(member.entry, member.link, job: job, keeping: tokens) }
            }
            for entry in former { group.addTask { await self.sweep(entry, nil, job: job, keeping: tokens) } }
        }
    }

    private func sweep(_ entry: EngineEntry, _ link: EngineLink?, job: String, keeping tokens: Set<String>) async {
        let isNew = link == nil
        let link = link ?? EngineLink(host: host(of: entry))
        // What was closed is opened again for this.
        defer { if isNew || isShut.withLock({ $0 }) { link.host.close() } }
        guard await link.answers(within: patience.answer) else {
            return note(
                "the Docker engine at \(entry.address) does not answer: what it may still have of job \(job) is "
                    + "removed by the next imflow resume or imflow gc that reaches it")
        }
        await link.host.sweep(job: job, keeping: tokens)
    }

    package func shutdown() async {
        isShut.withLock { $0 = true }
        await withTaskGroup { group in
            for link in roster.members.compactMap(\.link) { group.addTask { await link.host.shutdown() } }
        }
        // Only now: an engine that goes away in the middle of this would hold it up.
        let watches = watches.withLock { watches in
            defer { watches = [] }
            return watches
        }
        for watch in watches { watch.cancel() }
    }

    // MARK: Coming and going

    func host(of entry: EngineEntry) -> DockerHost {
        DockerHost(entry, client: HTTPClient(), node: node, stateRoot: stateRoot, supply: supply)
    }

    /// Asks every engine, at once, unless they are being watched already.
    /// - Throws: `infra` when one does not answer, or, where that is tolerated, none does.
    func connect() async throws(Failure) {
        if watches.withLock({ !$0.isEmpty }) { return }
        let pending = roster.members.indices.filter { roster.members[$0].link == nil }
        let failures = await withTaskGroup(of: (Int, Failure?).self) { group in
            for index in pending {
                group.addTask {
                    let failure = await self.connect(index)
                    return (index, failure)
                }
            }
            return await group.reduce(into: [Int: Failure]()) { $0[$1.0] = $1.1 }
        }
        for (index, failure) in failures.sorted(by: { $0.key < $1.key }) {
            let address = roster.members[index].entry.address
            guard isTolerant, failures.count < roster.members.count else {
                throw Failure(.infra, "the Docker engine at \(address) cannot be used: \(failure.message)")
            }
            note("the Docker engine at \(address) is left out: \(failure.message)")
        }
        watch()
    }

    /// Nil: it is there.
    private func connect(_ index: Int) async -> Failure? {
        let link = EngineLink(host: host(of: roster.members[index].entry))
        do throws(Failure) {
            guard await link.answers(within: patience.answer) else {
                // Whoever asks for more is told why.
                _ = try await link.host.containers.engine.info()
                return Failure(.infra, "it does not answer within \(patience.answer.seconds) s")
            }
            roster.arrived(index, link, try await link.host.containers.engine.info())
            return nil
        } catch {
            link.host.close()
            return error
        }
    }

    /// Looks at once whether the engine of a failed attempt is still there.
    func stillAnswers(_ index: Int, _ link: EngineLink) async -> Bool {
        if await link.answers(within: patience.answer) { return true }
        lose(index, link)
        return false
    }

    private func lose(_ index: Int, _ link: EngineLink) {
        guard roster.left(index, link) else { return }
        note(
            "the Docker engine at \(roster.members[index].entry.address) does not answer any more: what ran there runs "
                + "elsewhere, and it is looked for again")
    }

    private func watch() {
        watches.withLock { watches in
            guard watches.isEmpty else { return }
            watches = roster.members.indices.map { index in
                Task { [weak self, patience] in
                    var pause = patience.firstPause
                    while !Task.isCancelled {
                        let isThere = self?.roster.members[index].link != nil
                        try? await Task.sleep(for: (isThere ? patience.interval : pause).duration)
                        guard !Task.isCancelled, let self else { return }
                        if isThere {
                            pause = patience.firstPause
                            await self.look(at: index)
                        } else if await !self.lookFor(index) {
                            pause = TimeSpan(
                                milliseconds: min(pause.milliseconds * 2, patience.longestPause.milliseconds))
                        }
                    }
                }
            }
        }
    }

    private func look(at index: Int) async {
        guard let link = roster.members[index].link else { return }
        // One answer may be late for reasons of its own.
        for _ in 0..<2 where await link.answers(within: patience.answer) { return }
        if !Task.isCancelled { lose(index, link) }
    }

    /// What the engine went on with while nobody could see it is removed before it is taken back.
    private func lookFor(_ index: Int) async -> Bool {
        let link = EngineLink(host: host(of: roster.members[index].entry))
        guard await link.answers(within: patience.answer), let info = try? await link.host.containers.engine.info()
        else {
            link.host.close()
            return false
        }
        let listening = listening.withLock { $0 }
        guard (try? await link.host.ways.explore(for: listening)) != nil else {
            link.host.close()
            return false
        }
        for job in roster.jobs { await link.host.sweep(job: job, keeping: roster.tokens) }
        guard !Task.isCancelled else { return false }
        roster.arrived(index, link, info)
        note("the Docker engine at \(roster.members[index].entry.address) answers again")
        return true
    }
}
