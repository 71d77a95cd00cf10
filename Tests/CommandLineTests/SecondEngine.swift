import Foundation
import Glibc
import ImflowJSON
import Testing

/// A second Docker engine of this machine, started by `Tools/second-engine`. Gone with this value.
final class SecondEngine: Sendable {
    private static let script =
        URL(filePath: #filePath).deletingLastPathComponent().path + "/../../Tools/second-engine"

    private let place: Workplace
    let folder: String
    /// What `DOCKER_HOST` is for whoever reaches it over TCP, with ``certificates``.
    let url: String

    /// Whether one can be started here; where there must be one, and it cannot, the test fails.
    /// - Parameters:
    ///   - tools: what it takes beside a second engine's own.
    ///   - image: one that the first engine must have.
    static func canBeStarted(
        in place: Workplace, with tools: [String] = [], image: String = "imflow-test/busybox:1"
    ) throws -> Bool {
        let environment = ProcessInfo.processInfo.environment
        let all = (["dockerd", "ip"] + tools).map { "command -v \($0)" }.joined(separator: " && ")
        let has =
            try geteuid() == 0 && place.run(["docker", "image", "inspect", image]).code == 0
            && place.run(["sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; \(all)"]).code == 0
        let required = environment["IMFLOW_REQUIRE_DOCKER"] != nil && environment["IMFLOW_REQUIRE_SERVERS"] != nil
        #expect(has || !required, "no second Docker engine can be started: Tools/install test, Tools/second-engine")
        if !has { print("skipped: no second Docker engine can be started here") }
        return has
    }

    /// - Parameter options: of the script, as `--namespace`.
    init(in place: Workplace, images: [String] = ["imflow-test/busybox:1"], options: [String] = []) throws {
        self.place = place
        folder = place.path + "/engine"
        let started = try place.run([Self.script, "start", folder] + options + images.flatMap { ["--image", $0] })
        try #require(started.code == 0, "\(started.errors)")
        url = started.output.split(separator: "\n").first { $0.hasPrefix("DOCKER_HOST=") }.map { String($0.dropFirst(12)) } ?? ""
    }

    deinit { _ = try? place.run([Self.script, "stop", folder]) }

    /// Its own socket.
    var socket: String { "unix://\(folder)/docker.sock" }
    var certificates: String { folder + "/certs" }

    /// `dockerd` alone is killed (`kill -9`).
    func kill() throws { try demand("kill") }
    func revive() throws { try demand("revive") }

    private func demand(_ verb: String) throws {
        let ended = try place.run([Self.script, verb, folder])
        try #require(ended.code == 0, "\(verb): \(ended.errors)")
    }

    /// What this machine's docker command says of it.
    func docker(_ arguments: [String]) throws -> String {
        let ended = try place.run(["docker", "-H", socket] + arguments)
        #expect(ended.code == 0, "\(ended.errors)")
        return ended.output.trimmingCharacters(in: .newlines)
    }

    /// The containers of the job, or of the task, that run there: returns when there are so many.
    func runs(_ label: String, count: Int = 1, while engine: Running) throws -> [String] {
        while true {
            let found = try docker(["ps", "-q", "--filter", "label=\(label)"]).split(separator: "\n").map(String.init)
            if found.count >= count { return found }
            try #require(Glibc.kill(engine.pid, 0) == 0, "it ended before: \(engine.end().errors)")
        }
    }

    /// Containers, volumes and networks of imflow that are still there.
    func remains() throws -> String {
        try docker(["ps", "-aq"]) + docker(["volume", "ls", "-q"]) + docker(["network", "ls", "-q", "--filter", "name=imflow"])
    }
}

extension Workplace {
    /// The model `counter`, whose units get a file each and make one. The first attempt of the second shard waits for the file
    /// `go` in its work folder where the variable WAIT is `yes`.
    func writeCounter() throws {
        try write(
            "models/counter/model.yaml",
            """
            name: counter
            image: imflow-test/busybox:1
            protocol: exec
            entrypoint:
              - sh
              - -c
              - |
                cat >"$IMFLOW_WORKDIR/request"
                if [ "$WAIT" = yes ] && [ "$IMFLOW_SHARD_INDEX$IMFLOW_ATTEMPT" = 11 ]; then
                    while [ ! -e "$IMFLOW_WORKDIR/go" ]; do usleep 20000; done
                fi
                cat "$IMFLOW_WORKDIR"/input/* | wc -c >"$IMFLOW_WORKDIR/size.txt"
                printf '{"size": "file://%s/size.txt"}' "$IMFLOW_WORKDIR" >"$IMFLOW_OUTPUT"
            env: {WAIT: "${WAIT}"}
            multi_node: {split_mode: batch, split_key: files_url, batch_size: 1, merge_strategy: concat-json}
            """)
        for number in 0..<6 { try write("file-\(number)", String(repeating: "x", count: number * 1000)) }
    }

    /// Six files for ``writeCounter()``, as `--input` takes them.
    var counted: String {
        let urls = (0..<6).map { JSONValue.string("file://\(path)/file-\($0)") }
        return "files_url=" + JSONValue.array(urls).text
    }

    /// The hash of what a job makes of ``counted`` when nothing happens.
    func undisturbedHash(shards: Int) throws -> JSONValue? {
        let calm = try imflow(
            "run", "--model", "counter", "--job-id", "calm", "--shard-count", "\(shards)", "--input", counted,
            environment: ["WAIT": "no"])
        #expect(calm.code == 0, "\(calm.errors)")
        return try imflow("job", "--id", "calm", "--output", "json").json["output_hash"]
    }
}
