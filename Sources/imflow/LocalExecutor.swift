import ImflowContent
import ImflowData
import ImflowDocker
import ImflowEngine
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowPlan
import ImflowProcess

enum ExecutorChoice: String, Codable, CaseIterable {
    /// Docker when the model has an image, else a process.
    case auto
    case process
    case docker
}

/// How long warm instances outlive an executor.
enum Warmth {
    /// They end with it, however it ends.
    case ends
    /// When it is killed, they stay for a while.
    case outlivesCrashes
    /// At its end they stay for so long.
    case keeps(TimeSpan)
}

/// This machine: data work here, model calls as processes or in its Docker engine.
final class LocalExecutor: Executor {
    private let data: DataExecutor
    private let calls: CallExecutor
    private let process: ProcessHost
    private let docker: any ContainerHost
    private let choice: ExecutorChoice
    private let fetcher: Fetcher
    /// Both data work and calls wait for the disk and for programs.
    let threads: (any TaskExecutor)? = BlockingThreads.shared
    let node: String
    let staging: DataStaging
    /// Whoever shows progress is told here of long downloads.
    var downloads: FetchReporter { fetcher.reporter }
    /// Whoever shows progress is told here of images that are pulled.
    let supply: ImageSupply
    /// By which models submit jobs; nil: they cannot.
    let jobs: ModelJobs?
    /// Attempts that the engines take at once, after ``preflight(_:)``; 0: this machine's slots say how many.
    var enginePlaces: Int { (docker as? DockerEngines)?.places ?? 0 }

    /// Models that run on Docker engines of other machines: what they ask for is asked of those.
    func modelsElsewhere(of plan: Plan) -> Set<String> {
        guard docker is DockerEngines else { return [] }
        return Set(plan.models.values.filter { (try? Self.runsInDocker($0, choice)) == true }.map(\.name))
    }

    /// - Parameters:
    ///   - plan: what is to run: the Docker engine is left alone when no model of it runs there.
    ///   - engines: which Docker engines there are.
    ///   - images: how engines come by them.
    ///   - cache: what the run wants of other jobs' results.
    ///   - access: what files may be fetched from.
    ///   - root: the job whose models, and those of its children, may submit jobs; nil: they cannot.
    ///   - copiesInputs: models get copies of their input files, never links.
    ///   - warmth: how long warm instances outlive it.
    init(
        state: State, plan: Plan, choice: ExecutorChoice, slots: Int, engines: LocalEngines = LocalEngines(),
        images: ImageSupply = ImageSupply(.never),
        cache: CallCache.Use = CallCache.Use(),
        access: FetchAccess = FetchAccess(), root: String? = nil, copiesInputs: Bool = false, warmth: Warmth = .ends
    ) throws {
        do {
            let identity = try NodeIdentity(keyAt: state.folder.nodeKey)
            let node = identity.id
            // Downloads are written on their client's own thread; calls must not wait for a disk.
            let fetcher = Fetcher(
                content: state.content, client: HTTPClient(maximumConnections: 8), access: access,
                folder: try FetchFolder(state.folder.fetch))
            self.fetcher = fetcher
            let client = HTTPClient(maximumConnections: 256)
            let staging = DataStaging(content: state.content, fetcher: fetcher, copies: copiesInputs)
            let process = ProcessHost(node: node, stateRoot: state.folder.root, keeper: "/proc/self/exe")
            supply = images
            let docker = engines.host(node: node, stateRoot: state.folder.root, supply: images)
            let gpus = GPUDevices { NvidiaSMI.inventory() }
            let processes = GPUHost(process, devices: gpus, view: .machine)
            // Engines of other machines give out their own.
            let containers = (docker as? DockerHost).map { GPUHost($0, devices: gpus, view: .container) as any ModelHost } ?? docker
            let usesDocker = plan.models.values.contains { (try? Self.runsInDocker($0, choice)) == true }
            self.process = process
            self.docker = docker
            self.choice = choice
            self.node = node
            self.staging = staging
            let jobs = root.map { ModelJobs(root: $0, folder: state.folder, node: identity, staging: staging) }
            self.jobs = jobs
            data = DataExecutor(content: state.content, fetcher: fetcher, staging: staging, node: node)
            calls = CallExecutor(
                state: state.folder, staging: staging, client: client,
                host: { model throws(Failure) in
                    if try Self.runsInDocker(model, choice) { return containers }
                    return processes
                }, instanceLimit: engines.isSeveral ? Self.instanceLimit : jobs == nil ? slots : slots + JobLoop.mostLent,
                hosts: usesDocker ? [processes, containers] : [processes],
                cache: try Self.cache(plan, state: state, identity: identity, use: cache, serves: root != nil), api: jobs,
                handOver: Self.handOver(warmth, identity))
        } catch {
            throw CommandFailure(.infrastructure, error.description)
        }
    }

