import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowCompiler
import ImflowDiagnostics
import ImflowJSON

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
            cannot be read. With --fix or --diff, files whose text cannot be read to its end stay as they are; with \
            - and --fix the fixed text goes to standard output and what remains to standard error.
            """)

    @Argument(help: ArgumentHelp("Files and folders to check.", valueName: "path"))
    var paths: [String] = []
    @Option(help: "How findings are shown: full, concise, json, sarif, github, junit or gitlab.")
    var format: DiagnosticRenderer.Format?
    @Option(help: "The least finding that fails the check: error, warning or note.")
    var failOn: FailureThreshold = .error
    @Option(help: ArgumentHelp("Tell only findings that are not in this file.", valueName: "file"))
    var baseline: String?
    @Flag(help: "Print the files that would be checked, and check none.")
    var listFiles = false
    @Flag(help: "Write the findings to the file of --baseline, and tell none of them.")
    var writeBaseline = false
    @OptionGroup var fixes: FixOptions
    @OptionGroup var input: StandardInputName
    @OptionGroup var search: ModelOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        try input.validate(paths)
        if writeBaseline, fixes.isWanted { throw ValidationError("--write-baseline goes without --fix and --diff") }
        if writeBaseline, baseline == nil { throw ValidationError("--write-baseline needs --baseline <file>") }
    }

    func run() throws {
        let (reader, paths) = try input.apply(to: self.paths)
        if fixes.isWanted, !listFiles { return try mend(paths, reader) }
        let compiler = Compiler(reader, loop: dispatchLoop)
        if listFiles { return tell(compiler.list(paths)) }
        var report = compiler.check(paths, options: search.compileOptions)
        if let baseline { try apply(BaselineFile(path: baseline), to: &report, context(report)) }
        try tell(report)
    }

    /// Writes the report and ends with its exit code.
    func tell(_ report: CheckReport, to descriptor: Int32 = STDOUT_FILENO) throws {
        let context = context(report)
        let format = self.format ?? (output.output == .json ? .json : .full)
        let colours = FindingOutput.colours(descriptor)
        let renderer = DiagnosticRenderer(format, colour: colours, context: context)
        Console.write(renderer.render(report.diagnostics), to: descriptor)
        if annotates(format) {
            let annotations = DiagnosticRenderer(.github, context: context)
            Console.write(annotations.render(report.diagnostics), to: descriptor)
        }
        if report.files.isEmpty {
            throw CommandFailure(
                .usage, "nothing to check in \(paths.joined(separator: " ")): no model.yaml and no job.json")
        }
        if format == .full, DiagnosticRenderer.summary(of: report.diagnostics) == nil {
            let count = report.files.count
            Console.note("\(count) file\(count == 1 ? "" : "s") checked")
        }
        let fixable = FixSession.fixableCount(report.diagnostics)
        if format == .full, fixable > 0 {
            Console.note("\(FormatCommand.count(fixable, "finding")) can be fixed with --fix")
        }
        if report.isUnreadable { throw ExitCode(ExitStatus.usage.rawValue) }
        if report.diagnostics.contains(where: { $0.severity >= failOn.severity }) {
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }

    private func tell(_ files: [String]) {
        switch output.output {
        case .text: for file in files { Console.print(file) }
        case .json:
            Console.print(["schema": "imflow.files/v1", "files": .array(files.map { .string($0) })] as JSONValue)
        }
    }

    /// What is in the baseline is not told; an unreadable file or a check of nothing makes no new one.
    private func apply(_ file: BaselineFile, to report: inout CheckReport, _ context: ReportContext) throws {
        if writeBaseline {
            if report.files.isEmpty || report.isUnreadable { return }
            try file.write(Baseline.text(of: report.diagnostics, context))
        }
        report.diagnostics = try file.read().new(in: report.diagnostics, context)
    }

    /// On GitHub's machines findings are annotations too, unless a format was asked for.
    private func annotates(_ format: DiagnosticRenderer.Format) -> Bool {
        self.format == nil && format == .full && ProcessInfo.processInfo.environment["GITHUB_ACTIONS"] == "true"
    }

    /// Reports name files by their path in the repository, else in the current folder.
    func context(_ report: CheckReport) -> ReportContext {
        let reader = LocalFiles()
        var context = ReportContext()
        context.files = report.files
        context.currentFolder = reader.currentFolder
        context.failingFrom = failOn.severity
        context.toolVersion = Imflow.version
        context.page = { code in DiagnosticPage.of(code).map { ($0.summary, $0.text) } }
        context.root = reader.currentFolder
        var folder = reader.currentFolder
        while true {
            if reader.kind(of: PathText.join(folder, ".git")) != nil {
                context.root = folder
                return context
            }
            if folder == "/" { return context }
            folder = PathText.parent(folder)
        }
    }
}
