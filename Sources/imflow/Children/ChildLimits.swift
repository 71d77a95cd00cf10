/// The bounds of a family: a job with all that its models submit, and what their models submit.
struct ChildLimits: Sendable {
    /// Jobs below the one that a user submitted; 0: models can submit nothing.
    var jobs = 1000
    /// Generations below it.
    var depth = 4
    /// Children of one job that are driven at once; the others wait, by priority.
    var atOnce = 64
}
