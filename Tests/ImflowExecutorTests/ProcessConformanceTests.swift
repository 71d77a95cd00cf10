import ImflowTestKit
import Testing

/// One after the other: many of the programs keep a core busy.
@Suite(.serialized) struct ProcessConformanceTests {
    @Test(arguments: ExecutorConformance.cases)
    func processes(hold demand: ConformanceCase) async throws {
        #expect(try await demand.run(on: ProcessFixture(.host)))
    }

    @Test(arguments: ExecutorConformance.cases)
    func keptProcesses(hold demand: ConformanceCase) async throws {
        #expect(try await demand.run(on: ProcessFixture(.keeper)))
    }
}
