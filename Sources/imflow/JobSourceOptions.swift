import ArgumentParser
import FoundationEssentials
import Glibc
import ImflowCompiler
import ImflowDiagnostics

/// What a job is made of: a file, or a model and its input.
struct JobSourceOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("A job (JSON or YAML), a manifest, or - for standard input.", valueName: "job"))
    var file: String?
    @Option(help: ArgumentHelp("The model of a job without one: its name, or the path of its manifest or folder.", valueName: "id"))
    var model: String?
    @Option(help: ArgumentHelp("A member of the input: key=value, where value is JSON or else a string. Repeatable.", valueName: "key=value"))
    var input: [String] = []
    @Option(help: "The job's id. Default: the file's, else generated.")
    var jobID: String?
    @Option(help: "Most shards of the stage that is split; not more than its max_shards.")
    var shardCount: Int?
    @OptionGroup var search: ModelOptions

    func validate() throws {
        if file == nil, model == nil { throw ValidationError("name a job file, or a model with --model") }
        do throws(InputArgumentError) {
            _ = try InputArguments.members(input)
        } catch {
            throw ValidationError(error.message)
        }
    }

    /// Compiles and shows what was found on standard error.
    /// - Throws: the exit code 1 when there are errors, 2 when a file cannot be read.
    func compile(submitting: Bool = true) throws -> Compilation {
        var options = search.compileOptions
        options.model = model
        options.jobID = jobID
        options.shardCount = shardCount
        options.isSubmitted = submitting
        options.input = try InputArguments.members(input)
        let compilation = Compiler(LocalFiles()).compileJob(file, options: options)
        let renderer = DiagnosticRenderer(.full, colour: FindingOutput.colours(STDERR_FILENO))
        Console.write(renderer.render(compilation.diagnostics), to: STDERR_FILENO)
        if compilation.isUnreadable { throw ExitCode(ExitStatus.usage.rawValue) }
        if compilation.plan == nil { throw ExitCode(ExitStatus.failed.rawValue) }
        return compilation
    }
}
