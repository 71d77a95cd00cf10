import Foundation
import ImflowJSON
import Testing

/// A job over this machine's Docker engine and one on a host of its own, which is killed in the middle.
@Suite("Several Docker engines", .onThreads)
struct SeveralEnginesTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    @Test("an engine that is killed in the middle loses its attempts, and the result is what it would have been")
    func killed() throws {
        guard try SecondEngine.canBeStarted(in: place) else { return }
        try place.writeCounter()
        let calm = try place.undisturbedHash(shards: 3)
        let far = try SecondEngine(in: place, options: ["--namespace"])
        let run = try Running(
            place,
            [
                "run", "--model", "counter", "--job-id", "torn", "--shard-count", "3", "--concurrency", "2", "--input", place.counted,
                "--docker-host", "unix:///var/run/docker.sock,slots=1",
                "--docker-host", "\(far.url),slots=4,certs=\(far.certificates)",
            ], environment: ["WAIT": "yes"])
        _ = try far.runs("imflow.task=counter~01", while: run)
        try far.kill()
        let ended = run.end()
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(ended.errors.contains("does not answer any more"))
        let job = try place.imflow("job", "--id", "torn", "--details", "--output", "json").json
        #expect(job["output_hash"] == calm && calm != nil)
        let receipts = job["receipts"]?.arrayValue ?? []
        let lost = receipts.filter { $0["cause"] == "lost" }
        #expect(lost.contains { $0["shard_index"] == 1 && $0["engine"]?.stringValue == far.url })
        let last = receipts.last { $0["shard_index"] == 1 && $0["status"] == "succeeded" }
        #expect(last?["engine"] == "unix:///var/run/docker.sock")
        // What the killed engine still has goes with the next gc that reaches it.
        #expect(ended.errors.contains("is removed by the next"))
        try far.revive()
        let collected = try place.imflow("gc")
        #expect(collected.code == 0 && collected.errors.contains("removed the containers of job torn"))
        #expect(try far.remains().isEmpty)
    }

    @Test("an engine that cannot be used is named, and nothing starts")
    func refused() throws {
        try place.model("probe", "echo 1")
        let cases = [
            ("tcp://127.0.0.1:1,slots=0", "slots takes a number"), ("tcp://127.0.0.1:1,x=1", "'x' is no option"),
            ("tcp://10.1.1.1", "open to all"), ("http://127.0.0.1", "unix://, tcp:// and ssh://"),
        ]
        for (engine, words) in cases {
            let run = try place.imflow("run", "--model", "probe", "--docker-host", engine)
            #expect(run.code == 2 && run.errors.contains(words), "\(engine): \(run.errors)")
        }
        let twice = try place.imflow(
            "run", "--model", "probe", "--docker-host", "tcp://127.0.0.1:1", "--docker-host", "tcp://127.0.0.1:1,slots=2")
        #expect(twice.code == 2 && twice.errors.contains("named twice"))
        try place.write("models/boxed/model.yaml", "name: boxed\nimage: imflow-test/busybox:1\nprotocol: exec\nentrypoint: [cat]\n")
        let away = try place.imflow("run", "--model", "boxed", "--job-id", "away", "--docker-host", "tcp://127.0.0.1:1")
        #expect(away.code == 3 && away.errors.contains("the Docker engine at tcp://127.0.0.1:1 cannot be used"))
        #expect(try place.imflow("job", "--id", "away").code == 2)
    }
}
