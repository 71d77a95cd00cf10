import ImflowExecution

/// Why an instance was not started.
struct StartFailure: Error {
    let failure: Failure
    /// The program ended before it was ready: another try may help, where the port was taken meanwhile or a file was late.
    let ended: Bool
}
