import Glibc
import ImflowContent
package import ImflowExecution
package import ImflowInvocation
package import ImflowPlan

extension ProcessHost {
    package var kind: String { "process" }

    /// The program and the files of its folder that the command names, as they are now, and the variables of ours that a model
    /// gets.
    package func sharing(of model: ModelPlan) async throws(Failure) -> String? {
        let launch = Launch(
            model: model, job: "", task: "", attempt: 0, token: "", unit: nil, workFolder: "", environment: [:],
            logPath: "")
        let command = try ProcessCommand(launch, marks: [:], port: nil, paths: commands)
        let named = command.arguments.map { $0.hasPrefix("/") ? $0 : command.folder + "/" + $0 }
        let files = ([command.program] + named).map(Self.state(of:))
        let inherited = ProcessCommand.inherited.map { ModelEnvironment.ownVariable($0) ?? "" }
        return ContentHash(of: Array((files + inherited).joined(separator: "\0").utf8)).hex
    }

    package func adopt(_ launch: Launch, handle: String) async throws(Failure) -> any ModelInstance {
        let words = handle.split(separator: " ")
        guard words.count == 3, let id = pid_t(words[0]), let port = Int(words[2]) else {
            throw Failure(.lost, "a warm instance of model \(launch.model.name) cannot be found by “\(handle)”")
        }
        let command = try command(for: launch, port: port)
        return BorrowedProcess(
            id: id, startTime: String(words[1]), port: port, command: command, token: launch.token, mark: stateMark,
            logPath: launch.logPath, memory: memory, paths: commands)
    }

    /// Empty: there is no such file. Else its path, size, time of change and number.
    private static func state(of path: String) -> String {
        var status = stat()
        guard Glibc.stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return "" }
        return "\(path) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \(status.st_ino)"
    }
}
