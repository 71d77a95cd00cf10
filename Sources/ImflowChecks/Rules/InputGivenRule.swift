package import ImflowDiagnostics
package import ImflowIR

/// A job that says nothing of its input gets it on the command line.
package struct InputGivenRule: Rule {
    package static let codes: [DiagnosticCode] = [.inputNotGiven]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let job = scope.job, job.input == nil, !job.job.hasUnreadableInput, !job.isSubmitted,
            job.job.span.range.upperBound > 0
        else { return }
        let wanted = scope.expansion?.stages.first { $0.jobInput && $0.inputKey != nil }?.inputKey?.value
        findings.add(
            Diagnostic(
                .inputNotGiven, "the job has no `input`", at: job.job.span.firstLine,
                help: "add one, or give it with `imflow run --input \(wanted ?? "key")=…`"))
    }
}
