import Foundation
import ImflowJSON
import Testing

/// `imflow logs --follow` beside jobs that run.
@Suite("imflow logs --follow", .onThreads, .timeLimit(.minutes(10)))
struct LogsFollowTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    /// Two shards, one after the other; each says a word, waits at its gate, and says another.
    private func gated() throws {
        try place.model(
            "gated",
            """
            echo "before $IMFLOW_SHARD_INDEX" >&2
            read -r word < "$PLACE/gate.$IMFLOW_SHARD_INDEX"
            echo "after $IMFLOW_SHARD_INDEX $word" >&2
            printf 'no end' >&2
            echo "[1]"
            """, keys: "env: {PLACE: \"\(place.path)\"}\nmulti_node: {split_mode: batch}\n")
        try place.run(["mkfifo", "gate.0", "gate.1"])
        try place.write("job.json", #"{"job_id": "two", "input": {"items": [0, 1]}}"#)
    }

    private func open(_ gate: String, saying word: String) throws {
        let file = try #require(FileHandle(forWritingAtPath: "\(place.path)/\(gate)"))
        try file.write(contentsOf: Data("\(word)\n".utf8))
        try file.close()
    }

    @Test("all logs of a job are followed, also of tasks that start later, until the job ends")
    func whole() throws {
        try gated()
        let job = try LiveProgram(place, "run", "job.json", "--model", "gated", "--concurrency", "1", reading: .errors)
        try job.writes("job two")
        let logs = try LiveProgram(place, "logs", "-f", "two", reading: .output)
        try logs.writes("gated~00.1 | before 0\n")
        try open("gate.0", saying: "one")
        try logs.writes("gated~00.1 | after 0 one\n")
        try logs.writes("gated~01.1 | before 1\n")
        try open("gate.1", saying: "two")
        let ended = logs.end()
        #expect(ended.code == 0)
        #expect(ended.output.contains("gated~01.1 | after 1 two\n"))
        #expect(ended.output.contains("gated~01.1 | no end\n"))
        #expect(ended.output.split(separator: "\n").count { $0.contains("before") } == 2)
        #expect(job.end().code == 0)
    }

    @Test("one task's log is followed as it is; --tail leaves out what stood there before; Ctrl-C ends it, not the job")
    func oneTask() throws {
        try gated()
        let job = try LiveProgram(place, "run", "job.json", "--model", "gated", "--concurrency", "1", reading: .errors)
        try job.writes("job two")
        let first = try LiveProgram(place, "logs", "-f", "two/gated~00", reading: .output)
        try first.writes("before 0\n")
        let second = try LiveProgram(place, "logs", "-f", "two/gated~00", "--tail", "0", reading: .output)
        first.signal(SIGINT)
        #expect(first.end().code == 130)
        try open("gate.0", saying: "go")
        try open("gate.1", saying: "go")
        let ended = second.end()
        #expect(ended.code == 0)
        #expect(!ended.output.contains("before"))
        #expect(!ended.output.contains(" 1"))
        #expect(job.end().code == 0)
    }

    @Test("a job whose engine is killed is followed to there, and how it goes on is told")
    func killed() throws {
        try gated()
        let job = try LiveProgram(place, "run", "job.json", "--model", "gated", "--concurrency", "1", reading: .errors)
        try job.writes("job two")
        let logs = try LiveProgram(place, "logs", "-f", "two", reading: .output)
        try logs.writes("gated~00.1 | before 0\n")
        job.signal(SIGKILL)
        let ended = logs.end()
        #expect(ended.code == 0 && ended.errors.contains("job two has not ended, and nobody drives it: imflow resume two"))
        let again = try LiveProgram(place, "resume", "two", reading: .errors)
        try again.writes("job two")
        let rest = try LiveProgram(place, "logs", "-f", "two", "--tail", "0", reading: .output)
        try open("gate.0", saying: "one")
        try open("gate.1", saying: "two")
        #expect(again.end().code == 0)
        #expect(rest.end().errors.isEmpty)
    }

    @Test("a job that is over is shown to its end, and --tail shows the last lines of each log")
    func over() throws {
        try place.model("talk", "for word in a b c d; do echo $word >&2; done\necho 1")
        try #require(try place.imflow("run", "--model", "talk", "--job-id", "talk").code == 0)
        #expect(try place.imflow("logs", "-f", "talk").output == "talk.1 | a\ntalk.1 | b\ntalk.1 | c\ntalk.1 | d\n")
        #expect(try place.imflow("logs", "talk/talk", "--tail", "2").output == "c\nd\n")
        #expect(try place.imflow("logs", "-f", "talk/talk", "--tail", "1").output == "d\n")
        #expect(try place.imflow("logs", "-f", "talk/nothing").code == 2)
        #expect(try place.imflow("logs", "-f", "talk", "--output", "json").code == 2)
        #expect(try place.imflow("logs", "talk", "--tail", "-1").code == 2)
        #expect(try place.run(["sh", "-c", "'\(Workplace.binary)' logs -f talk | head -n 1"]).output == "talk.1 | a\n")
    }

    @Test("a log that is cut short or replaced is read from its beginning; long lines are broken and none is lost")
    func rotated() throws {
        try gated()
        let job = try LiveProgram(place, "run", "job.json", "--model", "gated", "--concurrency", "1", reading: .errors)
        try job.writes("job two")
        let logs = try LiveProgram(place, "logs", "-f", "two", reading: .output)
        try logs.writes("before 0")
        let folder = place.state + "/logs/two"
        let log = folder + "/other.1.log"
        try Data("first line\n".utf8).write(to: URL(filePath: log))
        try logs.writes("other.1 | first line\n")
        try FileHandle(forWritingTo: URL(filePath: log)).truncate(atOffset: 0)
        try Data("new\n".utf8).write(to: URL(filePath: log))
        try logs.writes("other.1 | new\n")
        let long = Data((String(repeating: "x", count: 200_000) + "\nlast\n").utf8)
        try long.write(to: URL(filePath: log + ".new"))
        try place.run(["mv", log + ".new", log])
        try logs.writes("other.1 | last\n")
        try open("gate.0", saying: "go")
        try open("gate.1", saying: "go")
        let ended = logs.end()
        #expect(ended.output.count { $0 == "x" } == 200_000)
        #expect(job.end().code == 0)
    }

    @Test("a warm instance has a log of its own, whose lines are told once")
    func instance() throws {
        try place.write(
            "models/warm/serve.py",
            """
            import json, sys
            for line in sys.stdin:
                print("serves", file=sys.stderr, flush=True)
                print(json.dumps({"result": [1]}), flush=True)
            """)
        try place.write(
            "models/warm/model.yaml",
            "name: warm\nentrypoint: [python3, serve.py]\nprotocol: jsonl\nmulti_node: {split_mode: batch}\n")
        try place.write("job.json", #"{"job_id": "warm", "input": {"items": [0, 1, 2]}}"#)
        try #require(try place.imflow("run", "job.json", "--model", "warm", "--concurrency", "1").code == 0)
        let lines = try place.imflow("logs", "-f", "warm").output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { $0.hasPrefix("instance-") && $0.hasSuffix(" | serves") }, "\(lines)")
        let name = String(try #require(lines.first).prefix { $0 != " " })
        #expect(try place.imflow("logs", "-f", "warm/\(name)").output == "serves\nserves\nserves\n")
    }
}
