import ArgumentParser
import Glibc
import ImflowCompiler
import ImflowDiagnostics

extension CheckCommand {
    /// Applies the fixes of what is found, and tells what remains; with `--diff` only shows them.
    func mend(_ paths: [String], _ reader: any FileReader) throws {
        let baseline = try self.baseline.map { try BaselineFile(path: $0).read() }
        let session = FixSession(
            reader, options: search.compileOptions, includesReview: fixes.unsafeFixes,
            select: { baseline?.new(in: $0.diagnostics, context($0)) ?? $0.diagnostics }, loop: dispatchLoop)
        let outcome = session.run(paths)
        if fixes.diff {
            let isChanged = fixes.show(outcome)
            if outcome.report.isUnreadable { throw ExitCode(ExitStatus.usage.rawValue) }
            throw ExitCode(isChanged ? ExitStatus.failed.rawValue : ExitStatus.fine.rawValue)
        }
        let standardInput = input.identity(reader)
        let isWritten = fixes.write(outcome, standardInput: standardInput)
        let isPiped = standardInput != nil || paths.contains("-")
        if isPiped {
            // The text comes out also when nothing was to fix, for those who put it in the place of the old one.
            let change = outcome.changes.first { $0.path == nil || $0.path == standardInput }
            let read = standardInput.map { try? reader.read($0) } ?? outcome.standardInput
            Console.write(change?.new ?? read ?? [], to: STDOUT_FILENO)
        }
        do {
            try tell(outcome.report, to: isPiped ? STDERR_FILENO : STDOUT_FILENO)
        } catch where !isWritten {
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        if !isWritten { throw ExitCode(ExitStatus.usage.rawValue) }
    }
}
