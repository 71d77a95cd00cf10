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

    /// What the model is made of here, as far as a look tells that reads no file: instances of equal ones answer alike. Throws
    /// as ``origin(of:)``.
    func fingerprint(of model: ModelPlan) async throws(Failure) -> String

    /// Where it runs models, as a later engine would name it; several where it stands for several.
    var sites: Set<String> { get }

    /// What the model's image was where it was run last: `REPOSITORY@sha256:…`, or the image's id. Nil: there is none, or
    /// nothing of it was run.
    func imageDigest(of model: ModelPlan) -> String?

    /// The path under which a model sees a launch's work folder.
    func guestFolder(for workFolder: String) -> String

    /// The path under which a model sees the folder of its API's socket (``Launch/api``).
    func guestAPIFolder(for folder: String) -> String

    /// Whom the folders that a model writes in must belong to; nil: us.
    var guestOwner: GuestOwner? { get }

    /// Runs the launch's command to its end, with `input` on its standard input. Cancelling the calling task ends it,
    /// whole, before this returns. Throws `infra` when it could not be started, `lost` when a recovered launch is not
    /// to be found any more.
    func run(_ launch: Launch, input: [UInt8]) async throws(Failure) -> Exit

    /// Starts a warm instance. It answers as soon as the program was started, not when it is ready; hooks are not run.
    func start(_ launch: Launch) async throws(Failure) -> any ModelInstance

    /// Takes back a warm instance that an earlier engine started, of which nothing is known but that engine's launch, less
    /// what was its own, and the instance's ``ModelInstance/handle``. Throws `lost` when it is not there any more.
    func adopt(_ launch: Launch, handle: String) async throws(Failure) -> any ModelInstance

    /// Ends and removes whatever any engine left behind for the job, except what carries one of these tokens.
    func sweep(job: String, keeping tokens: Set<String>) async

    /// Nothing of ours runs any more after this.
    func shutdown() async

    /// Whether models can be offered the API: its socket is where they run.
    var offersAPI: Bool { get }

    /// Whether programs of one model meet at the port of the manifest, where they listen there whatever they are told.
    var sharesPorts: Bool { get }
}

/// A user and a group of this machine, by number.
package struct GuestOwner: Sendable, Equatable {
    package var user: UInt32
    package var group: UInt32

    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }
}

extension ModelHost {
    package var guestOwner: GuestOwner? { nil }

    package func imageDigest(of model: ModelPlan) -> String? { nil }

    package func guestAPIFolder(for folder: String) -> String { folder }
    package var offersAPI: Bool { true }
    package var sharesPorts: Bool { false }
    package var sites: Set<String> { [] }

    package func fingerprint(of model: ModelPlan) async throws(Failure) -> String {
        switch try await origin(of: model) {
        case .folder(let path, let program): "folder \(path)\0\(program)"
        case .image(let id): "image \(id)"
        }
    }

    package func adopt(_ launch: Launch, handle: String) async throws(Failure) -> any ModelInstance {
        throw Failure(.lost, "a warm instance of model \(launch.model.name) ended with the engine that had started it")
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
    /// Of a program that runs to its end: which files it leaves behind are wanted here; nil: none.
    package var wanted: WantedFiles?

    /// Of a warm instance: for so long it may outlive its engine, when that is killed. Nil: it ends with it.
    package var outlives: TimeSpan?

    /// UUIDs of the GPUs that are its own, one each; empty: it asks for none, or whoever runs it chooses.
    package var devices: [String] = []

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

/// Which of a program's files are wanted on this machine, when it ran where it does not see its disk.
package struct WantedFiles: Sendable {
    /// The file of the result, below the work folder; it may not be there.
    package var result: String
    /// The other files, below the work folder, once the result's own file is here.
    package var named: @Sendable (Exit) -> [String]

    package init(result: String, named: @escaping @Sendable (Exit) -> [String]) {
        self.result = result
        self.named = named
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
    /// Who ended it, where that is known to have been neither the program nor us.
    package var interruption: Interruption?

    package init(
        code: Int32?, signal: Int32? = nil, outOfMemory: Bool = false, output: [UInt8] = [], outputTruncated: Bool = false
    ) {
        self.code = code
        self.signal = signal
        self.outOfMemory = outOfMemory
        self.output = output
        self.outputTruncated = outputTruncated
    }

    /// Whether both are one end; how long the start took is no part of it.
    package static func == (left: Exit, right: Exit) -> Bool {
        left.code == right.code && left.signal == right.signal && left.outOfMemory == right.outOfMemory
            && left.output == right.output && left.outputTruncated == right.outputTruncated
            && left.interruption == right.interruption
    }
}

/// A model that stays up between requests.
package protocol ModelInstance: Sendable {
    /// `http://127.0.0.1:PORT` for `rest`; nil for `jsonl`.
    var baseURL: String? { get }
    /// The path of a unix socket that leads to its server; nil: ``baseURL`` does.
    var socket: String? { get }
    /// What broke between here and the instance, so that requests do not reach it; nil: nothing.
    /// - Parameter isPatient: a request just failed, and what broke may be seen a moment later.
    func severed(isPatient: Bool) async -> Failure?
    /// By what ``ModelHost/adopt(_:handle:)`` of a later engine finds it; nil: it ends with this engine.
    var handle: String? { get }
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
    /// This engine is done with it, and it stays for a later one, at most for so long. False: it cannot stay.
    func leave(for time: TimeSpan) async -> Bool
    /// Puts a folder below the instance's work folder, with all that is in it, where the instance sees it as `guest`.
    func hand(_ folder: String, as guest: String) async throws(Failure)
    /// Brings files from below the folder that the instance sees as `guest` into `folder` here. What is no file is not
    /// brought, and what is here already stays.
    func bring(_ names: @Sendable () -> [String], from guest: String, into folder: String) async throws(Failure)
    /// The instance is done with what was handed to it as `guest`.
    func drop(_ guest: String) async
    /// Why a request may have broken off, though the program runs as far as anybody knows, where that was not the program's
    /// own doing: its engine does not answer, or one of its processes ran out of memory. Nil: nothing is known.
    func trouble() async -> Failure?
}

/// An instance of this machine is reached as it is, and where it sees our disk, its files are where they should be.
extension ModelInstance {
    package var socket: String? { nil }
    package func severed(isPatient: Bool) async -> Failure? { nil }
    package var handle: String? { nil }
    package func leave(for time: TimeSpan) async -> Bool { false }
    package func hand(_ folder: String, as guest: String) async throws(Failure) {}
    package func bring(_ names: @Sendable () -> [String], from guest: String, into folder: String) async throws(Failure) {}
    package func drop(_ guest: String) async {}
    package func trouble() async -> Failure? { nil }
}
