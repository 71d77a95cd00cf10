import ImflowExecution
import Testing

/// Who runs a program and waits for its end holds a thread meanwhile: these tests have threads of their own, so that those
/// which all tests share stay free. Few, so that the programs have the processor's time that their own limits count on.
struct OnThreads: TestTrait, SuiteTrait, TestScoping {
    private static let threads = BlockingThreads(limit: 6)

    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(Self.threads) { try await function() }
    }
}

extension Trait where Self == OnThreads {
    static var onThreads: Self { OnThreads() }
}
