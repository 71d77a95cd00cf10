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

        /// Its stream of a log may be behind when a request has been answered; and of a container that is being removed it
        /// first says that its program was ended, then that there is no such container.
        private static let exceptions = [
            "what the instance wrote meanwhile is in the attempt's log", "a container that somebody else removes is not to blame",
        ]

        @Test(arguments: CallProtocol.allCases)
        func containers(hold callProtocol: CallProtocol) async {
            let engine = StartedEngine.engine
            await DockerFixture.expectAll(of: callProtocol, except: Self.exceptions) {
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
