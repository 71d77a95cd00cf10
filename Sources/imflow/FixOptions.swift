import ArgumentParser
import Glibc
import ImflowCompiler
import ImflowDiagnostics

/// How `check` mends what it finds.
struct FixOptions: ParsableArguments {
    @Flag(help: "Apply the safe fixes, and tell what remains.")
    var fix = false
    @Flag(help: "Apply also the fixes that need review.")
    var unsafeFixes = false
    @Flag(help: "Show what --fix would change, and nothing else; write nothing. Exits with 1 when there is something.")
    var diff = false

    var isWanted: Bool { fix || diff }

    func validate() throws {
        if unsafeFixes, !isWanted { throw ValidationError("--unsafe-fixes goes with --fix or --diff") }
    }

    /// The changes as one diff; whether there are any.
    func show(_ outcome: FixSession.Outcome) -> Bool {
        let current = LocalFiles().currentFolder
        for change in outcome.changes {
            let name = change.path.map { PathText.shown($0, from: current) } ?? change.name
            Console.write(UnifiedDiff.text(from: change.old, to: change.new, name: name), to: STDOUT_FILENO)
        }
        tell(outcome, verb: "would fix")
        return !outcome.changes.isEmpty
    }

    /// Writes the changes, standard input's to standard output. False: a file could not be written, which was said.
    func write(_ outcome: FixSession.Outcome, standardInput: String?) -> Bool {
        var isWritten = true
        for change in outcome.changes {
            guard let path = change.path, path != standardInput else { continue }
            do throws(FileProblem) {
                try FileRewrite(path: path, name: change.name, old: change.old, new: change.new).write()
            } catch {
                Console.error(error.help.map { "\(error.message); \($0)" } ?? error.message)
                isWritten = false
            }
        }
        tell(outcome, verb: isWritten ? "fixed" : "fixed, where files could be written,")
        return isWritten
    }

    private func tell(_ outcome: FixSession.Outcome, verb: String) {
        for finding in outcome.dropped {
            Console.note(
                "\(finding.primary.span): not fixed: \(finding.headline): the fix would give the file more errors")
        }
        if outcome.isCutShort {
            Console.note("stopped after \(FixSession.maximumRounds) rounds of fixes: run it once more")
        }
        if outcome.fixedCount > 0 {
            let files = FormatCommand.count(outcome.changes.count, "file")
            Console.note("\(verb) \(FormatCommand.count(outcome.fixedCount, "finding")) in \(files)")
        }
    }
}
