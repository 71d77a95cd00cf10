import Foundation
import Glibc
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import Synchronization
import Testing

@testable import ImflowDocker

extension DockerTests {
    /// Images from a registry that asks for a name and a password.
    @Suite(
        .serialized, .engine(.registry),
        .enabled(if: StartedEngine.isExpected(.registry), "docker-registry is missing: Tools/install test"))
    final class Images {
        private static let name = "imflow-test/busybox"
        private let address: String
        private let told = Told()

        final class Told: Sendable {
            let lines = Mutex<[String]>([])
        }

        init() throws {
            address = try String(contentsOfFile: StartedEngine.folder + "/address", encoding: .utf8)
                .trimmingCharacters(in: .newlines)
        }

        private var image: String { "\(address)/\(Self.name):1" }

        /// - Parameter folder: of Docker's configuration.
        private func bench(_ policy: PullPolicy, isForeseen: Bool = false, folder: String? = nil) throws -> DockerBench {
            let folder = folder ?? StartedEngine.folder + "/docker"
            let path = StartedEngine.folder + "/bin:" + (getenv("PATH").map { String(cString: $0) } ?? "")
            return try DockerBench(
                supply: ImageSupply(
                    policy, isForeseen: isForeseen, variable: { ["DOCKER_CONFIG": folder, "PATH": path][$0] }
                ) { [told] line in
                    told.lines.withLock { $0.append(line) }
                })
        }

        private func dropImage(_ bench: DockerBench) async throws {
            try await bench.tell("DELETE", "/images/\(image)?noprune=1")
        }

        private func configuration(_ text: String) throws -> String {
            // In the suite's folder, with which it goes.
            let folder = StartedEngine.folder + "/config-\(UUID().uuidString)"
            mkdir(folder, 0o700)
            try TemporaryFolder.write(text, to: folder + "/config.json")
            return folder
        }

