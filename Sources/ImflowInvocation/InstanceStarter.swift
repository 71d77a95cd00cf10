import ImflowHTTP
import ImflowContent
import ImflowExecution
import ImflowPlan

/// Starts warm instances of one model for one job and waits until they are ready.
struct InstanceStarter: Sendable {
    let model: ModelPlan
    let job: String
    let host: any ModelHost
    let state: StateFolder
    let client: HTTPClient
    /// From the start to the first answer of `health`.
    let window: TimeSpan
    /// What its models reach their engine by; each request says its token.
    let api: APIEndpoint?
    let readiness = Readiness()

    /// Throws when it cannot be started, ends at once, or is not ready in time; then nothing of it is left.
    func start(
        token: String, environment: @Sendable (UnitFolder) -> [String: String]
    ) async throws(Failure) -> InstanceLease {
        let path = InstanceStarter.folder(of: state, job: job) + "/" + token
        let folder = UnitFolder(path: path, guest: host.guestFolder(for: path), owner: host.guestOwner)
        try WorkFolder.create(path)
        let log = LogFile(path: state.logs(job: job) + "/instance-\(token).log")
        var variables = environment(folder)
        // It serves all jobs of the family; each request names its own.
        variables["IMFLOW_JOB_ID"] = job
        let launch = Launch(
            model: model, job: job, task: "instance", attempt: 1, token: token, unit: nil, workFolder: path,
            environment: variables, logPath: log.path, api: api)
        do throws(Failure) {
            CallObservation.note(.starting(log: log.path))
            let instance = try await host.start(launch)
            CallObservation.note(.started)
            let lease = InstanceLease(token: token, instance: instance, folder: folder, log: log)
            try await waitUntilReady(lease)
            CallObservation.note(.ready)
            return lease
        } catch {
            folder.remove()
            throw error
        }
    }

    private func waitUntilReady(_ lease: InstanceLease) async throws(Failure) {
        guard model.callProtocol.isHTTP else { return }
        do throws(Failure) {
            try await RestEndpoint.waitUntilReady(
                lease, model: model, within: window, client: client, readiness: readiness)
        } catch {
            await lease.instance.stop()
            throw error
        }
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
