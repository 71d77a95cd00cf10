import ImflowExecution
import ImflowInvocation

/// Programs as children of this process: when it is killed, nobody takes what they print or learns how they ended.
struct OwnSpawner: Spawner {
    private let memory = OutOfMemoryCounter()

    func run(_ order: ProgramOrder, input: borrowing RequestInput) async throws(Failure) -> Exit {
        let run = try ChildRun(order, input: input.descriptor, output: .collected, memory: memory)
        return await withTaskCancellationHandler { await run.wait() } onCancel: { run.stop() }
    }

    func start(_ order: ProgramOrder, input: Int32, output: Int32?) throws(Failure) -> any StartedProgram {
        try ChildRun(order, input: input, output: output.map { .given($0) } ?? .logged, memory: memory)
    }

    func shutdown(leaving: Bool) {}
}
