import FoundationEssentials
import Glibc
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import ImflowTestKit
import Testing

@testable import ImflowDocker

extension DockerTests {
    /// Work folders on an engine that is treated as one that does not see our disk.
    @Suite struct Archive {
        /// What has to do with files. There a model has a copy of its own of its input, which it cannot spoil.
        private static let cases = ExecutorConformance.cases.filter { demand in
            ["files in the result are stored", "files go in and out", "leads nowhere", "IMFLOW_OUTPUT may not be", "a file in "]
                .contains { demand.name.contains($0) }
        }

        /// Which reply belongs to which request.
        private static let lines = ExecutorConformance.cases.filter { demand in
            ["jsonl: one program", "jsonl: one line too many", "jsonl: a line before", "jsonl: a program that ended"]
                .contains { demand.name.hasPrefix($0) }
        }

        private let bench: DockerBench

        init() throws { bench = try DockerBench(files: .archive) }

        @Test(arguments: cases) func filesGoByArchive(demand: ConformanceCase) async throws {
            try await demand.run(on: DockerFixture(files: .archive))
        }

        @Test(arguments: lines) func linesGoOverTheEngine(demand: ConformanceCase) async throws {
            try await demand.run(on: DockerFixture(files: .archive))
        }

        private func launch(_ script: String, bringing names: [String], token: String = "t0", recovered: Bool = false)
            throws -> Launch
        {
            var launch = try bench.shell(script, token: token, recovered: recovered)
            launch.wanted = WantedFiles(result: "output.json") { _ in names }
            return launch
        }

        private func volumes() async throws -> [JSONValue] {
            try await bench.ask("/volumes?filters=%7B%22label%22%3A%5B%22imflow.job%3D\(bench.job)%22%5D%7D")["Volumes"]?
                .arrayValue ?? []
        }

        private func expectNothingIsLeft() async throws {
            await bench.host.settle()
            #expect(try await bench.containers().isEmpty)
            #expect(try await volumes().isEmpty)
        }

        @Test func foldersFilesAndPermissionsArriveAndOnlyWhatIsWantedComesBack() async throws {
            let script = """
                cd /imflow/work && [ -z "$(ls -A input/empty)" ] && [ "$(stat -c %a%u input/x.bin)" = 4440 ] || exit 9
                ! echo spoiled >input/x.bin && ! rm -f input/x.bin && ! touch input/new || exit 8
                mkdir -p out/deep && sha256sum <input/x.bin | cut -c1-64 >out/deep/sum && head -c 99 input/x.bin >unwanted
                ln -s out/deep/sum inner && ln -s inner chain && id -u >"who is it"
                """
            let launch = try launch(script, bringing: ["out/deep/sum", "./chain", "who is it", "nowhere", "out", "../x"])
            let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            try FileManager.default.createDirectory(
                atPath: bench.workFile("input/empty"), withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(filePath: bench.workFile("input/x.bin")))
            #expect(chmod(bench.workFile("input/x.bin"), 0o400) == 0)
            #expect(try await bench.host.run(launch, input: []) == Exit(code: 0))
            let sum = try bench.contents(of: bench.workFile("out/deep/sum"))
            #expect(sum.count == 65)
            #expect(try bench.contents(of: bench.workFile("chain")) == sum)
            #expect(try bench.contents(of: bench.workFile("who is it")) == "\(DockerHost.owner.user)\n")
            let names = try FileManager.default.contentsOfDirectory(atPath: launch.workFolder).sorted()
            #expect(names == ["chain", "input", "out", "who is it"])
            try await expectNothingIsLeft()
        }

        @Test(arguments: ["ln -s /etc/passwd x", "ln -s ../../etc/passwd x", "ln -s x x"])
        func linksThatLeadOutOrNowhereAreRefused(make: String) async throws {
            let launch = try launch("cd /imflow/work && \(make)", bringing: ["x"])
            let failure = await failure { _ = try await bench.host.run(launch, input: []) }
            #expect(failure?.cause == .app && failure?.message.contains("link") == true)
            #expect(access(bench.workFile("x"), F_OK) != 0)
            try await expectNothingIsLeft()
        }

