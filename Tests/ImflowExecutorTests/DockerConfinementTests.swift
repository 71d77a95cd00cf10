import Glibc
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowDocker

extension DockerTests {
    @Suite struct Confinement {
        let bench: DockerBench

        init() throws { bench = try DockerBench() }

        private func output(_ script: String) async throws -> String {
            let exit = try await bench.host.run(try bench.shell(script), input: [])
            return String(decoding: exit.output, as: UTF8.self)
        }

        @Test func programIsOurUserWithoutCapabilities() async throws {
            #expect(try await output("id -u; id -g") == "\(DockerHost.owner.user)\n\(DockerHost.owner.group)\n")
            #expect(DockerHost.owner.user != 0)
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

        /// What was staged is the model's to read, and nobody's to write.
        @Test func inputCannotBeWritten() async throws {
            let launch = try bench.shell(
                """
                cat /imflow/work/input/a
                for try in 'echo x >/imflow/work/input/a' ': >/imflow/work/input/b' 'rm /imflow/work/input/a' \
                    'mv /imflow/work/input /imflow/work/other' 'chmod 777 /imflow/work/input/a'; do
                    sh -c "$try" 2>/dev/null && echo "done: $try"
                done
                echo end
                """)
            #expect(mkdir(bench.workFile("input"), 0o755) == 0)
            try TemporaryFolder.write("staged\n", to: bench.workFile("input/a"), mode: 0o444)
            let exit = try await bench.host.run(launch, input: [])
            #expect(String(decoding: exit.output, as: UTF8.self) == "staged\nend\n")
        }

        @Test func systemCallsAreFiltered() async throws {
            #expect(try await output("grep '^Seccomp:' /proc/self/status | cut -f2") == "2\n")
            #expect(try await output("unshare -U true 2>/dev/null && echo done || echo refused") == "refused\n")
        }

        @Test(arguments: [(ByteCount(bytes: 8 << 20), 20), (nil, 80)])
        func sharedMemoryIsBounded(shm: ByteCount?, mebibytes: Int) async throws {
            let launch = try bench.launch([
                "/bin/sh", "-c", "dd if=/dev/zero of=/dev/shm/x bs=1M count=\(mebibytes) 2>/dev/null; echo $?",
            ]) { $0.resources.shm = shm }
            let exit = try await bench.host.run(launch, input: [])
            #expect(String(decoding: exit.output, as: UTF8.self) == "1\n")
        }

        @Test func processesAreBounded() async throws {
            let script = """
                import os, time
                made = 0
                try:
                    for _ in range(100):
                        if os.fork() == 0: time.sleep(1000)
                        made += 1
                except OSError: pass
                print(made < 16)
                """
            let launch = try bench.launch(["python3", "-c", script], image: bench.engine.python) { $0.resources.pids = 16 }
            let exit = try await bench.host.run(launch, input: [])
            #expect(exit == Exit(code: 0, output: Array("True\n".utf8)))
        }

        @Test func processorTimeIsBounded() async throws {
            let launch = try bench.launch([
                "/bin/sh", "-c",
                "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; cat /sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu.stat 2>/dev/null",
            ]) { $0.resources.cpu = 0.1 }
            let exit = try await bench.host.run(launch, input: [])
            let throttled = String(decoding: exit.output, as: UTF8.self).split(separator: "\n")
                .first { $0.hasPrefix("nr_throttled ") }
                .flatMap { Int($0.dropFirst("nr_throttled ".count)) }
            #expect(try #require(throttled) > 0)
        }

        @Test func whoSaysSoReachesOut() async throws {
            let launch = try bench.launch([
                "/bin/sh", "-c", "ls /sys/class/net; ip route | grep -c ^default; grep -c ^nameserver /etc/resolv.conf",
            ]) { $0.network = .outbound }
            let exit = try await bench.host.run(launch, input: [])
            #expect(String(decoding: exit.output, as: UTF8.self) == "eth0\nlo\n1\n1\n")
            #expect(try await bench.networks().count == 1)
            await bench.host.sweep(job: bench.job, keeping: [])
            #expect(try await bench.networks().isEmpty)
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
