import ArgumentParser
import Glibc
import ImflowContent
import ImflowStore

@main
struct Imflow: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "imflow",
        abstract: "A workflow engine for model inference.",
        discussion: """
            Exit codes: 0 fine; 1 findings, or the job failed; 2 usage, unreadable file, infeasible; 3 infrastructure \
            or a bug of imflow's; 4 partial result; 130 interrupted, resumable.
            """,
        version: version,
        subcommands: [KeeperCommand.self, WarmGuardCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Manifests",
                subcommands: [
                    CheckCommand.self, FormatCommand.self, ExplainCommand.self, PlanCommand.self, InitCommand.self,
                    SchemaCommand.self, TryCommand.self, DebugCommand.self, LSPCommand.self,
                ]),
            CommandGroup(name: "Jobs", subcommands: [RunCommand.self, ResumeCommand.self, PauseCommand.self, CancelCommand.self]),
            CommandGroup(
                name: "What happened",
                subcommands: [
                    JobCommand.self, GraphCommand.self, LogsCommand.self, WhyCommand.self, VerifyCommand.self,
                ]),
            CommandGroup(
                name: "State",
                subcommands: [
                    SlotsCommand.self, DrainCommand.self, DoctorCommand.self, CollectCommand.self, ContentCommand.self,
                ]),
        ])

    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as CommandFailure {
            end(error.code, error.message)
        } catch let error as ContentError {
            end(.infrastructure, error.description)
        } catch let error as StoreError {
            end(error.kind == .held || error.kind == .exists ? .usage : .infrastructure, error.description)
        } catch {
            let code = Self.exitCode(for: error)
            // swift-argument-parser exits with 64 for usage errors, where imflow's contract says 2.
            if code == .validationFailure {
                Console.write(Self.fullMessage(for: error) + "\n", to: STDERR_FILENO)
                Glibc.exit(ExitStatus.usage.rawValue)
            }
            Self.exit(withError: error)
        }
    }

    private static func end(_ code: ExitStatus, _ message: String) -> Never {
        Console.error(message)
        Glibc.exit(code.rawValue)
    }
}

/// SPEC section 8.
enum ExitStatus: Int32 {
    case fine = 0
    case failed = 1
    case usage = 2
    case infrastructure = 3
    case partial = 4
    case interrupted = 130
}

/// What ends a command before its time: one message for the person who must act, and an exit code.
struct CommandFailure: Error {
    var code: ExitStatus
    var message: String

    init(_ code: ExitStatus, _ message: String) {
        self.code = code
        self.message = message
    }
}