        @Test func moreThanTheModelMayBringIsRefused() async throws {
            var launch = try launch("head -c 3000000 /dev/zero >/imflow/work/x", bringing: ["x"])
            launch.model.resources.disk = ByteCount(bytes: 2_000_000)
            let failure = await failure { _ = try await bench.host.run(launch, input: []) }
            #expect(failure?.cause == .app && failure?.message.contains("resources.disk") == true)
            #expect(access(bench.workFile("x"), F_OK) != 0)
            let many = WantedFiles(result: "output.json") { _ in (0...10_000).map(String.init) }
            launch.wanted = many
            let tooMany = await ImflowExecutorTests.failure { _ = try await bench.host.run(launch, input: []) }
            #expect(tooMany?.message.contains("10001 files") == true)
            try await expectNothingIsLeft()
        }

        @Test func inputThatIsNeitherFileNorFolderIsNamed() async throws {
            let launch = try launch("true", bringing: [])
            #expect(mkfifo(bench.workFile("pipe"), 0o600) == 0)
            let failure = await failure { _ = try await bench.host.run(launch, input: []) }
            #expect(failure?.message.contains("pipe is neither a file nor a folder") == true)
            try await expectNothingIsLeft()
        }

        @Test func anAdoptedContainerHasItsFilesAndGivesThem() async throws {
            let script = "cp /imflow/work/input/x /imflow/work/y; while [ ! -e /imflow/work/go ]; do usleep 20000; done"
            let launch = try launch(script, bringing: ["y"])
            try FileManager.default.createDirectory(atPath: bench.workFile("input"), withIntermediateDirectories: true)
            try Data("text".utf8).write(to: URL(filePath: bench.workFile("input/x")))
            let placed = try await bench.host.place(launch, input: .beforeStart, network: nil)
            try await bench.host.fill(placed, for: launch)
            try await bench.host.containers.start(placed.id, model: "probe")
            // Half a file of an engine that was killed while it brought it.
            try Data("te".utf8).write(to: URL(filePath: bench.workFile("y.part")))

            let later = try DockerBench(folder: bench.folder, job: bench.job, files: .archive)
            let again = try self.launch(script, bringing: ["y"], recovered: true)
            let run = Task { try await later.host.run(again, input: []) }
            let volume = WorkVolume(engine: bench.host.containers.engine, container: placed.id, model: launch.model)
            try await volume.drop("/imflow/work/go")
            #expect(try await run.value.code == 0)
            #expect(try bench.contents(of: bench.workFile("y")) == "text")
            await later.host.settle()
            try await expectNothingIsLeft()
        }

        @Test func whatAnInstanceWasHandedIsRemovedBehindTheUnit() async throws {
            var launch = try bench.launch(
                ["python3", "-c", Instance.server], image: bench.engine.python, task: "warm", unit: nil, token: "w1")
            launch.model.callProtocol = .rest
            let instance = try await bench.host.start(launch)
            let base = try #require(instance.baseURL)
            try await bench.untilAnswers(base + "/health")
            let unit = launch.workFolder + "/unit"
            try FileManager.default.createDirectory(atPath: unit + "/input", withIntermediateDirectories: true)
            try Data("text".utf8).write(to: URL(filePath: unit + "/input/x"))
            try await instance.hand(unit, as: "/imflow/work/unit")
            try await instance.bring({ ["unit/input/x", "other/x"] }, from: "/imflow/work", into: bench.folder)
            #expect(try bench.contents(of: bench.folder + "/unit/input/x") == "text")
            await instance.drop("/imflow/work/unit")
            #expect(try await bench.get(base + "/")["marks"] == ["unit"])
            try await instance.bring({ ["unit/input/x"] }, from: "/imflow/work", into: bench.folder + "/unit")
            #expect(access(bench.folder + "/unit/unit/input/x", F_OK) != 0)
            await instance.stop()
            await bench.host.sweep(job: bench.job, keeping: [])
            try await expectNothingIsLeft()
        }

        @Test func aVolumeThatWasLeftAloneIsSwept() async throws {
            let labels = bench.host.identity.labels(job: bench.job)
            let made = try await bench.host.containers.engine.call(
                "POST", "/volumes/create", body: .object(["Labels": ContainerSpec.object(labels)]), purpose: "testing")
            #expect(made.status == 201)
            #expect(try await volumes().count == 1)
            await bench.host.sweep(job: bench.job, keeping: [])
            try await expectNothingIsLeft()
        }

        @Test(arguments: [
            ("a/b", "a/b"), ("./a//b/", "a/b"), ("a/../b", "b"), ("..", nil), ("a/../../b", nil), (".", nil), ("", nil),
            ("a\0b", nil),
        ])
        func pathsStayBelowTheFolder(path: String, normal: String?) { #expect(WorkVolume.normal(path) == normal) }
    }
}
