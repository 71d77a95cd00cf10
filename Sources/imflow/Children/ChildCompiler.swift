import ImflowCompiler
import ImflowDiagnostics
import ImflowJSON
import ImflowJobAPI
import ImflowPlan

/// Compiles what models submit: as `imflow run` would have where their own job was submitted, with the models of their
/// plan in reach, too.
struct ChildCompiler: Sendable {
    /// What the body is called in findings.
    private static let fileName = "submitted.job.json"

    /// Nil: the job was submitted by an imflow that did not keep them.
    let places: ModelPlaces?
    /// Of the models of the submitter's plan.
    let modelFolders: [String]

    /// - Throws: 422 with the compiler's findings as `diagnostics`, an `imflow.diagnostics/v1`.
    func compile(_ body: ChildBody) throws(APIResponse) -> (plan: Plan, jobID: String?) {
        let folder = places?.folder ?? "/"
        var files = OverlaidFiles(LocalFiles(currentFolder: folder))
        files[PathText.join(folder, Self.fileName)] = body.bytes
        var options = CompileOptions()
        options.models = places?.given ?? []
        options.environmentModels = (places?.environment ?? []) + modelFolders
        options.isSubmitted = true
        let compilation = Compiler(files).compileJob(Self.fileName, options: options)
        guard let plan = compilation.plan else {
            let error = compilation.diagnostics.first { $0.severity == .error }
            let place = error.map { " (\($0.primary.span.source.name):\($0.primary.span.start.line))" } ?? ""
            let report = DiagnosticRenderer(.json).render(compilation.diagnostics)
            throw .problem(
                422, (error?.headline ?? "the job cannot be planned") + place,
                details: ["diagnostics": (try? JSONValue.parse(report)) ?? .null])
        }
        try ChildBody.check(plan)
        return (plan, compilation.jobID)
    }
}
