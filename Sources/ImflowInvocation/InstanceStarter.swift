import ImflowHTTP
import ImflowContent
import ImflowExecution
import ImflowPlan

/// Starts warm instances of one model, prepares them for their first request, and tells whether they are well.
struct InstanceStarter: Sendable {
    let model: ModelPlan
    let job: String
    let host: any ModelHost
    let state: StateFolder
    let client: HTTPClient
    /// From the start of the program until it is ready and its hooks are done.
    let window: TimeSpan
    let health: HealthPolicy
    /// What its models reach their engine by; each request says its token.
    let api: APIEndpoint?
    let readiness = Readiness()
    /// Where instances are that other engines use, too; nil: they are this engine's alone.
    var shelf: WarmShelf?
    /// How long one that nobody uses any more is kept for the next engine.
    var keepWarm = TimeSpan(milliseconds: 0)

    /// Throws when it cannot be started, ends at once, or is not ready in time; then nothing of it is left.
    func start(
        token: String, environment: @Sendable (UnitFolder) -> [String: String]
    ) async throws(StartFailure) -> InstanceLease {
        let folder = folder(token)
        let lease: InstanceLease
        do throws(Failure) {
            lease = try await launched(token, in: folder, environment: environment(folder))
        } catch {
            folder.remove()
            throw StartFailure(failure: error, ended: false)
        }
        do throws(Failure) {
            try await prepare(lease)
            return lease
        } catch {
            let ended = error != .cancelled ? await lease.instance.exit() != nil : false
            await lease.instance.stop()
            folder.remove()
            throw StartFailure(failure: error, ended: ended)
        }
    }

    private func launched(
        _ token: String, in folder: UnitFolder, environment: [String: String]
    ) async throws(Failure) -> InstanceLease {
        try WorkFolder.create(folder.path)
        let launch = launch(token, in: folder, environment: environment)
        let instance = try await host.start(launch)
        return InstanceLease(token: token, instance: instance, folder: folder, log: LogFile(path: launch.logPath))
    }

    func launch(_ token: String, in folder: UnitFolder, environment: [String: String]) -> Launch {
        var variables = environment
        // It serves all jobs of the family, or of several; each request names its own.
        let owner = shelf == nil ? job : WarmShelf.job(token)
        variables["IMFLOW_JOB_ID"] = owner
        return Launch(
            model: model, job: owner, task: "instance", attempt: 1, token: token, unit: nil, workFolder: folder.path,
            environment: variables, logPath: state.logs(job: job) + "/instance-\(token).log", api: api)
    }

    /// Where the instance of this token works.
    func folder(_ token: String) -> UnitFolder {
        let path = shelf.map { $0.folder(token) + "/work" } ?? Self.folder(of: state, job: job) + "/" + token
        return UnitFolder(path: path, guest: host.guestFolder(for: path))
    }

    /// Holds the work folders of a job's instances, each named by its token.
    static func folder(of state: StateFolder, job: String) -> String { state.work(job: job) + "/instances" }

    /// 128 bits from the system's generator, in hexadecimal.
    static func drawToken() -> String {
        (0..<2).map { _ in
            let digits = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
