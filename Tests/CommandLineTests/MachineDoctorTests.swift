import Foundation
import ImflowJSON
import Testing

/// What `imflow doctor` says of a machine, and of models that are to run on it.
@Suite("imflow doctor of a machine", .onThreads, .timeLimit(.minutes(10)))
struct MachineDoctorTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    private func checks(_ ended: Ended, _ area: String) throws -> [JSONValue] {
        let json = try ended.json
        #expect(json["schema"] == "imflow.doctor/v1")
        return (json["machine"]?.arrayValue ?? []).filter { $0["area"]?.stringValue == area }
    }

    private func texts(_ checks: [JSONValue]) -> [String] { checks.compactMap { $0["text"]?.stringValue } }

    @Test("the machine is looked at where there is no state folder yet, and nothing is made")
    func bare() throws {
        let ended = try place.imflow("doctor", "--output", "json")
        #expect(ended.code == 0)
        for area in ["imflow", "machine", "cgroup", "docker", "gpu", "library"] {
            #expect(try !checks(ended, area).isEmpty, "\(area)")
        }
        #expect(try ended.json["findings"] == [])
        #expect(!FileManager.default.fileExists(atPath: place.state))
        #expect(try texts(checks(ended, "machine")).contains { $0.contains(" cores, Linux ") })
    }

    @Test("an engine that is not there, one that is no engine, and one that never answers")
    func engines() throws {
        let nowhere = try place.imflow(
            "doctor", "--machine-only", "--output", "json", environment: ["DOCKER_HOST": "unix://\(place.path)/none.sock"])
        #expect(nowhere.code == 0)
        let lacking = try #require(try checks(nowhere, "docker").first)
        #expect(lacking["status"] == "lacking")
        #expect(lacking["text"]?.stringValue?.contains("\(place.path)/none.sock") == true)
        #expect(lacking["help"]?.stringValue?.isEmpty == false)
        let wrong = try place.imflow("doctor", "--machine-only", environment: ["DOCKER_HOST": "ftp://example"])
        #expect(wrong.code == 0)
        #expect(wrong.output.contains("imflow reaches engines by unix://, tcp:// and ssh://"))
        let mute = try place.run(
            [
                "python3", "-c",
                """
                import os, socket, subprocess, sys
                s = socket.socket(socket.AF_UNIX)
                s.bind("mute.sock")
                s.listen(5)
                sys.exit(subprocess.run([sys.argv[1], "doctor", "--machine-only"]).returncode)
                """, Workplace.binary,
            ], environment: ["DOCKER_HOST": "unix://\(place.path)/mute.sock"])
        #expect(mute.code == 0)
        #expect(mute.output.contains("mute.sock did not answer within 10 s"), "\(mute.output)\(mute.errors)")
    }

    @Test("GPUs: what each has, what it lacks, and what the user's own variable leaves")
    func gpus() throws {
        try place.write(
            "bin/nvidia-smi",
            """
            #!/bin/sh
            echo '0, GPU-aaaa, NVIDIA A10, 23028, 8.6, 550.54'
            echo '1, GPU-bbbb, GeForce GTX 1060, 6144, 6.1, 550.54'
            echo 'garbage'
            """, executable: true)
        let path = place.path + "/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        let ended = try place.imflow(
            "doctor", "--machine-only", "--output", "json", environment: ["PATH": path, "CUDA_VISIBLE_DEVICES": "0"])
        let found = try checks(ended, "gpu")
        #expect(found.first?["status"] == "fine")
        #expect(texts(found).first == "0: NVIDIA A10, 22.5 GiB, compute capability 8.6, driver 550.54")
        #expect(found.dropFirst().first?["status"] == "lacking")
        #expect(found.dropFirst().first?["help"]?.stringValue?.contains("compute capability 7.0 and 8 GB of memory") == true)
        #expect(texts(found).contains("CUDA_VISIBLE_DEVICES leaves 1 of 2"))
    }

    @Test("models: one that runs, and others with each thing that is in their way; then the code is 1")
    func models() throws {
        try place.model("word", "touch \"$PLACE/started\"\necho 1", keys: "env: {PLACE: \"\(place.path)\"}\n")
        try place.model("huge", "echo 1", keys: "resources: {cpu: 4000, gpu: 1}\n")
        try place.write("models/lost/model.yaml", "name: lost\nentrypoint: [no-such-program]\n")
        try place.write("models/boxed/model.yaml", "name: boxed\nimage: imflow-test/none-of-this-name:1\n")
        let well = try place.imflow("doctor", "word", "models/word", "--machine-only", "--output", "json")
        #expect(well.code == 0, "\(well.output)")
        #expect(try well.json["models"]?.arrayValue?.allSatisfy { $0["runs"] == true && $0["executor"] == "process" } == true)
        #expect(!FileManager.default.fileExists(atPath: place.path + "/started"))
        let ended = try place.imflow(
            "doctor", "huge", "lost", "boxed", "nobody", "--machine-only", environment: ["PATH": "/usr/bin:/bin"])
        #expect(ended.code == 1)
        for sentence in [
            "huge cannot run here", "asks for 4000.0 cores", "asks for 1 GPU, and this machine has none",
            "the program no-such-program was not found in PATH", "boxed cannot run here", "no model is named `nobody`",
        ] { #expect(ended.output.contains(sentence), "\(sentence) is not in:\n\(ended.output)") }
    }

    @Test("options that contradict each other are refused")
    func contradictions() throws {
        for arguments in [["--machine-only", "--state-only"], ["--machine-only", "--repair"], ["word", "--repair"]] {
            #expect(try place.run([Workplace.binary, "doctor"] + arguments).code == 2)
        }
        #expect(try place.imflow("doctor", "--state-only").code == 2)
    }
}
