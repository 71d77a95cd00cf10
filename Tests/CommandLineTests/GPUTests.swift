import Foundation
import ImflowJSON
import Testing

/// Devices of their own for each test, since engines share them over the whole machine; their locks go with them.
private final class TestDevices: Sendable {
    let uuids = (0..<4).map { _ in "GPU-\(UUID().uuidString.lowercased())" }

    deinit {
        for uuid in uuids { unlink("/tmp/imflow-gpus-\(geteuid())/\(uuid).lock") }
    }
}

/// Jobs on a machine whose `nvidia-smi` is ours.
@Suite("GPUs", .onThreads, .timeLimit(.minutes(10)))
struct GPUTests {
    private let place: Workplace
    private let devices = TestDevices()
    private var uuids: [String] { devices.uuids }

    init() throws {
        place = try Workplace()
    }

    private func machine(_ devices: [(mebibytes: Int, capability: String)]) throws {
        let lines = devices.enumerated().map { index, device in
            "echo '\(index), \(uuids[index]), NVIDIA Test, \(device.mebibytes), \(device.capability), 550.54.14'"
        }
        try place.write("bin/nvidia-smi", "#!/bin/sh\n" + lines.joined(separator: "\n") + "\n", executable: true)
    }

    private var variables: [String: String] {
        ["PATH": place.path + "/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "")]
    }

    /// A model that says which device it has, waits at the gate, and writes down when it had it.
    private func gated(_ gpu: String, shards: Int, job: String = "gpu") throws {
        try place.model(
            "gated",
            """
            echo "begin $CUDA_VISIBLE_DEVICES" >> "$PLACE/times"
            echo "has $CUDA_VISIBLE_DEVICES $NVIDIA_VISIBLE_DEVICES" >&2
            read -r word < "$PLACE/gate"
            echo "end $CUDA_VISIBLE_DEVICES" >> "$PLACE/times"
            echo '[1]'
            """, keys: "env: {PLACE: \"\(place.path)\"}\nresources: {gpu: \(gpu)}\nmulti_node: {split_mode: batch}\n")
        if !FileManager.default.fileExists(atPath: place.path + "/gate") { try place.run(["mkfifo", "gate"]) }
        let items = (0..<shards).map(String.init).joined(separator: ",")
        try place.write("\(job).json", #"{"job_id": "\#(job)", "input": {"items": [\#(items)]}}"#)
    }

    private func openGate() throws -> FileHandle {
        // Open for both, so that what is written stays in the pipe until somebody reads it.
        let gate = try #require(FileHandle(forUpdatingAtPath: "\(place.path)/gate"))
        try gate.write(contentsOf: Data(String(repeating: "go\n", count: 100).utf8))
        return gate
    }

    /// Whether no device was begun with by two at once.
    private var isNeverShared: Bool {
        var held: Set<Substring> = []
        for line in place.read("times").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2 else { return false }
            for device in words[1].split(separator: ",") {
                if words[0] == "begin" { if !held.insert(device).inserted { return false } } else { held.remove(device) }
            }
        }
        return held.isEmpty
    }

    @Test("eight attempts on four devices: four run with one each, four wait and say why, and none is ever shared")
    func eight() throws {
        try machine([(24_576, "8.6"), (24_576, "8.6"), (24_576, "8.6"), (24_576, "8.6")])
        try gated("true", shards: 8)
        let job = try LiveProgram(
            place, "run", "gpu.json", "--model", "gated", "--concurrency", "8", "--max-children", "0", reading: .errors,
            environment: variables)
        try job.writes("job gpu")
        let logs = try LiveProgram(place, "logs", "-f", "gpu", reading: .output)
        for uuid in uuids { try logs.writes("has \(uuid) \(uuid)\n") }
        try logs.writes("waits for 1 GPU: those of this machine that fit (4) are in use")
        let why = try place.imflow("why", "gpu", environment: variables)
        #expect(why.output.contains("waits for 1 GPU: those of this machine that fit (4) are in use"), "\(why.output)")
        let gate = try openGate()
        let ended = job.end()
        try gate.close()
        #expect(ended.code == 0, "\(ended.errors)")
        _ = logs.end()
        #expect(isNeverShared, "\(place.read("times"))")
        #expect(place.read("times").split(separator: "\n").count == 16)
        let after = try place.imflow("why", "gpu", "--output", "json").json
        #expect(after["waits_for_gpus"] == [])
    }

    @Test("engines with different state folders share honestly, and the end of a killed one frees what it had")
    func engines() throws {
        try machine([(24_576, "8.6"), (24_576, "8.6"), (24_576, "8.6"), (24_576, "8.6")])
        try gated("2", shards: 2)
        let first = try LiveProgram(
            place, "run", "gpu.json", "--model", "gated", "--concurrency", "2", reading: .errors, environment: variables)
        try first.writes("job gpu")
        let logs = try LiveProgram(place, "logs", "-f", "gpu", reading: .output)
        try logs.writes("gated~00.1 | has")
        try logs.writes("gated~01.1 | has")
        try place.model("one", "echo \"\\\"$CUDA_VISIBLE_DEVICES\\\"\"", keys: "resources: {gpu: 1}\n")
        let other = variables.merging(["IMFLOW_HOME": place.path + "/other"]) { _, own in own }
        let second = try LiveProgram(place, "run", "--model", "one", "--job-id", "one", reading: .errors, environment: other)
        try second.writes("job one")
        let waiting = try LiveProgram(place, "logs", "-f", "one", reading: .output, environment: other)
        try waiting.writes("waits for 1 GPU")
        first.signal(SIGKILL)
        #expect(second.end().code == 0)
        _ = waiting.end()
        // What the killed engine left running is ended.
        let gate = try openGate()
        _ = try place.imflow("cancel", "gpu")
        try gate.close()
        _ = (first.end(), logs.end())
        #expect(place.processes(of: "gpu").isEmpty)
    }

    @Test("a warm instance keeps its device while it lives")
    func warm() throws {
        try machine([(24_576, "8.6"), (49_152, "8.9")])
        try place.write(
            "models/warm/serve.py",
            """
            import json, os, sys
            for line in sys.stdin:
                print(json.dumps({"result": [os.environ["CUDA_VISIBLE_DEVICES"]]}), flush=True)
            """)
        try place.write(
            "models/warm/model.yaml",
            "name: warm\nentrypoint: [python3, serve.py]\nprotocol: jsonl\nresources: {gpu: {memory: 40Gi}}\nmulti_node: {split_mode: batch}\n")
        try place.write("job.json", #"{"job_id": "warm", "input": {"items": [0, 1, 2]}}"#)
        let ended = try place.imflow("run", "job.json", "--model", "warm", environment: variables)
        #expect(ended.code == 0, "\(ended.errors)")
        let all = try ended.json
        #expect(all == .array(Array(repeating: .string(uuids[1]), count: 3)))
    }

    @Test(
        "what the machine cannot give is said before anything starts",
        arguments: [
            ("{count: 2, memory: 16Gi}", "asks for 2 GPUs of 16 GiB, and this machine has 1 of 24 GiB and 1 of 8 GiB"),
            ("{count: 1, compute_capability: 9.0}", "asks for 1 GPU with compute capability 9.0, and this machine has 1 of 24 GiB"),
            ("3", "asks for 3 GPUs, and this machine has 1 of 24 GiB and 1 of 8 GiB"),
        ])
    func infeasible(_ gpu: String, _ sentence: String) throws {
        try machine([(24_576, "8.6"), (8_192, "7.5")])
        try gated(gpu, shards: 1)
        let ended = try place.imflow("run", "gpu.json", "--model", "gated", environment: variables)
        #expect(ended.code == 2)
        #expect(ended.errors.contains(sentence), "\(ended.errors)")
        #expect(place.read("times").isEmpty)
    }

    @Test("the user's own CUDA_VISIBLE_DEVICES limits what is used; a driver that fails or hangs is said to")
    func limited() throws {
        try machine([(24_576, "8.6"), (24_576, "8.6"), (24_576, "6.1"), (4_096, "8.6")])
        try place.model("one", "echo \"\\\"$CUDA_VISIBLE_DEVICES\\\"\"", keys: "resources: {gpu: true}\n")
        func run(_ visible: String) throws -> Ended {
            try place.imflow("try", "one", environment: variables.merging(["CUDA_VISIBLE_DEVICES": visible]) { _, own in own })
        }
        #expect(try run("1").output == uuids[1] + "\n")
        #expect(try run(String(uuids[0].prefix(16)) + ",3").output == uuids[0] + "\n")
        let none = try run("-1")
        #expect(none.code == 2)
        #expect(none.errors.contains("CUDA_VISIBLE_DEVICES leaves 0 of 4"), "\(none.errors)")
        let small = try run("2,3")
        #expect(small.errors.contains("1 of 24 GiB (compute capability 6.1) and 1 of 4 GiB"), "\(small.errors)")
        try place.write("bin/nvidia-smi", "#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n", executable: true)
        let broken = try run("0")
        #expect(broken.code == 2)
        #expect(broken.errors.contains("nvidia-smi exited with code 9: NVIDIA-SMI has failed"), "\(broken.errors)")
    }
}
