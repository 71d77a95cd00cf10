import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowCompiler
import ImflowDiagnostics

extension DiagnosticRenderer.Format: ExpressibleByArgument {}

/// From which severity on findings fail a check.
enum FailureThreshold: String, ExpressibleByArgument, CaseIterable {
    case error, warning, note

    var severity: Severity {
        switch self {
        case .error: .error
        case .warning: .warning
        case .note: .note
        }
    }
}

/// Where models are looked for beside a file's own surroundings.
struct ModelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A folder of models, searched first. Repeatable.", valueName: "dir"))
    var models: [String] = []

    /// Options with the folders of `--models` and $IMFLOW_MODELS.
    var compileOptions: CompileOptions {
        var options = CompileOptions()
        options.models = models
        let environment = ProcessInfo.processInfo.environment["IMFLOW_MODELS"] ?? ""
        options.environmentModels = environment.split(separator: ":").map(String.init)
        return options
    }
}

/// How findings are shown.
enum FindingOutput {
    /// Whether text on a descriptor may be coloured: a terminal, and no NO_COLOR (no-color.org).
    static func colours(_ descriptor: Int32) -> Bool {
        let refused = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        return !refused && isatty(descriptor) == 1
    }
}

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check manifests and jobs.",
        discussion: """
            Files, folders (all model.yaml, imflow.yaml, *.imflow.yaml, job.json and *.job.json in them) or - for \
            standard input; without any, the current folder. Exits with 1 when there are findings, with 2 when a file \
            cannot be read.
            """)

    @Argument(help: ArgumentHelp("Files and folders to check.", valueName: "path"))
    var paths: [String] = []
    @Option(help: "How findings are shown: full, concise or json.")
    var format: DiagnosticRenderer.Format?
    @Option(help: "The least finding that fails the check: error, warning or note.")
    var failOn: FailureThreshold = .error
    @OptionGroup var search: ModelOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let report = Compiler(LocalFiles()).check(paths.isEmpty ? ["."] : paths, options: search.compileOptions)
        let format = self.format ?? (output.output == .json ? .json : .full)
        let renderer = DiagnosticRenderer(format, colour: FindingOutput.colours(STDOUT_FILENO))
        Console.write(renderer.render(report.diagnostics), to: STDOUT_FILENO)
        if report.fileCount == 0 {
            throw CommandFailure(
                .usage, "nothing to check in \(paths.joined(separator: " ")): no model.yaml and no job.json")
        }
        if format == .full, DiagnosticRenderer.summary(of: report.diagnostics) == nil {
            Console.note("\(report.fileCount) file\(report.fileCount == 1 ? "" : "s") checked")
        }
        if report.isUnreadable { throw ExitCode(ExitStatus.usage.rawValue) }
        if report.diagnostics.contains(where: { $0.severity >= failOn.severity }) {
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }
}