        @Test func missingImageIsPulledOnceForAll() async throws {
            let bench = try bench(.missing)
            let model = try bench.launch(["/bin/true"], image: image).model
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await bench.host.preflight([model]) } }
                try await group.waitForAll()
            }
            #expect(told.lines.withLock { $0.filter { $0.hasPrefix("pulling image \(image)") }.count } == 1)
            #expect(told.lines.withLock { $0.last } == "pulled image \(image)")
            let exit = try await bench.host.run(try bench.launch(["/bin/echo", "hi"], image: image), input: [])
            #expect(exit.output == Array("hi\n".utf8))
            let digest = try #require(bench.host.imageDigest(of: model))
            #expect(digest.hasPrefix("\(address)/\(Self.name)@sha256:"))
            try await dropImage(bench)
        }

        @Test func whatIsThereIsNotAskedForUnlessAlways() async throws {
            let first = try bench(.missing)
            let model = try first.launch(["/bin/true"], image: image).model
            try await first.host.preflight([model])
            told.lines.withLock { $0 = [] }
            for policy in [PullPolicy.missing, .never] { try await bench(policy).host.preflight([model]) }
            #expect(told.lines.withLock { $0.isEmpty })
            let always = try bench(.always)
            try await always.host.preflight([model])
            try await always.host.preflight([model])
            #expect(told.lines.withLock { $0.filter { $0.hasPrefix("pulled") }.count } == 1)
            try await dropImage(first)
        }

        @Test func refusalsAreToldApart() async throws {
            func refusal(_ policy: PullPolicy, _ image: String, folder: String? = nil) async throws -> Failure? {
                let bench = try bench(policy, folder: folder)
                let model = try bench.launch(["/bin/true"], image: image).model
                return await failure { try await bench.host.preflight([model]) }
            }
            let nobody = try await refusal(.missing, image, folder: configuration("{}"))
            #expect(nobody?.cause == .app)
            #expect(nobody?.message.contains("`docker login \(address)`") == true, "\(nobody as Any)")
            let wrong = Data("tester:s3cr3t-guess".utf8).base64EncodedString()
            let stranger = try await refusal(
                .missing, image, folder: configuration(#"{"auths":{"https://\#(address)/v1/":{"auth":"\#(wrong)"}}}"#))
            #expect(stranger?.message.contains("refuses it") == true, "\(stranger as Any)")
            #expect(stranger?.message.contains("s3cr3t-guess") == false)
            let damaged = try await refusal(
                .missing, image, folder: configuration(#"{"auths":{"\#(address)":{"auth":"!"}}}"#))
            #expect(damaged?.message.contains("is damaged") == true, "\(damaged as Any)")
            let absent = try await refusal(.missing, "\(address)/no/such:1")
            #expect(absent?.cause == .app)
            #expect(absent?.message.contains("has no such image") == true, "\(absent as Any)")
            let unreachable = try await refusal(.missing, "127.0.0.1:1/x:1")
            #expect(unreachable?.cause == .infra)
            #expect(unreachable?.message.contains("cannot be reached") == true, "\(unreachable as Any)")
            let never = try await refusal(.never, image)
            #expect(never?.message.contains("docker pull") == true, "\(never as Any)")
        }

        @Test func whatARunWouldPullIsForeseen() async throws {
            func foresee(_ image: String, folder: String? = nil) async throws {
                let bench = try bench(.missing, isForeseen: true, folder: folder)
                try await bench.host.preflight([try bench.launch(["/bin/true"], image: image).model])
            }
            try await foresee(image)
            #expect(told.lines.withLock { $0 } == ["image \(image) is not here: a run pulls it from registry \(address)"])
            // It is not here yet.
            let never = try bench(.never)
            let model = try never.launch(["/bin/true"], image: image).model
            #expect(await failure { try await never.host.preflight([model]) } != nil)
            let stranger = try configuration("{}")
            let nobody = await failure { try await foresee(image, folder: stranger) }
            #expect(nobody?.message.contains("refuses it") == true, "\(nobody as Any)")
            let absent = await failure { try await foresee("\(address)/no/such:1") }
            #expect(absent?.message.contains("has no such image") == true, "\(absent as Any)")
            let unreachable = await failure { try await foresee("127.0.0.1:1/x:1") }
            #expect(unreachable?.message.contains("cannot be reached") == true, "\(unreachable as Any)")
            told.lines.withLock { $0 = [] }
            try await foresee(never.engine.busybox)
            #expect(told.lines.withLock { $0.isEmpty })
        }

        @Test func credentialHelpersAreAsked() async throws {
            let folder = StartedEngine.folder + "/bin"
            mkdir(folder, 0o700)
            let helper = """
                #!/bin/sh
                read server
                [ "$1" = get ] && [ "$server" = "\(address)" ] || { echo "credentials not found in native keychain"; exit 1; }
                echo '{"ServerURL": "x", "Username": "tester", "Secret": "open-sesame"}'
                """
            try TemporaryFolder.write(helper, to: folder + "/docker-credential-imflow-test", mode: 0o755)
            let store = try bench(.missing, folder: configuration(#"{"credsStore": "imflow-test"}"#))
            try await store.host.preflight([try store.launch([], image: image).model])
            try await dropImage(store)
            let missing = try bench(.missing, folder: configuration(#"{"credHelpers": {"\#(address)": "no-such"}}"#))
            let model = try missing.launch([], image: image).model
            let refused = await failure { try await missing.host.preflight([model]) }
            #expect(refused?.message.contains("docker-credential-no-such is not in PATH") == true, "\(refused as Any)")
        }

        /// The image that a job began with is the one that it ends with.
        @Test func movingTagDoesNotChangeWhatRuns() async throws {
            let bench = try bench(.never)
            let tag = "imflow-test/moving-\(bench.job):1"
            func point(to image: String) async throws {
                try await bench.tell("POST", "/images/\(image)/tag?repo=imflow-test/moving-\(bench.job)&tag=1")
            }
            try await point(to: bench.engine.busybox)
            let launch = try bench.launch(["/bin/sh", "-c", "[ -e /usr/bin/python3 ] && echo python || echo busybox"], image: tag)
            let first = try await bench.host.run(launch, input: [])
            let digest = bench.host.imageDigest(of: launch.model)
            try await point(to: bench.engine.python)
            let second = try await bench.host.run(launch, input: [])
            try await bench.tell("DELETE", "/images/\(tag)?noprune=1")
            #expect([first.output, second.output] == [Array("busybox\n".utf8), Array("busybox\n".utf8)])
            #expect(digest?.contains("sha256:") == true)
            #expect(bench.host.imageDigest(of: launch.model) == digest)
        }
    }
}

@Suite struct ImagePartsTests {
    @Test(arguments: [
        ("busybox", "docker.io", "busybox", "latest"), ("team/x:1", "docker.io", "team/x", "1"),
        ("localhost/x", "localhost", "localhost/x", "latest"), ("r.example:5000/a/b:2", "r.example:5000", "r.example:5000/a/b", "2"),
        ("r.example:5000/a", "r.example:5000", "r.example:5000/a", "latest"),
    ])
    func referencesAreReadAsDockerDoes(name: String, registry: String, repository: String, tag: String) {
        let reference = ImageReference(name)
        #expect(reference.registry == registry)
        #expect(reference.repository == repository)
        #expect(reference.tag == tag)
    }

    @Test func digestsStandForThemselves() {
        let reference = ImageReference("r.example/a:1@sha256:abc")
        #expect(reference.digest == "sha256:abc")
        #expect(reference.repository == "r.example/a")
        #expect(reference.tag == nil)
    }

    @Test func progressIsReadHoweverItIsCut() {
        let text = """
            {"status":"Pulling","id":"1"}
            {"status":"Downloading","progressDetail":{"current":1000000,"total":4000000},"id":"a"}
            garbage
            {"errorDetail":{"message":"write /x: no space left on device"},"error":"write"}
            """
        for size in [1, 7, 1000] {
            let progress = PullProgress(image: "x", tell: { _ in })
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                progress.take(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            progress.finish()
            #expect(progress.error == "write /x: no space left on device")
        }
        let full = ImageStore.failure("x", "m", registry: "docker.io", "write /x: no space left on device")
        #expect(full.cause == .infra)
        #expect(full.message.contains("disk is full"))
    }
}
