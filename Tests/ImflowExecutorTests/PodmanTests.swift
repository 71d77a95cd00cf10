import ImflowExecution
import ImflowInvocation
import ImflowTestKit
import Testing

extension DockerTests {
    /// Podman's service of Docker's API.
    @Suite(
        .serialized, .engine(.podman),
        .enabled(if: StartedEngine.isExpected(.podman), "podman or runc is missing: Tools/install test"))
    struct Podman {
        private func demands() throws -> EngineDemands {
            EngineDemands(bench: try DockerBench(engine: StartedEngine.engine))
        }

        @Test(arguments: ExecutorConformance.cases)
        func containers(hold demand: ConformanceCase) async throws {
            try await demand.run(on: DockerFixture(engine: StartedEngine.engine, protocols: [.exec, .rest]))
        }

        @Test func requestsAndResultsKeepEveryByte() async throws { try await demands().requestsAndResultsKeepEveryByte() }
        @Test func endsAreTold() async throws { try await demands().endsAreTold() }
        @Test func manyRunAtOnce() async throws { try await demands().manyRunAtOnce() }
        @Test func cancellingLeavesNothing() async throws { try await demands().cancellingLeavesNothing() }
        @Test func instancesAnswer() async throws { try await demands().instancesAnswer() }
    }
}
