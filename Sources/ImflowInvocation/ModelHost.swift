package import ImflowContent
package import ImflowExecution
package import ImflowPlan

/// A place where models run: this machine's processes, or a Docker engine. Knows how to start, watch and end
/// them; knows nothing of requests, units or files.
package protocol ModelHost: Sendable {
    /// `0x` and 40 hexadecimal digits: who signs for what runs here.
    var node: String { get }

    /// What the model is made of here. Throws ``Failure`` when that cannot be told: its program or its image is missing, or
    /// the place does not answer.
    func origin(of model: ModelPlan) async throws(Failure) -> ModelOrigin

    /// The path under which a model sees a launch's work folder.
    func guestFolder(for workFolder: String) -> String

    /// The path under which a model sees the folder of its API's socket (``Launch/api``).
    func guestAPIFolder(for folder: String) -> String

    /// Runs the launch's command to its end, with `input` on its standard input. Cancelling the calling task ends it,
    /// whole, before this returns. Throws `infra` when it could not be started, `lost` when a recovered launch is not
    /// to be found any more.
    func run(_ launch: Launch, input: [UInt8]) async throws(Failure) -> Exit

    /// Starts a warm instance. It answers as soon as the program was started, not when it is ready; hooks are not run.
    func start(_ launch: Launch) async throws(Failure) -> any ModelInstance

    /// Names the kind of place, such as `process`: instances are found again by it.
    var kind: String { get }

    /// What instances must agree in to be used by several engines, besides the plan: what the model is made of here, as a text
    /// that is no secret. Nil: they cannot be shared.
    func sharing(of model: ModelPlan) async throws(Failure) -> String?

    /// An instance that another engine started, by its ``ModelInstance/handle``. Throws `lost` when it is not there any more.
    func adopt(_ launch: Launch, handle: String) async throws(Failure) -> any ModelInstance

    /// Ends and removes whatever any engine left behind for the job, except what carries one of these tokens.
    func sweep(job: String, keeping tokens: Set<String>) async

    /// Nothing of ours runs any more after this.
    func shutdown() async
}

extension ModelHost {
    package func guestAPIFolder(for folder: String) -> String { folder }
    package var kind: String { "\(Self.self)" }
    package func sharing(of model: ModelPlan) async throws(Failure) -> String? { nil }
    package func adopt(_ launch: Launch, handle: String) async throws(Failure) -> any ModelInstance {
        throw Failure(.lost, "instances of model \(launch.model.name) cannot be taken over here")
    }
}

/// One start of a model.
package struct Launch: Sendable {
    package var model: ModelPlan
    package var job: String
    package var task: String
    package var attempt: Int
    /// The attempt's token; of a warm instance, its own.
    package var token: String
    /// The unit's index within the attempt; nil for a warm instance.
    package var unit: Int?
    /// On this machine; exists; the model may write here and nowhere else that lasts.
    package var workFolder: String
    /// Added to the model's own `env`; paths are already the guest's.
    package var environment: [String: String]
    /// The model's standard error (and a `rest` model's standard output) is appended here, up to ``Launch/logLimit`` bytes.
    /// Secrets of 4 bytes and more (``ModelEnvironment/redactor``) are replaced first.
    package var logPath: String
    /// The same launch may have been made before the engine was restarted: adopt it if it is there.
    package var recovered: Bool
    /// What the model reaches its engine by; nil: nothing.
    package var api: APIEndpoint?

    package static let logLimit = 16 * 1024 * 1024
    /// More standard output than this is cut off and ``Exit/outputTruncated`` is set.
    package static let outputLimit = 64 * 1024 * 1024

    package init(
        model: ModelPlan, job: String, task: String, attempt: Int, token: String, unit: Int?, workFolder: String,
        environment: [String: String], logPath: String, recovered: Bool = false, api: APIEndpoint? = nil
    ) {
        self.model = model
        self.job = job
        self.task = task
        self.attempt = attempt
        self.token = token
        self.unit = unit
        self.workFolder = workFolder
        self.environment = environment
        self.logPath = logPath
        self.recovered = recovered
        self.api = api
    }
}

/// How a program ended.
package struct Exit: Sendable, Equatable {
    /// Nil when a signal ended it.
    package var code: Int32?
    package var signal: Int32?
    package var outOfMemory: Bool
    /// Standard output of a ``ModelHost/run(_:input:)``; empty for instances.
    package var output: [UInt8]
    package var outputTruncated: Bool
    /// From the launch until the program ran, where that is worth telling: a container's. Nil: not told.
    package var startup: Duration?

    package init(
        code: Int32?, signal: Int32? = nil, outOfMemory: Bool = false, output: [UInt8] = [], outputTruncated: Bool = false
    ) {
        self.code = code
        self.signal = signal
        self.outOfMemory = outOfMemory
        self.output = output
        self.outputTruncated = outputTruncated
    }
}

/// A model that stays up between requests.
package protocol ModelInstance: Sendable {
    /// `http://127.0.0.1:PORT` for `rest`; nil for `jsonl`.
    var baseURL: String? { get }
    /// How it ended; nil while it runs.
    func exit() async -> Exit?
    /// For `jsonl`: writes one line (without its newline) and reads the next line of the answer. Nil: the
    /// program closed its output. A line too many is an `app` failure, after which the instance must be discarded. One
    /// exchange at a time.
    func exchange(_ line: [UInt8]) async throws(Failure) -> [UInt8]?
    /// Runs a command where the program runs, with its environment, to the command's end; what it writes goes to the log.
    /// It ends with the instance, and when the calling task is cancelled. Throws `app` when it cannot be run there.
    func execute(_ command: [String]) async throws(Failure) -> Exit
    /// Ends it, whole. Returns when nothing of it is left.
    func stop() async
    /// What ``ModelHost/adopt(_:handle:)`` finds it by; nil: no other engine can use it.
    var handle: String? { get }
    /// Whether it goes on when the engine that started it has ended.
    var outlivesEngine: Bool { get }
    /// It is not ours to end any more.
    func leave() async
}

extension ModelInstance {
    package var handle: String? { nil }
    package var outlivesEngine: Bool { false }
    package func leave() async {}
}
