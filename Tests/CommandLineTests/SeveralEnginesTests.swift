import Foundation
import ImflowJSON
import Testing

/// A job over this machine's Docker engine and one on a host of its own, which is killed in the middle.
@Suite("Several Docker engines", .onThreads)
struct SeveralEnginesTests {
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

    /// The second shard's first attempt never ends where HANG says so. Each unit gets a file and makes one.
    private func writeModel() throws {
        try place.write(
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
                if [ "$HANG" = yes ] && [ "$IMFLOW_SHARD_INDEX$IMFLOW_ATTEMPT" = 11 ]; then sleep 100000; fi
                cat "$IMFLOW_WORKDIR"/input/* | wc -c >"$IMFLOW_WORKDIR/size.txt"
                printf '{"size": "file://%s/size.txt"}' "$IMFLOW_WORKDIR" >"$IMFLOW_OUTPUT"
            env: {HANG: "${HANG}"}
            multi_node: {split_mode: batch, split_key: files_url, batch_size: 1, merge_strategy: concat-json}
            """)
        for number in 0..<6 { try place.write("file-\(number)", String(repeating: "x", count: number * 1000)) }
    }

    private var files: String {
        let urls = (0..<6).map { JSONValue.string("file://\(place.path)/file-\($0)") }
        return "files_url=" + JSONValue.array(urls).text
    }

    @Test("an engine that is killed in the middle loses its attempts, and the result is what it would have been")
    func killed() throws {
        guard try canRun() else { return }
        try writeModel()
        let undisturbed = try place.imflow(
            "run", "--model", "counter", "--job-id", "calm", "--shard-count", "3", "--input", files,
            environment: ["HANG": "no"])
        #expect(undisturbed.code == 0, "\(undisturbed.errors)")
        let engine = place.path + "/engine"
        let started = try place.run([Self.tools + "/second-engine", "start", engine, "--namespace", "--image", "imflow-test/busybox:1"])
        defer { _ = try? place.run([Self.tools + "/second-engine", "stop", engine]) }
        #expect(started.code == 0, "\(started.errors)")
        let far = started.output.split(separator: "\n").first { $0.hasPrefix("DOCKER_HOST=") }?.dropFirst(12) ?? ""
        let run = try place.run(
            [
                "sh", "-c",
                """
                \(Workplace.binary) run --model counter --job-id torn --shard-count 3 --concurrency 2 --input "$1" \
                    --docker-host unix:///var/run/docker.sock,slots=1 --docker-host "$2,slots=4,certs=$3/certs" & run=$!
                running() { docker -H "unix://$3/docker.sock" ps -q --filter label=imflow.task="counter~01"; }
                until [ -n "$(running "$1" "$2" "$3")" ]; do kill -0 $run || exit 99; sleep 0.05; done
                "$4" kill "$3"
                wait $run
                """, "sh", files, String(far), engine, Self.tools + "/second-engine",
            ], environment: ["HANG": "yes"])
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.contains("does not answer any more"))
        let job = try place.imflow("job", "--id", "torn", "--details", "--output", "json").json
        let calm = try place.imflow("job", "--id", "calm", "--output", "json").json
        #expect(job["output_hash"] == calm["output_hash"] && job["output_hash"] != nil)
        let receipts = job["receipts"]?.arrayValue ?? []
        let lost = receipts.filter { $0["cause"] == "lost" }
        #expect(lost.contains { $0["shard_index"] == 1 && $0["engine"]?.stringValue == String(far) })
        let last = receipts.last { $0["shard_index"] == 1 && $0["status"] == "succeeded" }
        #expect(last?["engine"] == "unix:///var/run/docker.sock")
        // What the killed engine still has goes with the next gc that reaches it.
        #expect(run.errors.contains("is removed by the next"))
        #expect(try place.run([Self.tools + "/second-engine", "revive", engine]).code == 0)
        let collected = try place.imflow("gc")
        #expect(collected.code == 0 && collected.errors.contains("removed the containers of job torn"))
        let left = try place.run([
            "sh", "-c", "docker -H unix://\(engine)/docker.sock ps -aq; docker -H unix://\(engine)/docker.sock volume ls -q",
        ])
        #expect(left.output.isEmpty)
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
