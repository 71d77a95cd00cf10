import ImflowExecution
import ImflowInvocation

/// Whose children the models' programs are: this process's, or those of a keeper that outlives it.
protocol Spawner: Sendable {
    /// Runs the program to its end, blocking the thread meanwhile. When the calling task is cancelled, it is ended first.
    func run(_ order: ProgramOrder, input: borrowing RequestInput) async throws(Failure) -> Exit

    /// Starts a program that stays; does not return before it runs. The descriptors stay the caller's.
    /// - Parameter output: nil: what it prints is part of its log.
    func start(_ order: ProgramOrder, input: Int32, output: Int32?) throws(Failure) -> any StartedProgram

    /// To be called when nothing runs any more but what was left. Returns when nothing is left that was needed for the rest.
    /// - Parameter leaving: something was left.
    func shutdown(leaving: Bool)
}

/// A program that stays, as who started it holds it.
protocol StartedProgram: Sendable {
    /// Waits, blocking the thread, until nothing of its group is left. To be called once.
    func wait() async -> Exit
    /// Asks it to end, and kills it when it does not. Does not wait.
    func stop()
    /// Whether it is there when its engine is not.
    var outlivesEngine: Bool { get }
    /// Lets go of it: it goes on without an engine, at most for so long, in milliseconds. False: it cannot.
    func leave(for time: UInt32) -> Bool
}
