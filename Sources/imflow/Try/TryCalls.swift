import FoundationEssentials
import Glibc
import ImflowContent
import ImflowData
import ImflowDocker
import ImflowEngine
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import Synchronization

/// Makes the calls of a try, by the same executor that jobs use, in a state folder of its own.
struct TryCalls: Sendable {
    private let model: ModelPlan
    private let plan: Plan
    private let timeout: TimeSpan?
    private let executor: ExecutorChoice
    private let engines: [String]
    private let count: Int
    private let report: TryReport
    private let keep: String?
    private let allowed: PrivateAddresses?

    /// - Parameters:
    ///   - engines: as `--docker-host` names them; none: the engine of `DOCKER_HOST`.
    ///   - allowed: private addresses that files may be fetched from; nil: as the environment says.
    init(
        _ tried: TriedModel, executor: ExecutorChoice, engines: [String], count: Int, report: TryReport, keep: String?,
        allowing allowed: PrivateAddresses?
    ) {
        model = tried.model
        plan = tried.plan
        timeout = tried.timeout
        self.executor = executor
        self.engines = engines
        self.count = count
        self.report = report
        self.keep = keep
        self.allowed = allowed
    }

    func run() async throws -> ExitStatus {
        do { return try await inPlace { place, state in try await calls(on: place, in: state) } } catch {
            if Task.isCancelled { return .interrupted }
            throw error
        }
    }

    /// What the model's server says that it takes and gives; else how the try ends.
    func ports() async throws -> Result<ModelPorts?, ExitFailure> {
        do {
            return try await inPlace { place, state in
                place.downloads.report(to: { Console.note($0.line) })
                defer { place.downloads.report(to: nil) }
                let log = try TryLog(folder: state.folder.logs(job: TryFolder.job), report: report)
                defer { log.stop() }
                report.beginCall(1)
                let observer = CallObserver { report.note($0) }
                do throws(Failure) {
                    let model = model
                    let asked: Result<ModelPorts?, Failure> = await CallObserver.$current.withValue(observer) {
                        do throws(Failure) {
                            let ports = try await place.ports(of: model, job: TryFolder.job)
                            return .success(ports)
                        } catch { return .failure(error) }
                    }
                    log.drain()
                    return .success(try asked.get())
                } catch { return .failure(ExitFailure(status: status(of: error))) }
            }
        } catch {
            if Task.isCancelled { return .failure(ExitFailure(status: .interrupted)) }
            throw error
        }
    }

    /// Nothing of the model runs any more, and nothing of the folder is left, when this returns or throws.
    private func inPlace<Value>(_ body: (LocalExecutor, State) async throws -> Value) async throws -> Value {
        await TryFolder.abandoned { path in
            guard let state = try? State(StateFolder(root: path), creating: true),
                let place = try? self.place(in: state, on: TryFolder.engines(of: path))
            else { return }
            await place.sweep(job: TryFolder.job, keeping: [])
        }
        let folder = try TryFolder()
        defer { folder.remove() }
        let state = try folder.open()
        try folder.note(engines)
        let place = try self.place(in: state, on: engines)
        try Feasibility().check(plan, disk: folder.path, elsewhere: place.modelsElsewhere(of: plan))
        do {
            try await place.preflight(plan)
            let value = try await body(place, state)
            await end(place)
            return value
        } catch {
            await end(place)
            throw error
        }
    }

    private func place(in state: State, on engines: [String]) throws -> LocalExecutor {
        let named: [EngineEntry]
        do throws(Failure) { named = try DockerHosts.entries(engines) } catch { throw CommandFailure(.usage, error.message) }
        return try LocalExecutor(
            state: state, plan: plan, choice: executor, slots: 1, engines: LocalEngines(named),
            images: ImageSupply(.missing, listener: { Console.note($0) }),
            access: try FetchAccess.ofProcess(allowing: allowed))
    }

    /// Also after Ctrl-C, to its end.
    private func end(_ place: LocalExecutor) async {
        await Task {
            await place.shutdown()
            await place.sweep(job: TryFolder.job, keeping: [])
        }.value
    }

    /// Why there are no ports, which was told already.
    struct ExitFailure: Error {
        let status: ExitStatus
    }

    private func calls(on place: LocalExecutor, in state: State) async throws -> ExitStatus {
        place.downloads.report(to: { Console.note($0.line) })
        defer { place.downloads.report(to: nil) }
        let input: Payload
        switch try await fetched(on: place, in: state) {
        case .success(let payload): input = payload
        case .failure(let failure): return status(of: failure)
        }
        let log = try TryLog(folder: state.folder.logs(job: TryFolder.job), report: report)
        defer { log.stop() }
        for number in 1...count {
            let observer = CallObserver { event in
                if case .ended = event { log.drain() }
                report.note(event)
            }
            report.beginCall(number)
            let order = order("call-\(number)", .call(CallWork(model: model, input: .whole(Self.context(input)))))
            let ended = await CallObserver.$current.withValue(observer) { await place.run(order) { _ in } }
            log.drain()
            switch ended.outcome {
            case .succeeded(let payload): try end(payload, in: state.content, isLast: number == count)
            case .failed(let failure): return status(of: failure)
            case .expanded, .skipped: return .infrastructure
            }
        }
        return .fine
    }

