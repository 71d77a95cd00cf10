import ImflowExecution
import ImflowJSON
import ImflowPlan

/// What the Engine API does with one container. Each failure says what happened and what to do.
struct Containers: Sendable {
    enum Creation: Sendable {
        case made(String)
        case nameTaken
        /// An init process was asked for, and the engine has none.
        case noInit
        /// It was there a moment ago.
        case noImage
    }

    static let removalTries = 5
    /// How often Podman looks whether a container has ended; Docker knows by itself.
    static let interval = "20ms"

    let engine: EngineClient

    func create(_ spec: ContainerSpec, name: String) async throws(Failure) -> Creation {
        let answer = try await engine.call(
            "POST", "/containers/create", query: [("name", name)], body: spec.json,
            purpose: "creating container \(name)")
        // Podman says it in words alone.
        if answer.status == 409 || (!answer.isSuccess && answer.message.contains("is already in use")) { return .nameTaken }
        if answer.status == 201, let id = answer.json["Id"]?.stringValue { return .made(id) }
        if spec.hasInit, answer.message.contains("init binary not found") { return .noInit }
        let model = spec.launch.model.name
        if answer.status == 404, answer.message.lowercased().contains("no such image") {
            return .noImage
        }
        // A bad image name, a limit the machine does not have: trying again does not help.
        let cause: Cause = (400..<500).contains(answer.status) ? .app : .infra
        throw Failure(cause, "the Docker engine refuses a container for model \(model): \(answer.message)")
    }

    func start(_ id: String, model: String) async throws(Failure) {
        let answer = try await engine.call("POST", "/containers/\(id)/start", purpose: "starting model \(model)")
        if answer.isSuccess || answer.status == 304 { return }
        if answer.status == 404 { throw Self.vanished(model) }
        if answer.message.contains("could not select device driver") {
            throw Failure(
                .app,
                "model \(model) asks for a GPU and the Docker engine has none to give: install the NVIDIA container "
                    + "toolkit, or run it on a machine that has one")
        }
        let cause: Cause = answer.status == 400 || Self.blamesCommand(answer.message) ? .app : .infra
        throw Failure(cause, "the Docker engine cannot start model \(model): \(answer.message)")
    }

    /// Waits until the container does not run, and answers its exit code.
    func wait(_ id: String, model: String) async throws(Failure) -> Int {
        let answer = try await engine.call(
            "POST", "/containers/\(id)/wait", query: [("interval", Self.interval)], lasting: true, purpose: "model \(model) ran")
        if answer.status == 404 { throw Self.vanished(model) }
        guard answer.isSuccess, let code = answer.json["StatusCode"]?.intValue else {
            throw Failure(.infra, "the Docker engine cannot wait for model \(model): \(answer.message)")
        }
        return code
    }

    /// Nil: there is no such container.
    func inspect(_ idOrName: String) async throws(Failure) -> InspectedContainer? {
        let answer = try await engine.call(
            "GET", "/containers/\(idOrName)/json", purpose: "looking at container \(idOrName)")
        if answer.status == 404 { return nil }
        guard answer.isSuccess, let container = InspectedContainer(answer.json) else {
            throw Failure(.infra, "the Docker engine does not describe container \(idOrName): \(answer.message)")
        }
        return container
    }

    func kill(_ id: String) async {
        _ = try? await engine.call(
            "POST", "/containers/\(id)/kill", query: [("signal", "KILL")], purpose: "killing container \(id)")
    }

    /// Kills and removes it with its volumes. False: it may still be there.
    @discardableResult
    func remove(_ id: String) async -> Bool {
        for _ in 0..<Self.removalTries {
            let answer = try? await engine.call(
                "DELETE", "/containers/\(id)", query: [("force", "1"), ("v", "1")], purpose: "removing container \(id)")
            guard let answer else { return false }
            if answer.isSuccess || answer.status == 404 { return true }
            // Somebody else is removing it.
            if answer.status == 409 {
                _ = try? await engine.call(
                    "POST", "/containers/\(id)/wait", query: [("condition", "removed")],
                    purpose: "removing container \(id)")
            }
        }
        return false
    }

    /// Ids and tokens of a job's containers, running or not.
    func list(filters: String) async throws(Failure) -> [(id: String, token: String?)] {
        let answer = try await engine.call(
            "GET", "/containers/json", query: [("all", "1"), ("filters", filters)], purpose: "listing containers")
        guard answer.isSuccess, let list = answer.json.arrayValue else {
            throw Failure(.infra, "the Docker engine does not list containers: \(answer.message)")
        }
        return list.compactMap { entry in
            entry["Id"]?.stringValue.map { ($0, entry["Labels"]?[ContainerIdentity.Label.token]?.stringValue) }
        }
    }

    /// Reads the engine's record of what the container wrote, from its beginning; with `follow`, until it ends.
    /// - Parameters:
    ///   - output: with standard output, and not standard error alone.
    ///   - since: in seconds since 1970; what was written before is passed over.
    func readLog(
        _ id: String, follow: Bool, output: Bool = true, since: String? = nil, into log: ContainerLog
    ) async throws(Failure) {
        log.restart()
        var query = [("stdout", output ? "1" : "0"), ("stderr", "1"), ("follow", follow ? "1" : "0")]
        if let since { query.append(("since", since)) }
        let answer = try await engine.stream(
            "GET", "/containers/\(id)/logs",
            query: query, purpose: "reading what container \(id) wrote", onChunk: { log.take($0) })
        if answer.status == 404 { throw Failure(.lost, "container \(id) was removed by somebody else") }
        guard answer.isSuccess else {
            throw Failure(.infra, "the Docker engine does not hand over what the program wrote: \(answer.message)")
        }
    }

    /// Runs a command inside a running container and answers its exit code; what it writes goes to the log.
    func execute(_ command: [String], in id: String, model: String, log: ContainerLog) async throws(Failure) -> Int {
        let purpose = "running a hook of model \(model)"
        let made = try await engine.call(
            "POST", "/containers/\(id)/exec",
            body: .object([
                "Cmd": .array(command.map(JSONValue.string)), "AttachStdout": true, "AttachStderr": true,
            ]), purpose: purpose)
        guard made.isSuccess, let exec = made.json["Id"]?.stringValue else {
            // 409: the container does not run any more.
            let cause: Cause = (400..<500).contains(made.status) ? .app : .infra
            throw Failure(cause, "no hook of model \(model) can run: \(made.message)")
        }
        log.restart()
        let answer = try await engine.stream(
            "POST", "/exec/\(exec)/start", body: .object(["Detach": false, "Tty": false]), purpose: purpose,
            onChunk: { chunk in
                _ = log.take(chunk)
                return true
            })
        log.finish()
        guard answer.isSuccess else {
            let cause: Cause = Self.blamesCommand(answer.message) ? .app : .infra
            throw Failure(cause, "a hook of model \(model) cannot start: \(answer.message)")
        }
        let ended = try await engine.call("GET", "/exec/\(exec)/json", purpose: purpose)
        guard let code = ended.json["ExitCode"]?.intValue else {
            throw Failure(.infra, "the Docker engine does not say how a hook of model \(model) ended: \(ended.message)")
        }
        return code
    }

    static func vanished(_ model: String) -> Failure {
        Failure(.lost, "the container of model \(model) was removed by somebody else")
    }

    private static func blamesCommand(_ message: String) -> Bool {
        message.contains("executable file not found") || message.contains("no such file or directory")
            || message.contains("permission denied")
    }
}
