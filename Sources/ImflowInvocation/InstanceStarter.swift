import ImflowHTTP
import ImflowContent
import ImflowExecution
import ImflowPlan

/// Starts warm instances of one model, prepares them for their first request, tells whether they are well, and ends them.
struct InstanceStarter: Sendable {
    let model: ModelPlan
    let host: any ModelHost
    let state: StateFolder
    let client: HTTPClient
    /// From the start of the program until it is ready and its hooks are done.
    let window: TimeSpan
    let health: HealthPolicy
    /// How long one that nobody wants is kept.
    let idle: TimeSpan
    /// Under whose name they run.
    let home: WarmHome
    /// What its models reach their engine by; each request says its token.
    let api: (any ModelAPI)?
    /// Nil: instances end with this engine.
    let succession: Succession?
    let readiness = Readiness()

    /// How instances of this model are found by later engines, and those of earlier ones by this.
    struct Succession: Sendable {
        /// ``WarmKey``.
        let key: String
        let shelf: WarmShelf
        /// Nil: they stay only when this engine is killed.
        let keepWarm: TimeSpan?
    }

    /// Takes over an instance that another engine left, or starts one. Throws when it cannot be started, ends at once, or is
    /// not ready in time; then nothing of it is left.
    func obtain(
        token: String, environment: @Sendable (UnitFolder) -> [String: String]
    ) async throws(StartFailure) -> InstanceLease {
        while let succession, let claim = succession.shelf.claim(key: succession.key) {
            if let lease = await takeOver(claim, environment: environment) { return lease }
            if Task.isCancelled { throw StartFailure(failure: .cancelled, ended: false) }
        }
        return try await start(token: token, environment: environment)
    }

    /// As ``obtain(token:environment:)``, and never takes one over.
    func start(
        token: String, environment: @Sendable (UnitFolder) -> [String: String]
    ) async throws(StartFailure) -> InstanceLease {
        let lease: InstanceLease
        do throws(Failure) {
            lease = try await launched(token, environment: environment)
        } catch { throw StartFailure(failure: error, ended: false) }
        do throws(Failure) {
            try await prepare(lease)
            if let handle = lease.instance.handle { try lease.claim?.publish(handle: handle) }
            CallObserver.note(.ready)
            return lease
        } catch {
            let ended = error != .cancelled ? await lease.instance.exit() != nil : false
            await end(lease)
            throw StartFailure(failure: error, ended: ended)
        }
    }

    private func launched(
        _ token: String, environment: @Sendable (UnitFolder) -> [String: String]
    ) async throws(Failure) -> InstanceLease {
        try home.open(at: host.sites)
        let folder = folder(token, home.job)
        try WorkFolder.create(folder.path)
        let endpoint = endpoint(token)
        var claim: InstanceClaim?
        do throws(Failure) {
            let variables = environment(folder)
            try WorkFolder.create(state.logs(job: variables["IMFLOW_JOB_ID"] ?? home.job))
            var launch = launch(token, of: home.job, in: folder, variables, endpoint)
            if let succession {
                let record = WarmRecord(
                    key: succession.key, model: model.name, token: token, handle: "", log: launch.logPath,
                    apiSocket: endpoint?.path)
                claim = try home.claim(record)
                launch.outlives = idle
            }
            CallObserver.note(.starting(log: launch.logPath))
            let instance = try await host.start(launch)
            CallObserver.note(.started)
            return InstanceLease(
                token: token, instance: instance, folder: folder, log: LogFile(path: launch.logPath), claim: claim)
        } catch {
            folder.remove()
            await api?.closeEndpoint(ofInstance: WarmHome.apiName(token))
            claim?.end()
            throw error
        }
    }

    /// Ends the instance. Returns when nothing of it is left.
    func end(_ lease: InstanceLease) async {
        lease.claim?.withdraw()
        await lease.instance.stop()
        lease.folder.remove()
        await api?.closeEndpoint(ofInstance: WarmHome.apiName(lease.token))
        lease.claim?.end()
    }

    /// - Parameter job: in place of a job's id.
    func folder(_ token: String, _ job: String) -> UnitFolder {
        let path = InstanceStarter.folder(of: state, job: job) + "/" + token
        return UnitFolder(path: path, guest: host.guestFolder(for: path), owner: host.guestOwner)
    }

    func endpoint(_ token: String) -> APIEndpoint? { host.offersAPI ? api?.endpoint(ofInstance: WarmHome.apiName(token)) : nil }

    /// - Parameters:
    ///   - job: in place of a job's id.
    ///   - variables: what the attempt that waits for it would give to its program.
    func launch(
        _ token: String, of job: String, in folder: UnitFolder, _ variables: [String: String], _ endpoint: APIEndpoint?
    ) -> Launch {
        var variables = variables
        // Its log is with the job that wanted it first.
        let log = state.logs(job: variables["IMFLOW_JOB_ID"] ?? job) + "/instance-\(token).log"
        // It serves all jobs; each request names its own.
        variables["IMFLOW_JOB_ID"] = job
        variables["IMFLOW_API"] = endpoint.map { host.guestAPIFolder(for: $0.folder) + "/" + $0.socket }
        return Launch(
            model: model, job: job, task: "instance", attempt: 1, token: token, unit: nil, workFolder: folder.path,
            environment: variables, logPath: log, api: endpoint)
    }

    /// Holds the work folders of instances, each named by its token.
    /// - Parameter job: in place of a job's id.
    static func folder(of state: StateFolder, job: String) -> String { state.work(job: job) + "/instances" }

    /// 128 bits from the system's generator, in hexadecimal.
    static func drawToken() -> String {
        (0..<2).map { _ in
            let digits = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
