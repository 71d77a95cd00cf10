import ArgumentParser
import Glibc
import ImflowCompiler
import ImflowDiagnostics

struct FormatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt", abstract: "Lay manifests and jobs out in one way.",
        discussion: """
            Files, folders (all model.yaml, imflow.yaml, *.imflow.yaml, job.json and *.job.json in them) or - for \
            standard input, whose new text goes to standard output; without any, the current folder. Keys take the \
            order of the reference; keys of your own keep theirs, above the first known key or behind the last. \
            Comments stay with what they stand at. What a file says never changes. Exits with 1 when a file cannot be \
            read as YAML or JSON, or when --check or --diff finds another layout; with 2 when a file cannot be read or \
            written at all.
            """)

    @Argument(help: ArgumentHelp("Files and folders to format.", valueName: "path"))
    var paths: [String] = []
    @Flag(help: "Write nothing; list the files that would change, and exit with 1 when there are any.")
    var check = false
    @Flag(help: "Write nothing; show what would change, and exit with 1 when something would.")
    var diff = false
    @OptionGroup var input: StandardInputName

    func validate() throws { try input.validate(paths) }

    func run() throws {
        let (reader, paths) = try input.apply(to: self.paths)
        var tally = Tally()
        for path in paths where path == "-" {
            do throws(FileProblem) {
                let source = Source(name: "<stdin>", bytes: try reader.readStandardInput())
                format(source, path: nil, &tally)
            } catch { tally.fail(error) }
        }
        let standardInput = input.identity(reader)
        for file in PathSelection.files(paths.filter { $0 != "-" }, reader) {
            do throws(FileProblem) {
                let source = Source(name: file.name, bytes: try reader.read(file.path))
                format(source, path: file.path == standardInput ? nil : file.path, &tally)
            } catch { tally.fail(error) }
        }
        guard tally.files > 0 else {
            throw CommandFailure(
                .usage, "nothing to format in \(paths.joined(separator: " ")): no model.yaml and no job.json")
        }
        if !paths.contains("-"), standardInput == nil { tell(tally) }
        if let code = tally.exitCode(isChecked: check || diff) { throw ExitCode(code.rawValue) }
    }

    /// What happened to the files.
    private struct Tally {
        var files = 0
        var changed = 0
        var unreadable = 0
        var hasFailed = false
        var hasBug = false

        mutating func fail(_ problem: FileProblem) {
            Console.error(problem.help.map { "\(problem.message); \($0)" } ?? problem.message)
            files += 1
            hasFailed = true
        }

        func exitCode(isChecked: Bool) -> ExitStatus? {
            if hasBug { return .infrastructure }
            if hasFailed { return .usage }
            return unreadable > 0 || isChecked && changed > 0 ? .failed : nil
        }
    }

    /// `path` nil: the new text goes to standard output.
    private func format(_ source: Source, path: String?, _ tally: inout Tally) {
        tally.files += 1
        switch ManifestFormatter.format(source) {
        case .formatted(let text): put(text, source, path, &tally)
        case .unreadable(let diagnostics):
            tally.unreadable += 1
            let renderer = DiagnosticRenderer(.full, colour: FindingOutput.colours(STDERR_FILENO))
            Console.write(renderer.render(diagnostics), to: STDERR_FILENO)
        case .left(let reason, let place):
            Console.note("\(place): left as it is: \(reason)")
            put(source.bytes, source, path, &tally)
        case .failed(let reason):
            Console.error("\(source.name) stays as it is, for a mistake of imflow's: \(reason)")
            tally.hasBug = true
        }
    }

    private func put(_ text: [UInt8], _ source: Source, _ path: String?, _ tally: inout Tally) {
        let isChanged = text != source.bytes
        if isChanged { tally.changed += 1 }
        if diff {
            let current = LocalFiles().currentFolder
            let name = path.map { PathText.shown($0, from: current) } ?? source.name
            Console.write(UnifiedDiff.text(from: source.bytes, to: text, name: name), to: STDOUT_FILENO)
        } else if check {
            if isChanged { Console.print(source.name) }
        } else if let path {
            guard isChanged else { return }
            do throws(FileProblem) {
                try FileRewrite(path: path, name: source.name, old: source.bytes, new: text).write()
            } catch {
                tally.fail(error)
                tally.files -= 1
                tally.changed -= 1
            }
        } else {
            Console.write(text, to: STDOUT_FILENO)
        }
    }

    private func tell(_ tally: Tally) {
        let verb = check || diff ? "would change" : "changed"
        Console.note("\(Self.count(tally.files, "file")) looked at, \(tally.changed) \(verb)")
    }

    /// `1 file`, `2 files`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
