import Foundation
import ImflowJSON
import Testing

/// The one Docker engine that a job has is killed in the middle.
@Suite("A killed Docker engine", .onThreads)
struct KilledEngineTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    private static let tools = URL(filePath: #filePath).deletingLastPathComponent().path + "/../../Tools"

    private func canRun() throws -> Bool {
        let environment = ProcessInfo.processInfo.environment
        let has =
            try geteuid() == 0 && place.run(["docker", "image", "inspect", "imflow-test/busybox:1"]).code == 0
            && place.run(["sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; command -v dockerd && command -v ip"]).code == 0
        let required = environment["IMFLOW_REQUIRE_DOCKER"] != nil && environment["IMFLOW_REQUIRE_SERVERS"] != nil
        #expect(has || !required, "no second Docker engine can be started: Tools/second-engine says why")
        if !has { print("skipped: no second Docker engine can be started here") }
        return has
    }

    @Test("the model is not to blame, the job goes on when the engine is back, and nothing is left there")
    func killed() throws {
        guard try canRun() else { return }
        try place.write(
            "models/slow/model.yaml",
            """
            name: slow
            image: imflow-test/busybox:1
            protocol: exec
            entrypoint: [sh, -c, 'cat >/dev/null; [ "$IMFLOW_ATTEMPT" != 1 ] || sleep 100000; echo 7']
            multi_node: {split_mode: batch, split_key: items, batch_size: 1, merge_strategy: sum}
            """)
        let engine = place.path + "/engine"
        let started = try place.run([Self.tools + "/second-engine", "start", engine, "--image", "imflow-test/busybox:1"])
        defer { _ = try? place.run([Self.tools + "/second-engine", "stop", engine]) }
        #expect(started.code == 0, "\(started.errors)")
        let run = try place.run(
            [
                "sh", "-c",
                """
                \(Workplace.binary) run --model slow --job-id torn --shard-count 2 --concurrency 2 --input 'items=[1,2]' & run=$!
                until [ "$(docker ps -q --filter label=imflow.job=torn | wc -l)" = 2 ]; do kill -0 $run || exit 99; sleep 0.05; done
                "$1" kill "$2" && "$1" revive "$2" && wait $run
                """, "sh", Self.tools + "/second-engine", engine,
            ], environment: ["DOCKER_HOST": "unix://\(engine)/docker.sock"])
        #expect(run.code == 0 && run.output.contains("14"), "\(run.errors)")
        let job = try place.imflow("job", "--id", "torn", "--details", "--output", "json").json
        let causes = (job["receipts"]?.arrayValue ?? []).compactMap { $0["cause"]?.stringValue }
        #expect(causes.filter { $0 == "infra" }.count >= 2, "\(run.errors)")
        #expect(Set(causes).isSubset(of: ["infra", "lost", "preempted"]), "\(causes)")
        let left = try place.run(["docker", "-H", "unix://\(engine)/docker.sock", "ps", "-aq"])
        #expect(left.code == 0 && left.output.isEmpty)
    }
}
