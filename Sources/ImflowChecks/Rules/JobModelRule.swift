package import ImflowDiagnostics
package import ImflowIR

/// A job names what it runs, in one way.
package struct JobModelRule: Rule {
    package static let codes: [DiagnosticCode] = [.noModel, .modelAndGraph]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let job = scope.job else { return }
        if let graph = job.job.stages, let model = job.model?.span ?? job.job.model?.span {
            findings.add(
                Diagnostic(
                    .modelAndGraph, "the job has both a model and a `job_graph`", at: model,
                    secondary: [Label(graph.keySpan, "the graph")], help: "remove one of them"))
        }
        // A graph or model that could not be read was reported where it stands.
        guard job.graph == nil, job.model == nil, job.job.model == nil, !job.job.hasUnreadableModel else { return }
        var finding = Diagnostic(
            .noModel, "the job names neither a `model` nor a `job_graph`", at: job.job.span.firstLine,
            help: "add one, or give `--model ID`")
        if !job.isPlanned { finding.severity = .note }
        findings.add(finding)
    }
}
