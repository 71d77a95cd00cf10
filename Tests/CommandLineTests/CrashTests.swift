import Foundation
import ImflowJSON
import Testing

/// The real binary, real processes, `kill -9`.
@Suite("Crashes", .onThreads)
struct CrashTests {
    private static let shards = 64

    /// Appends its shard to a side log when it has done its work: what the model itself saw.
    private static let script = """
        index=$IMFLOW_SHARD_INDEX
        n=0; while [ $n -lt 200 ]; do n=$((n + 1)); done
        echo "$index" >> "$SIDE_LOG"
        echo "[$index]"
        """

    private func prepare(_ place: Workplace) throws {
        try place.model(
            "count", Self.script,
            keys: """
                env: {SIDE_LOG: "\(place.path)/side.log"}
                multi_node: {split_mode: batch, max_shards: 64}
                """)
        let items = (0..<Self.shards).map(String.init).joined(separator: ",")
        try place.write("job.json", #"{"job_id": "crash", "input": {"items": [\#(items)]}}"#)
    }

    private func sideLog(_ place: Workplace) -> [String: Int] {
        place.read("side.log").split(separator: "\n").reduce(into: [:]) { $0[String($1), default: 0] += 1 }
    }

    private func committed(_ place: Workplace) throws -> Set<String> {
        let job = try place.imflow("job", "--id", "crash", "--details", "--output", "json")
        guard job.code == 0 else { return [] }
        let receipts = try job.json["receipts"]?.arrayValue ?? []
        return Set(
            receipts.filter { $0["status"] == "succeeded" }.compactMap { $0["shard_index"]?.intValue.map(String.init) })
    }

    private func outputHash(_ place: Workplace) throws -> String? {
        try place.imflow("job", "--id", "crash", "--output", "json").json["output_hash"]?.stringValue
    }

    @Test("killed at 24 seeded moments and resumed: the same bytes, nothing committed runs again, nothing is left")
    func killed() throws {
        let calm = try Workplace()
        try prepare(calm)
        let start = ContinuousClock.now
        #expect(try calm.imflow("run", "job.json", "--model", "count").code == 0)
        let length = (ContinuousClock.now - start) / .seconds(1)
        let expected = try #require(try outputHash(calm))

        for moment in 1...24 {
            let place = try Workplace()
            try prepare(place)
            let delay = String(format: "%.3f", max(0.01, length * Double(moment) / 25))
            try place.run(["timeout", "-s", "KILL", delay, Workplace.binary, "run", "job.json", "--model", "count"])
            let before = try committed(place)
            let calls = sideLog(place)
            // Every third job dies a second time, in the resume.
            if moment % 3 == 0, try place.imflow("job", "--id", "crash").code == 0 {
                try place.run(["timeout", "-s", "KILL", delay, Workplace.binary, "resume", "crash"])
            }
            let resumed = try place.imflow("resume", "crash")
            let neverSubmitted = resumed.code == 2
            if neverSubmitted { #expect(try place.imflow("run", "job.json", "--model", "count").code == 0) }
            #expect(neverSubmitted || resumed.code == 0, "moment \(moment): \(resumed.errors)")
            #expect(try outputHash(place) == expected, "moment \(moment)")
            let after = sideLog(place)
            for shard in before { #expect(after[shard] == calls[shard], "moment \(moment): shard \(shard) ran again") }
            #expect(place.processes(of: "crash").isEmpty, "moment \(moment)")
            #expect(try place.imflow("verify", "crash").code == 0, "moment \(moment)")
        }
    }
}
