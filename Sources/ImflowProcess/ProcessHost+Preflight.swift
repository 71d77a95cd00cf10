package import ImflowExecution
import ImflowInvocation
package import ImflowPlan

extension ProcessHost {
    /// Whether the model's command can be found and its environment made, before anything starts.
    /// - Throws: ``Failure`` with cause `app` that names what is missing.
    package func preflight(_ model: ModelPlan) throws(Failure) {
        let launch = Launch(
            model: model, job: "", task: "", attempt: 0, token: "", unit: nil, workFolder: "", environment: [:],
            logPath: "")
        _ = try ProcessCommand(launch, marks: [:], port: nil, paths: CommandPaths())
    }
}
