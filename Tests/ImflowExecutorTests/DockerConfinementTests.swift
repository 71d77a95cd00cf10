import Glibc
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import Testing

extension DockerTests {
    @Suite struct Confinement {
        let bench: DockerBench

        init() throws { bench = try DockerBench() }

        private func output(_ script: String) async throws -> String {
            let exit = try await bench.host.run(try bench.shell(script), input: [])
            return String(decoding: exit.output, as: UTF8.self)
        }

        @Test func programIsOurUserWithoutCapabilities() async throws {
            #expect(try await output("id -u; id -g") == "\(geteuid())\n\(getegid())\n")
            let status = try await output("grep -E '^(CapInh|CapPrm|CapEff|CapBnd|NoNewPrivs)' /proc/self/status")
            let values = status.split(separator: "\n").map {
                $0.split(whereSeparator: \.isWhitespace).last.map(String.init)
            }
            #expect(values == Array(repeating: "0000000000000000", count: 4) + ["1"])
            #expect(try await output("chown 1:1 /tmp && echo done || echo refused") == "refused\n")
            #expect(
                try await output("mkdir /tmp/m; mount -t tmpfs none /tmp/m && echo done || echo refused") == "refused\n"
            )
        }

        @Test func onlyTheWorkFolderAndTmpCanBeWritten() async throws {
            let script = """
                for f in / /bin /etc /usr /dev/shm /imflow /tmp /imflow/work; do
                    ( : > $f/probe ) 2>/dev/null && echo $f
                done
                """
            #expect(try await output(script) == "/dev/shm\n/tmp\n/imflow/work\n")
            #expect(access(bench.workFile("probe"), F_OK) == 0)
        }

        @Test func thereIsNoNetwork() async throws {
            #expect(try await output("ls /sys/class/net") == "lo\n")
            #expect(try await output("nc -w 2 1.1.1.1 80 </dev/null && echo out || echo refused") == "refused\n")
        }

        @Test func limitsAreTheModels() async throws {
            let launch = try bench.launch(["/bin/sleep", "1000"]) {
                $0.resources = Resources(
                    cpu: 0.5, memory: ByteCount(bytes: 64 << 20), disk: ByteCount(bytes: 32 << 20))
            }
            let run = Task { try await bench.host.run(launch, input: []) }
            try await bench.until("a running container") {
                try await bench.containers().first?["State"]?.stringValue == "running"
            }
            let id = try #require(try await bench.containers().first?["Id"]?.stringValue)
            let config = try await bench.ask("/containers/\(id)/json")["HostConfig"]
            run.cancel()
            _ = await run.result
            #expect(config?["NanoCpus"]?.intValue == 500_000_000)
            #expect(config?["Memory"]?.intValue == 64 << 20)
            #expect(config?["MemorySwap"]?.intValue == 64 << 20)
            #expect(config?["PidsLimit"]?.intValue == 4096)
            #expect(config?["Tmpfs"]?["/tmp"]?.stringValue?.contains("size=\(32 << 20)") == true)
        }

        @Test func tmpIsBounded() async throws {
            let launch = try bench.launch([
                "/bin/sh", "-c", "dd if=/dev/zero of=/tmp/x bs=1M count=20 2>/dev/null; echo $?",
            ]) {
                $0.resources.disk = ByteCount(bytes: 8 << 20)
            }
            let exit = try await bench.host.run(launch, input: [])
            #expect(String(decoding: exit.output, as: UTF8.self) == "1\n")
        }

        @Test func programThatTakesTooMuchMemoryIsOutOfMemory() async throws {
            let launch = try bench.launch(
                ["python3", "-c", "x = bytearray(300 << 20); print(len(x))"], image: DockerBench.python
            ) {
                $0.resources.memory = ByteCount(bytes: 64 << 20)
            }
            let exit = try await bench.host.run(launch, input: [])
            #expect(exit.outOfMemory)
            #expect(exit.signal == 9)
            #expect(exit.output.isEmpty)
        }

        @Test func programThatOutlivesItsGreedyChildIsJudgedByItsOwnEnd() async throws {
            let greedy = "python3 -c 'x = bytearray(300 << 20)'"
            for (script, isOutOfMemory) in [("\(greedy); exit 0", false), ("\(greedy) || exit 5", true)] {
                let launch = try bench.launch(["/bin/sh", "-c", script], image: DockerBench.python) {
                    $0.resources.memory = ByteCount(bytes: 64 << 20)
                }
                let exit = try await bench.host.run(launch, input: [])
                #expect(exit.code == (isOutOfMemory ? 5 : 0))
                #expect(exit.outOfMemory == isOutOfMemory)
            }
        }

        @Test func killWithoutMemoryShortageIsNoOutOfMemory() async throws {
            let exit = try await bench.host.run(try bench.shell("kill -9 $$"), input: [])
            #expect(!exit.outOfMemory)
        }
    }
}
