import ArgumentParser
import Glibc
import ImflowCompiler
import ImflowDiagnostics

struct DebugCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "debug",
        abstract: "Look inside: what a phase of the compiler makes of a file, what the engine, merges, boxes, tiles and stitching cost.",
        subcommands: [
            DebugFileCommand.self, DebugEngineCommand.self, DebugMergesCommand.self, DebugTilesCommand.self,
            DebugStitchCommand.self, DebugDetectionsCommand.self,
        ], defaultSubcommand: DebugFileCommand.self)
}

/// `imflow debug tree|ir|plan FILE`: the name of the subcommand may be left out, and is.
struct DebugFileCommand: ParsableCommand {
    enum Phase: String, ExpressibleByArgument, CaseIterable { case tree, ir, plan }

    static let configuration = CommandConfiguration(
        commandName: "file", abstract: "Print what a phase of the compiler makes of a file, as JSON.",
        discussion: """
            tree  the value of the text: aliases expanded, << merged, YAML 1.2's types. With --spans each node is an \
            object with "kind", "style", "span" and its "value", "items" or "members" (a list of "key" and "value").
            ir    the manifest or job, typed: times in milliseconds, amounts in bytes, commands as words. With --spans \
            each field is an object with "value", "span" and "key_span", where they are known.
            plan  what would run, as imflow plan --format json; finds models as imflow plan does.

            A span is two offsets in the file's bytes; the second is just past the end. Findings go to standard error. \
            Exits with 1 when there are errors (what was made is still printed), with 2 when the file cannot be read.
            """)

    @Argument(help: "tree, ir or plan.")
    var phase: Phase
    @Argument(help: ArgumentHelp("A manifest or a job, or - for standard input.", valueName: "file"))
    var file: String
    @Flag(help: "Add the places of keys and values: tree and ir only.")
    var spans = false
    @OptionGroup var search: ModelOptions

    func validate() throws {
        if phase == .plan, spans {
            throw ValidationError("a plan has no --spans: it is made of several files; debug ir has those of one")
        }
    }

    func run() throws {
        switch phase {
        case .tree: try show(Inspector(LocalFiles()).tree(file, spans: spans))
        case .ir: try show(Inspector(LocalFiles()).ir(file, spans: spans))
        case .plan:
            let compilation = Compiler(LocalFiles()).compileJob(file, options: search.compileOptions)
            if let plan = compilation.plan { Console.write(try PlanCommand.json(plan), to: STDOUT_FILENO) }
            try end(compilation.diagnostics)
        }
    }

    private func show(_ inspection: Inspection) throws {
        if let value = inspection.value { Console.print(value) }
        try end(inspection.diagnostics)
    }

    private func end(_ diagnostics: [Diagnostic]) throws {
        let renderer = DiagnosticRenderer(.full, colour: FindingOutput.colours(STDERR_FILENO))
        Console.write(renderer.render(diagnostics), to: STDERR_FILENO)
        if diagnostics.contains(where: { $0.code == .unreadableFile }) { throw ExitCode(ExitStatus.usage.rawValue) }
        if diagnostics.contains(where: { $0.severity == .error }) { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}