    /// The input with its files in the content store.
    private func fetched(on place: LocalExecutor, in state: State) async throws -> Result<Payload, Failure> {
        if plan.inputFiles.isEmpty { return .success(try state.content.payload(plan.input)) }
        let work = FetchWork(input: plan.input, pointers: plan.inputFiles)
        switch await place.run(order("input", .fetch(work)), progress: { _ in }).outcome {
        case .succeeded(let payload): return .success(payload)
        case .failed(let failure): return .failure(failure)
        case .expanded, .skipped: return .failure(Failure(.infra, "the input's files were not fetched"))
        }
    }

    private static func context(_ input: Payload) -> InputContext {
        InputContext(sources: [], jobInput: input, key: nil, soleValueFallback: false, literal: .object([:]), when: nil)
    }

    private func order(_ task: String, _ work: Work) -> WorkOrder {
        let token = String(UInt64.random(in: .min ... .max), radix: 16)
        return WorkOrder(
            job: TryFolder.job, task: task, stage: model.name, attempt: 1, token: token, timeout: timeout, work: work)
    }

    private func end(_ payload: Payload, in content: ContentStore, isLast: Bool) throws {
        let value = try content.value(of: payload)
        guard isLast else { return report.endCall(value, hash: payload.hash, files: [:]) }
        guard let keep else {
            let files = value.contentReferences.map { ($0.text, content.size(of: $0.hash) ?? 0) }
            return report.endCall(value, hash: payload.hash, files: Dictionary(files) { first, _ in first })
        }
        let kept = try KeptResult(value, from: content, in: keep)
        report.endCall(kept.value, hash: payload.hash, files: kept.sizes)
        Console.note("kept       \(keep)/result.json\(kept.sizes.isEmpty ? "" : " and \(kept.sizes.count) files beside it")")
    }

    private func status(of failure: Failure) -> ExitStatus {
        report.failCall(failure)
        if Task.isCancelled { return .interrupted }
        switch failure.cause {
        case .infra, .lost, .preempted: return .infrastructure
        default: return .failed
        }
    }
}

/// A result that its user keeps: `result.json` in a new folder, and the files that it names.
struct KeptResult {
    /// The result with the files' paths in place of references.
    private(set) var value: JSONValue
    /// In bytes, by path.
    private(set) var sizes: [String: Int64] = [:]

    init(_ result: JSONValue, from content: ContentStore, in folder: String) throws {
        value = result
        guard mkdir(folder, 0o777) == 0 else {
            throw CommandFailure(.infrastructure, "cannot make the folder \(folder): \(String(cString: strerror(errno)))")
        }
        var paths: [String: String] = [:]
        var taken: Set<String> = ["result.json"]
        for reference in result.contentReferences where paths[reference.text] == nil {
            var name = reference.name
            if !taken.insert(name.lowercased()).inserted {
                name = "\(reference.hash.hex.prefix(12))-\(name)"
                taken.insert(name.lowercased())
            }
            let path = folder + "/" + name
            try content.copy(reference.hash, to: path)
            paths[reference.text] = path
            sizes[path] = content.size(of: reference.hash) ?? 0
        }
        value = result.replacingStrings(by: paths)
        let descriptor = Glibc.open(folder + "/result.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw CommandFailure(.infrastructure, "cannot write \(folder)/result.json: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        do throws(Console.WriteError) {
            try Console.writeAll(Array((value.prettyText + "\n").utf8), to: descriptor)
        } catch {
            throw CommandFailure(.infrastructure, "cannot write \(folder)/result.json: \(String(cString: strerror(error.code)))")
        }
    }
}

extension JSONValue {
    /// The value with every string that is a key of `others` replaced.
    fileprivate func replacingStrings(by others: [String: String]) -> JSONValue {
        switch self {
        case .string(let text): .string(others[text] ?? text)
        case .array(let items): .array(items.map { $0.replacingStrings(by: others) })
        case .object(let members): .object(members.mapValues { $0.replacingStrings(by: others) })
        default: self
        }
    }
}

/// Shows what the model writes to its log, as it comes.
private final class TryLog: Sendable {
    private let follower: Mutex<LogFollower>
    private let watch: FolderWatch
    private let report: TryReport
    private let task: Mutex<Task<Void, Never>?>

    init(folder: String, report: TryReport) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        follower = Mutex(LogFollower(folder: folder))
        watch = FolderWatch(folder)
        self.report = report
        task = Mutex(nil)
        let following = Task { for await _ in watch.wakes() { read(watch.take()) } }
        task.withLock { $0 = following }
    }

    /// What was written by now is shown when this returns.
    func drain() { read(nil) }

    func stop() {
        task.withLock { $0?.cancel() }
        drain()
        follower.withLock { follower in try? follower.finish { report.log($0.bytes) } }
    }

    private func read(_ changes: FolderWatch.Changes) {
        follower.withLock { follower in try? follower.read(changes, skippingRepeated: true) { report.log($0.bytes) } }
    }
}
