import ImflowTestKit
import Testing

@Suite struct ProcessConformanceTests {
    @Test(arguments: ExecutorConformance.cases)
    func processes(hold demand: ConformanceCase) async throws {
        #expect(try await demand.run(on: ProcessFixture()))
    }
}
