import Glibc
import ImflowExecution
import ImflowInvocation
import ImflowPlan
import ImflowTestKit
import Testing

extension OtherEngineTests {
    /// Podman's service of Docker's API.
    @Suite(
        .serialized, .engine(.podman),
        .enabled(if: StartedEngine.isExpected(.podman), "podman or runc is missing: Tools/install test"))
    struct Podman {
        private func demands() throws -> EngineDemands {
            EngineDemands(bench: try DockerBench(engine: StartedEngine.engine))
        }

        @Test(arguments: CallProtocol.allCases)
        func containers(hold callProtocol: CallProtocol) async {
            let engine = StartedEngine.engine
            await DockerFixture.expectAll(of: callProtocol) {
                try DockerFixture(engine: engine, tellsShortages: access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0)
            }
        }

        @Test func requestsAndResultsKeepEveryByte() async throws { try await demands().requestsAndResultsKeepEveryByte() }
        @Test func endsAreTold() async throws { try await demands().endsAreTold() }
        @Test func manyRunAtOnce() async throws { try await demands().manyRunAtOnce() }
        @Test func cancellingLeavesNothing() async throws { try await demands().cancellingLeavesNothing() }
        @Test func instancesAnswer() async throws { try await demands().instancesAnswer() }
    }
}