    private static func handOver(_ warmth: Warmth, _ identity: NodeIdentity) -> HandOver? {
        let digest: @Sendable (String) -> ContentHash = {
            ContentHash(of: identity.sign(Array("imflow.warm.secret/v1\0\($0)".utf8)))
        }
        switch warmth {
        case .ends: return nil
        case .outlivesCrashes: return HandOver(secretDigest: digest)
        case .keeps(let time): return HandOver(keepWarm: time, secretDigest: digest)
        }
    }

    /// Where engines say how many attempts they take, they say how many instances there can be use for.
    private static let instanceLimit = 256

    /// Nil when no stage may take another's result: none of the plan, nor of what its models submit.
    private static func cache(
        _ plan: Plan, state: State, identity: NodeIdentity, use: CallCache.Use, serves children: Bool
    ) throws(ContentError) -> CallCache? {
        guard children || plan.stages.contains(where: { $0.policy.cache }) else { return nil }
        let folder = state.folder.cache
        let models = try ModelContents(
            content: state.content, folder: folder + "/models", excluding: [state.folder.root])
        // A plain hash of a short secret is found out by trying; who can sign with the node's key knows the secrets anyway.
        return CallCache(
            results: try ResultCache(folder: folder, content: state.content), models: models, use: use,
            secretDigest: { ContentHash(of: identity.sign(Array("imflow.cache.secret/v1\0\($0)".utf8))) })
    }

    private static func runsInDocker(_ model: ModelPlan, _ choice: ExecutorChoice) throws(Failure) -> Bool {
        switch choice {
        case .auto: return model.image != nil
        case .process: return false
        case .docker:
            if model.image == nil {
                throw Failure(.app, "model \(model.name) has no image: give it one, or run it with --executor process")
            }
            return true
        }
    }

    /// Finds out before anything starts whether the plan can run here at all.
    /// - Throws: ``CommandFailure`` that names what is missing.
    func preflight(_ plan: Plan) async throws {
        if let obstacle = fetcher.obstacle(to: plan) { throw CommandFailure(.usage, obstacle) }
        var containers: [ModelPlan] = []
        for model in plan.models.values.sorted(by: { $0.name < $1.name }) {
            do throws(Failure) {
                if try Self.runsInDocker(model, choice) {
                    containers.append(model)
                } else {
                    try process.preflight(model)
                }
            } catch {
                throw CommandFailure(.usage, error.message)
            }
        }
        do throws(Failure) {
            if !containers.isEmpty { try await docker.preflight(containers) }
        } catch {
            throw CommandFailure(error.cause == .infra ? .infrastructure : .usage, error.message)
        }
    }

    func run(_ order: WorkOrder, progress: @escaping UnitProgress) async -> AttemptReport {
        staging.sources.hold(order.job)
        if case .call = order.work { return await calls.run(order, progress: progress) }
        return await data.run(order, progress: progress)
    }

    /// What the server of a model says that it takes and gives, after ``preflight(_:)``.
    func ports(of model: ModelPlan, job: String) async throws(Failure) -> ModelPorts? {
        try await calls.ports(of: model, job: job)
    }

    /// What the order comes to without calling a model. Nil: that cannot be told, or it would be run.
    func foreseen(_ order: WorkOrder) async -> (outcome: Outcome, cache: CacheEvidence?)? {
        switch order.work {
        case .call: return await calls.foreseen(order)
        default:
            let outcome = await data.run(order) { _ in }.outcome
            if case .failed = outcome { return nil }
            return (outcome, nil)
        }
    }

    func sweep(job: String, keeping tokens: Set<String>) async {
        await data.sweep(job: job, keeping: tokens)
        await calls.sweep(job: job, keeping: tokens)
    }

    func shutdown() async {
        await calls.shutdown()
        await data.shutdown()
    }
}
