import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan

/// The body of `POST /containers/create` for a launch: a program without network, capabilities or a writable root, with
/// the work folder as its only lasting place, under the limits of the model's `resources`.
struct ContainerSpec: Sendable {
    /// Where a container sees its work folder.
    static let workFolder = "/imflow/work"
    /// Of staged files, in the work folder.
    static let inputName = "input"
    /// Where a container sees the folder of its API's socket.
    static let apiFolder = "/imflow/api"
    static let processLimit: Int64 = 4096
    static let sharedBytes: Int64 = 64 * 1024 * 1024
    /// Of `/tmp`, in memory, when the model asks for no `disk`.
    static let temporaryBytes: Int64 = 1024 * 1024 * 1024
    /// Standard output and error as the engine keeps them; after twice as much the oldest is dropped.
    static let logFileBytes = 256 * 1024 * 1024
    /// A name server that is nowhere (RFC 5737): the engine's own resolver may hand questions on to the host's.
    static let noNameServer = "192.0.2.1"

    var launch: Launch
    var image: String
    /// `NAME=value`, the model's and the launch's.
    var environment: [String: String]
    var labels: [String: String]
    /// The network's name; nil: none at all.
    var network: String?
    /// The network leads nowhere.
    var isPrivate = true
    /// Who the program is.
    var owner: GuestOwner
    /// The staged files, where there are some: the program cannot write to them.
    var inputFolder: String?
    var isPodman = false
    /// The request goes to the program's standard input.
    var takesInput: Bool
    /// The engine has an init process that forwards signals and reaps orphans.
    var hasInit: Bool
    var files = ContainerFiles.bind

    var json: JSONValue {
        var body: JSONObject = [
            "Image": .string(image),
            "User": .string("\(owner.user):\(owner.group)"),
            "Env": .array(environment.sorted { $0.key < $1.key }.map { .string("\($0)=\($1)") }),
            "Labels": Self.object(labels),
            "StopTimeout": 2,
            "Tty": false,
            "OpenStdin": .bool(takesInput),
            "StdinOnce": .bool(takesInput),
            "HostConfig": .object(hostConfig),
        ]
        if !launch.model.command.isEmpty {
            body["Entrypoint"] = .array(launch.model.command.map(JSONValue.string))
            body["Cmd"] = .array([])
        }
        return .object(body)
    }

    private var hostConfig: JSONObject {
        var config: JSONObject = [
            "NetworkMode": .string(network ?? "none"),
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "ReadonlyRootfs": true,
            "Tmpfs": .object(["/tmp": .string("rw,nosuid,nodev,exec,mode=1777,size=\(temporaryBytes)")]),
            "Mounts": .array(mounts),
            "PidsLimit": .int(launch.model.resources.pids.map(Int64.init) ?? Self.processLimit),
            "ShmSize": .int(launch.model.resources.shm?.bytes ?? Self.sharedBytes),
            "LogConfig": logConfig,
            "Init": .bool(hasInit),
            "AutoRemove": false,
            "RestartPolicy": .object(["Name": "no"]),
        ]
        if network != nil, isPrivate { config["Dns"] = [.string(Self.noNameServer)] }
        for (key, value) in limits { config[key] = value }
        return config
    }

    /// An instance's resolver configuration is empty: a program that looks up a name is refused at once, where the
    /// engine's resolver would let it wait for ten seconds.
    private var mounts: [JSONValue] {
        var mounts = [files == .bind ? Self.mount(launch.workFolder, at: Self.workFolder, readOnly: false) : volume]
        if network != nil, isPrivate { mounts.append(Self.mount("/dev/null", at: "/etc/resolv.conf", readOnly: true)) }
        if let inputFolder {
            mounts.append(Self.mount(inputFolder, at: Self.workFolder + "/" + Self.inputName, readOnly: true))
        }
        // The folder and not the socket: a later engine makes a new socket in it.
        if let api = launch.api { mounts.append(Self.mount(api.folder, at: Self.apiFolder, readOnly: true)) }
        return mounts
    }

    /// A volume of the container's own, empty, and removed with it.
    private var volume: JSONValue {
        .object([
            "Type": "volume", "Target": .string(WorkVolume.mount), "ReadOnly": false,
            "VolumeOptions": .object(["NoCopy": true, "Labels": Self.object(labels)]),
        ])
    }

    private static func mount(_ source: String, at target: String, readOnly: Bool) -> JSONValue {
        .object([
            "Type": "bind", "Source": .string(source), "Target": .string(target), "ReadOnly": .bool(readOnly),
        ])
    }

    /// `local` keeps bytes as they are; `json-file` breaks what is no UTF-8, and what is where it cuts long lines. Podman
    /// has `k8s-file` for it, which keeps one file.
    private var logConfig: JSONValue {
        let size = JSONValue.string(String(Self.logFileBytes))
        if isPodman { return .object(["Type": "k8s-file", "Config": .object(["max-size": size])]) }
        return .object([
            "Type": "local", "Config": .object(["max-size": size, "max-file": "2", "compress": "false"]),
        ])
    }

    /// Memory without swap: what goes beyond is killed, and seen as out of memory.
    private var limits: JSONObject {
        let resources = launch.model.resources
        var limits: JSONObject = [:]
        if let memory = resources.memory {
            limits["Memory"] = .int(memory.bytes)
            limits["MemorySwap"] = .int(memory.bytes)
        }
        if let cores = resources.cpu, cores > 0, cores < 1_000_000 {
            limits["NanoCpus"] = .int(Int64((cores * 1_000_000_000).rounded()))
        }
        if let gpu = resources.gpu, gpu.count > 0 {
            limits["DeviceRequests"] = [deviceRequest(gpu)]
        }
        return limits
    }

    /// The launch's own devices; where it has none, as many as the engine likes to give.
    private func deviceRequest(_ gpu: GPURequest) -> JSONValue {
        var request: JSONObject = ["Driver": "nvidia", "Capabilities": [["gpu"]]]
        if launch.devices.isEmpty {
            request["Count"] = .int(Int64(gpu.count))
        } else {
            request["DeviceIDs"] = .array(launch.devices.map(JSONValue.string))
        }
        return .object(request)
    }

    private var temporaryBytes: Int64 { launch.model.resources.disk?.bytes ?? Self.temporaryBytes }

    static func object(_ members: [String: String]) -> JSONValue {
        var object: JSONObject = [:]
        for (key, value) in members.sorted(by: { $0.key < $1.key }) { object[key] = .string(value) }
        return .object(object)
    }
}
