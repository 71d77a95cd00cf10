import Foundation
import ImflowJSON
import Testing

/// The one Docker engine that a job has is killed in the middle.
@Suite("A killed Docker engine", .onThreads)
struct KilledEngineTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    @Test("the model is not to blame, the job goes on when the engine is back, and nothing is left there")
    func killed() throws {
        guard try SecondEngine.canBeStarted(in: place) else { return }
        try place.write(
            "models/slow/model.yaml",
            """
            name: slow
            image: imflow-test/busybox:1
            protocol: exec
            entrypoint: [sh, -c, 'cat >/dev/null; [ "$IMFLOW_ATTEMPT" != 1 ] || sleep 100000; echo 7']
            multi_node: {split_mode: batch, split_key: items, batch_size: 1, merge_strategy: sum}
            """)
        let engine = try SecondEngine(in: place)
        let run = try Running(
            place,
            ["run", "--model", "slow", "--job-id", "torn", "--shard-count", "2", "--concurrency", "2", "--input", "items=[1,2]"],
            environment: ["DOCKER_HOST": engine.socket])
        _ = try engine.runs("imflow.job=torn", count: 2, while: run)
        try engine.kill()
        try engine.revive()
        let ended = run.end()
        #expect(ended.code == 0, "\(ended.errors)")
        let job = try place.imflow("job", "--id", "torn", "--details", "--output", "json").json
        #expect(job["output"] == 14)
        let causes = (job["receipts"]?.arrayValue ?? []).compactMap { $0["cause"]?.stringValue }
        #expect(causes.filter { $0 == "infra" }.count >= 2, "\(ended.errors)")
        #expect(Set(causes).isSubset(of: ["infra", "lost", "preempted"]), "\(causes)")
        #expect(try engine.docker(["ps", "-aq"]).isEmpty)
    }
}
