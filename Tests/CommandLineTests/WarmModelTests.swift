import Foundation
import ImflowJSON
import Testing

/// Warm instances as users see them: how many start, what hooks do, and which time a receipt says.
@Suite("Warm models", .onThreads)
struct WarmModelTests {
    private let place: Workplace
    private static let echo = "echo start >> starts\nwhile read -r line; do echo 1; done\n"

    init() throws {
        place = try Workplace()
        try place.write("job.json", #"{"job_id": "w", "input": {"items": [1, 2, 3, 4, 5, 6]}, "shard_count": 6}"#)
    }

    @Test("no more instances than the manifest allows, and who waited for the start says so")
    func scaling() throws {
        try place.model(
            "echo", Self.echo, keys: "protocol: jsonl\nmax_instances: 1\nmulti_node: {split_mode: batch}\n")
        let ended = try place.imflow("run", "job.json", "--model", "echo", "--concurrency", "4")
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(place.read("models/echo/starts") == "start\n")
        let receipts = try place.imflow("job", "--id", "w", "--details", "--output", "json").json["receipts"]?.arrayValue ?? []
        #expect(receipts.count == 6)
        let waited = receipts.filter { $0["start_ms"] != nil }
        #expect((1...4).contains(waited.count))
        for receipt in waited {
            #expect((receipt["start_ms"]?.doubleValue ?? .infinity) <= receipt["latency_ms"]?.doubleValue ?? 0)
        }
        #expect(try place.imflow("why", "w").output.contains("for its model to start"))
    }

    @Test("as many as are to be kept are started at once, and hooks run in each")
    func least() throws {
        try place.model(
            "echo", "while read -r line; do while [ \"$(wc -l < starts)\" -lt 3 ]; do sleep 0.02; done; echo 1; done\n",
            keys: """
                protocol: jsonl
                min_instances: 3
                hooks:
                  init: [sh, -c, "echo $PPID >> starts; echo a word of init"]
                multi_node: {split_mode: batch}

                """)
        let ended = try place.imflow("run", "job.json", "--model", "echo", "--concurrency", "3")
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(place.read("models/echo/starts").split(separator: "\n").count == 3)
    }

    @Test("a hook that fails fails the job with its last words")
    func failingHook() throws {
        try place.model(
            "echo", Self.echo,
            keys: "protocol: jsonl\nhooks:\n  warmup: [sh, -c, 'echo no weights here >&2; exit 3']\nmulti_node: {split_mode: batch}\n")
        let ended = try place.imflow("run", "job.json", "--model", "echo")
        #expect(ended.code == 1)
        #expect(ended.errors.contains("the warmup hook") && ended.errors.contains("no weights here"), "\(ended.errors)")
    }

    @Test("a model that crashes is not started for ever")
    func crashing() throws {
        try place.model(
            "dies", "echo start >> starts\necho boom >&2\nexit 9\n",
            keys: "port: 9000\nmin_instances: 2\nmulti_node: {split_mode: batch}\n")
        let ended = try place.imflow("run", "job.json", "--model", "dies", "--concurrency", "1")
        #expect(ended.code == 1)
        #expect(ended.errors.contains("boom"), "\(ended.errors)")
        #expect(place.read("models/dies/starts").split(separator: "\n").count < 12)
    }

    @Test("more to keep than is allowed is refused")
    func contradiction() throws {
        try place.model("echo", Self.echo, keys: "protocol: jsonl\nmin_instances: 3\nmax_instances: 2\n")
        let ended = try place.imflow("check", "models")
        #expect(ended.code == 1)
        #expect((ended.output + ended.errors).contains("IMF0412"))
    }
}
