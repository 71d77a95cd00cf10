import Glibc
package import ImflowExecution
package import ImflowHTTP
package import ImflowInvocation
import ImflowPlan
import Synchronization

/// Runs models as containers of a Docker engine, by the Engine API (1.41 or newer). A container has no network (a `rest`
/// instance: a private one without a way out), no capabilities, a read-only root, and one lasting place, its work folder.
/// Its labels say whose it is, so that a later engine adopts or removes it.
package final class DockerHost: ContainerHost {
    package let node: String
    let containers: Containers
    let identity: ContainerIdentity
    let images: ImageStore
    let networks: PrivateNetworks
    let files: ContainerFiles
    /// How containers that listen are reached from here.
    let ways: ContainerWays
    private let live = Mutex<Set<String>>([])
    /// Ids and names of those that could not be removed, since the engine did not answer.
    private let owed = Mutex<Set<String>>([])
    /// Of containers that have ended, on their way.
    private let removals = Mutex<[String: Task<Void, Never>]>([:])
    /// More than these are waited for.
    private static let removalLimit = 32

    /// - Parameters:
    ///   - address: where the engine is; a failure is told at the first use.
    ///   - stateRoot: the state folder whose jobs these containers belong to.
    ///   - supply: how the engine comes by images.
    ///   - files: how containers get at their work folders; nil: as the address tells.
    package init(
        address: Result<EngineAddress, Failure> = EngineAddress.chosen(), client: HTTPClient, node: String,
        stateRoot: String, files: ContainerFiles? = nil, supply: ImageSupply = ImageSupply(.never)
    ) {
        self.files = files ?? ((try? address.get())?.sharesDisk == true ? .bind : .archive)
        let engine = EngineClient(address: address, client: client)
        self.node = node
        containers = Containers(engine: engine)
        identity = ContainerIdentity(stateRoot: stateRoot)
        images = ImageStore(engine: engine, supply: supply)
        networks = PrivateNetworks(engine: engine, identity: identity)
        ways = ContainerWays(to: address, networks: networks)
    }

    package var sites: Set<String> { [Self.sitePrefix + containers.engine.place] }

    /// Before the engine's address in ``sites``.
    package static let sitePrefix = "docker "

    package func guestFolder(for workFolder: String) -> String { ContainerSpec.workFolder }

    /// Who programs in containers are. Never root: what root of a container may do to this machine is bounded by the kernel's
    /// care alone.
    static let owner =
        geteuid() == 0 ? GuestOwner(user: nobody, group: nobody) : GuestOwner(user: geteuid(), group: getegid())
    /// Linux's overflow id, which owns nothing.
    private static let nobody: UInt32 = 65534

    package var guestOwner: GuestOwner? { Self.guestOwner }
    static var guestOwner: GuestOwner? { geteuid() == 0 ? owner : nil }

    /// The work folder, and the socket by which the model reaches us.
    func give(_ launch: Launch, to owner: GuestOwner) throws(Failure) {
        var paths = [launch.workFolder]
        if let api = launch.api { paths += [api.folder, api.folder + "/" + api.socket] }
        for path in paths where lchown(path, owner.user, owner.group) != 0 {
            let reason = String(cString: strerror(errno)).lowercased()
            throw Failure(.infra, "\(path) cannot be given to the container's user \(owner.user): \(reason)")
        }
    }

    package func guestAPIFolder(for folder: String) -> String { ContainerSpec.apiFolder }

    package func sweep(job: String, keeping tokens: Set<String>) async {
        await settle()
        let found = (try? await containers.list(filters: identity.filters(job: job))) ?? []
        let left = found.filter { container in container.token.map { !tokens.contains($0) } ?? true }
        await remove(left.map(\.id))
        if found.count == left.count {
            await networks.remove(job: job)
            await removeVolumes(job: job)
        }
    }

    package func shutdown() async {
        await settle()
        await remove(Array(live.withLock { $0 }.union(owed.withLock { $0 })))
        await networks.removeAll()
        containers.engine.close()
    }

    private func remove(_ ids: [String]) async {
        await withTaskGroup { group in
            for id in ids { group.addTask { await self.remove(id) } }
        }
    }

    /// Removes a container that has ended; who has its result need not wait for that.
    func removeBehind(_ id: String) async {
        let removal = beginRemoval(of: id)
        if removals.withLock({ $0.count > Self.removalLimit }) { await removal.value }
    }

    private func beginRemoval(of id: String) -> Task<Void, Never> {
        removals.withLock { removals in
            let removal = Task {
                await remove(id)
                self.removals.withLock { _ = $0.removeValue(forKey: id) }
            }
            removals[id] = removal
            return removal
        }
    }

    /// Returns when all that has ended is removed.
    package func settle() async {
        for removal in removals.withLock({ Array($0.values) }) { await removal.value }
    }

    /// Ends and removes one container, also when the calling task is cancelled.
    func remove(_ id: String) async {
        let isGone = await uncancelled { await self.containers.remove(id) }
        live.withLock { _ = $0.remove(id) }
        owed.withLock { owed in
            if isGone { owed.remove(id) } else { owed.insert(id) }
        }
    }

    /// The engine answers: what it could not be told before is told now.
    private func removeOwed() {
        let ids = owed.withLock { owed in
            defer { owed = [] }
            return owed
        }
        for id in ids { _ = beginRemoval(of: id) }
    }

    /// The container stays for a later engine.
    func letGo(_ id: String) { live.withLock { _ = $0.remove(id) } }

    /// This engine has the container from now on, and removes it at its end.
    func hold(_ id: String) { live.withLock { _ = $0.insert(id) } }

    /// Makes the launch's container, or finds the one that an earlier engine made. Not to be cancelled half way: nobody
    /// would know of the container then.
    func place(_ launch: Launch, input: ContainerInput, network: String?) async throws(Failure) -> PlacedContainer {
        let placed = await uncancelled { () async -> Result<PlacedContainer, Failure> in
            do throws(Failure) {
                return .success(try await self.findOrCreate(launch, input: input, network: network))
            } catch {
                return .failure(error)
            }
        }
        let container = try placed.get()
        live.withLock { _ = $0.insert(container.id) }
        removeOwed()
        return container
    }

    private func findOrCreate(
        _ launch: Launch, input: ContainerInput, network: String?
    ) async throws(Failure) -> PlacedContainer {
        if let guestOwner { try give(launch, to: guestOwner) }
        if launch.recovered { return try await adopt(launch) }
        let name = identity.name(of: launch)
        var spec = try await spec(launch, input: input, network: network)
        for _ in 0..<3 {
            switch try await create(spec, name: name) {
            case .made(let id): return PlacedContainer(id: id, isAdopted: false)
            case .nameTaken:
                // It may be one of ours that is on its way out.
                await settle()
                try await removeStale(name)
            case .noInit:
                containers.engine.lacksInit()
                spec.hasInit = false
            case .noImage:
                images.forget(launch.model)
                spec.image = try await images.resolve(launch.model).id
            }
        }
        throw Failure(.infra, "the container name \(name) stays taken: remove that container, then resume")
    }

    /// An engine that breaks off may have made it all the same.
    private func create(_ spec: ContainerSpec, name: String) async throws(Failure) -> Containers.Creation {
        do throws(Failure) { return try await containers.create(spec, name: name) } catch {
            if error.cause == .infra { owed.withLock { _ = $0.insert(name) } }
            throw error
        }
    }

    /// The container of a launch that was made before, running or ended. One whose program never started, or may not
    /// have got the whole of its request, is removed.
    private func adopt(_ launch: Launch) async throws(Failure) -> PlacedContainer {
        let found = try await containers.inspect(identity.name(of: launch))
        if let found, found.labels[ContainerIdentity.Label.state] == identity.state {
            let isSame = found.labels[ContainerIdentity.Label.token] == launch.token
            let hasInput = found.labels[ContainerIdentity.Label.input] == ContainerInput.whole
            if isSame, hasInput, found.status != "created" {
                images.note(found.image, of: launch.model)
                return PlacedContainer(id: found.id, isAdopted: true)
            }
            await containers.remove(found.id)
        }
        throw Failure(
            .lost,
            "the engine was restarted, and what it had started of model \(launch.model.name) cannot be taken over")
    }

    /// Removes what is left of an earlier launch under this name; never a stranger's container.
    private func removeStale(_ name: String) async throws(Failure) {
        guard let found = try await containers.inspect(name) else { return }
        guard found.labels[ContainerIdentity.Label.state] == identity.state else {
            throw Failure(
                .infra, "a container named \(name) exists that imflow did not make: remove or rename it, then resume")
        }
        await containers.remove(found.id)
    }

    private func spec(
        _ launch: Launch, input: ContainerInput, network: String?
    ) async throws(Failure) -> ContainerSpec {
        // By its id: the name may stand for another one by now.
        let image = try await images.resolve(launch.model).id
        var labels = identity.labels(of: launch)
        labels[ContainerIdentity.Label.input] = input.label
        let staged = launch.workFolder + "/" + ContainerSpec.inputName
        let hasInput = files == .bind && launch.unit != nil && access(staged, F_OK) == 0
        return ContainerSpec(
            launch: launch, image: image, environment: try environment(of: launch), labels: labels, network: network,
            isPrivate: launch.model.network != .outbound, owner: Self.owner,
            inputFolder: hasInput ? staged : nil, isPodman: try await containers.engine.isPodman(),
            takesInput: input != .none, hasInit: try await containers.engine.hasInit(), files: files)
    }

    func log(of launch: Launch, collectsOutput: Bool) throws(Failure) -> ContainerLog {
        let redactor = try ModelEnvironment(of: launch.model, api: launch.api).redactor
        return ContainerLog(path: launch.logPath, collectsOutput: collectsOutput, redactor: redactor)
    }

    private func environment(of launch: Launch) throws(Failure) -> [String: String] {
        try ModelEnvironment(of: launch.model).values.merging(launch.environment) { _, ours in ours }
    }
}

/// What goes to a container's standard input.
enum ContainerInput: Sendable, Equatable {
    static let whole = "whole"
    /// What a unix socket takes at once, on every Linux.
    static let wholeLimit = 64 * 1024

    case none
    /// Wholly on its way before the program starts.
    case beforeStart
    /// Handed over while the program reads.
    case whileRunning

    init(of bytes: [UInt8]) { self = bytes.count <= Self.wholeLimit ? .beforeStart : .whileRunning }

    var label: String? { self == .whileRunning ? nil : Self.whole }
}

struct PlacedContainer: Sendable {
    var id: String
    /// An earlier engine made and started it.
    var isAdopted: Bool
}

/// Runs `body` to its end, whatever becomes of the calling task.
func uncancelled<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value {
    await Task { await body() }.value
}
