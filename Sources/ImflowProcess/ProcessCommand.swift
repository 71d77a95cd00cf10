import ImflowExecution
import ImflowInvocation
import ImflowPlan

/// What a launch starts: program, arguments, folder and environment.
struct ProcessCommand: Sendable {
    /// What messages call the model.
    let model: String
    /// Absolute.
    private(set) var program: String
    private(set) var arguments: [String]
    let folder: String
    let environment: [String: String]
    /// For what the program prints.
    let redactor: SecretRedactor

    /// What a model gets of imflow's own environment, so that a run depends on little that its manifest does not say:
    /// where programs are, whose home it is, language and time zone, where temporary files go, and the GPUs.
    static let inherited = [
        "PATH", "HOME", "USER", "LOGNAME", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "LANG",
        "LANGUAGE",
        "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME", "LC_ADDRESS",
        "LC_IDENTIFICATION", "LC_MEASUREMENT", "LC_NAME", "LC_PAPER", "LC_TELEPHONE",
    ]
    private static let fallbackPath = "/usr/local/bin:/usr/bin:/bin"

    /// Throws ``Failure`` with cause `app` when the model names no program, or none that can be run.
    init(_ launch: Launch, marks: [String: String], port: Int?, paths: CommandPaths) throws(Failure) {
        let model = launch.model
        guard let name = model.command.first, !name.isEmpty else {
            throw Failure(.app, "model \(model.name) has no entrypoint, and without an image there is nothing to run")
        }
        guard !model.command.contains(where: { $0.utf8.contains(0) }) else {
            throw Failure(.app, "model \(model.name): the entrypoint holds a NUL byte")
        }
        var environment = Self.base.merging(ServerVariables.defaults(of: model.callProtocol)) { _, ours in ours }
        let own = try ModelEnvironment(of: model, api: launch.api)
        environment.merge(own.values) { _, own in own }
        environment.merge(launch.environment) { _, ours in ours }
        if let port {
            environment.merge(ServerVariables.listening(on: port, model.callProtocol)) { _, ours in ours }
        }
        environment.merge(marks) { _, mark in mark }
        self.model = model.name
        self.environment = environment
        redactor = own.redactor
        folder = model.folder
        arguments = Array(model.command.dropFirst())
        let path = environment["PATH"] ?? Self.fallbackPath
        program = try paths.resolve(name, folder: model.folder, path: path, model: model.name)
    }

    /// Another program with its arguments in the same folder and environment.
    func running(_ words: [String], paths: CommandPaths) throws(Failure) -> ProcessCommand {
        guard let name = words.first, !name.isEmpty, !words.contains(where: { $0.utf8.contains(0) }) else {
            throw Failure(.app, "model \(model): a hook is no command")
        }
        var other = self
        let path = environment["PATH"] ?? Self.fallbackPath
        other.program = try paths.resolve(name, folder: folder, path: path, model: "\(model), a hook")
        other.arguments = Array(words.dropFirst())
        return other
    }

    /// As the start of a process wants it.
    var laidOut: Program {
        Program(
            model: model, path: program, folder: folder, name: program, arguments: arguments, variables: environment)
    }

    /// What every program gets of our own environment.
    static var base: [String: String] {
        var values: [String: String] = [:]
        for name in inherited { values[name] = ModelEnvironment.ownVariable(name) }
        return values
    }
}
