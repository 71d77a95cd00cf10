internal import ImflowContent
internal import ImflowExecution

extension Failure {
    /// The store failed: the machine's fault, not the model's.
    init(storing error: ContentError) { self.init(.infra, error.sentence) }
}
