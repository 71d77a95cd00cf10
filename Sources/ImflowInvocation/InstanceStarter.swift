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

    /// Throws when it cannot be started, ends at once, or is not ready in time; then nothing of it is left.
    func start(
        token: String, environment: @Sendable (UnitFolder) -> [String: String]
    ) async throws(StartFailure) -> InstanceLease {
        let path = InstanceStarter.folder(of: state, job: job) + "/" + token
        let folder = UnitFolder(path: path, guest: host.guestFolder(for: path), owner: host.guestOwner)
        let lease: InstanceLease
        do throws(Failure) {
            lease = try await launched(token, in: folder, environment: environment(folder))
        } catch {
            folder.remove()
            throw StartFailure(failure: error, ended: false)
        }
        do throws(Failure) {
            try await prepare(lease)
            CallObserver.note(.ready)
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
        let log = LogFile(path: state.logs(job: job) + "/instance-\(token).log")
        var variables = environment
        // It serves all jobs of the family; each request names its own.
        variables["IMFLOW_JOB_ID"] = job
        let launch = Launch(
            model: model, job: job, task: "instance", attempt: 1, token: token, unit: nil, workFolder: folder.path,
            environment: variables, logPath: log.path, api: api)
        CallObserver.note(.starting(log: log.path))
        let instance = try await host.start(launch)
        CallObserver.note(.started)
        return InstanceLease(token: token, instance: instance, folder: folder, log: log)
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
