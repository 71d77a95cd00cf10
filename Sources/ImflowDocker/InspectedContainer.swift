import ImflowInvocation
import ImflowJSON

/// What the engine knows of a container.
struct InspectedContainer: Sendable {
    var id: String
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
    var status: String
    var exitCode: Int
    var outOfMemory: Bool
    /// Of its first process, on the engine's machine; 0 while it does not run.
    var process: Int
    var labels: [String: String]
    /// Addresses by network name; empty while it does not run.
    var addresses: [String: String]

    var hasEnded: Bool { status == "exited" || status == "dead" || status == "removing" }

    /// Nil when this is no description of a container.
    init?(_ json: JSONValue) {
        guard let id = json["Id"]?.stringValue, let state = json["State"], let status = state["Status"]?.stringValue
        else { return nil }
        self.id = id
        self.status = status
        exitCode = state["ExitCode"]?.intValue ?? 0
        outOfMemory = state["OOMKilled"]?.boolValue ?? false
        process = state["Pid"]?.intValue ?? 0
        labels = [:]
        for (key, value) in json["Config"]?["Labels"]?.objectValue ?? [:] { labels[key] = value.stringValue }
        addresses = [:]
        for (name, network) in json["NetworkSettings"]?["Networks"]?.objectValue ?? [:] {
            guard let address = network["IPAddress"]?.stringValue, !address.isEmpty else { continue }
            addresses[name] = address
        }
    }

    /// How a program with this exit code ended: a shell's and an init's 128 + n is signal n.
    static func exit(code: Int, outOfMemory: Bool) -> Exit {
        let isSignal = (129...192).contains(code)
        return Exit(
            code: isSignal ? nil : Int32(truncatingIfNeeded: code), signal: isSignal ? Int32(code - 128) : nil,
            outOfMemory: outOfMemory && code != 0)
    }
}
