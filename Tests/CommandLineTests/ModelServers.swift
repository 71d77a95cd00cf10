import Foundation
import Glibc
import ImflowJSON
import Testing

/// Servers of models from PyPI, where `Tools/test-servers` put them.
enum ModelServers {
    private static let folder: String = {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/root") + "/.cache"
        return environment["IMFLOW_TEST_SERVERS"] ?? cache + "/imflow-test-servers"
    }()

    /// Where tests must not be skipped they are taken to be there.
    static func areThere(_ names: String...) -> Bool {
        ProcessInfo.processInfo.environment["IMFLOW_REQUIRE_SERVERS"] == "1"
            || names.allSatisfy { FileManager.default.fileExists(atPath: folder + "/" + $0) }
    }

    static let missing = "its servers are not here: run Tools/test-servers"

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Copies a documented example to the workplace, and lays the installed server where its README installs it.
    static func copy(_ example: String, to place: Workplace, model: String, server: String) throws {
        let source = root.appending(path: "Manifests/examples/\(example)")
        for item in try FileManager.default.contentsOfDirectory(atPath: source.path) {
            try FileManager.default.copyItem(atPath: source.appending(path: item).path, toPath: "\(place.path)/\(item)")
        }
        try install(server, in: place, for: model)
    }

    static func install(_ server: String, in place: Workplace, for model: String) throws {
        let link = "\(place.path)/models/\(model)/.venv"
        // A checkout in which somebody followed the README has one.
        try? FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder + "/" + server)
    }
}

extension Workplace {
    /// Writes `own.job.json`: the stages `s0`, `s1`, … are one call of the model each, one after the other so that one server
    /// makes them all, and go on when one fails.
    func calls(_ model: String, _ inputs: [JSONValue], keys: [Int: JSONObject] = [:]) throws {
        let stages: [JSONValue] = inputs.enumerated().map { index, input in
            var stage: JSONObject = [
                "model": .string(model), "name": .string("s\(index)"), "input": input, "on_failure": "continue",
                "output_key": .string("s\(index)"), "needs": [], "multi_node": ["enabled": false],
            ]
            stage.merge(keys[index] ?? [:]) { _, own in own }
            return .object(stage)
        }
        try write("own.job.json", JSONValue.object(["job_graph": ["stages": .array(stages)], "input": [:]]).text)
    }

    /// Runs `job.json` as the job `killed` until a model's log says this, and kills imflow (`kill -9`).
    /// - Returns: the processes that it left.
    func runAndKill(_ arguments: String..., when words: String) throws -> [String] {
        let run = try LiveProgram(self, ["run", "job.json", "--job-id", "killed"] + arguments, reading: .errors)
        try run.writes("job killed")
        try LiveProgram(self, "logs", "-f", "killed", reading: .output).writes(words)
        run.signal(SIGKILL)
        #expect(run.end().code == 128 + SIGKILL)
        let left = processes(of: "killed")
        #expect(!left.isEmpty)
        return left
    }

    /// Nothing in the state folder but what is kept of jobs: no work folder of any.
    var workFolders: [String] {
        let jobs = (try? FileManager.default.contentsOfDirectory(atPath: state + "/work")) ?? []
        return jobs.filter { !((try? FileManager.default.contentsOfDirectory(atPath: "\(state)/work/\($0)")) ?? []).isEmpty }
    }
}
