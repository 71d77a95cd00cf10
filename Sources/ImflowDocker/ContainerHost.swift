package import ImflowExecution
package import ImflowInvocation
package import ImflowPlan

/// Where models run in containers: one engine, or several.
package protocol ContainerHost: ModelHost {
    /// Whether the models can run, before anything starts.
    /// - Throws: ``Failure``: `infra` when an engine does not answer, `app` when a model finds no engine that has what it needs.
    func preflight(_ models: [ModelPlan]) async throws(Failure)
}
