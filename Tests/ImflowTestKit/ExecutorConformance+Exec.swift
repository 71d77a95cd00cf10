import Glibc
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Synchronization

extension ExecutorConformance {
    /// What `exec` models may rely on.
    static let execCases: [ConformanceCase] = [
        ConformanceCase("exec: the result is what was written to IMFLOW_OUTPUT", .exec) { bench in
            let model = try await bench.model(.shell, #"echo noise; printf '{"n": [1, 2.5]}' >"$IMFLOW_OUTPUT""#)
            let result = try await bench.result(of: bench.whole(model))
            try expect(result == ["n": [1, 2.5]], "the result is \(result.text)")
        },
        ConformanceCase("exec: the result is what was printed when IMFLOW_OUTPUT was not written", .exec) { bench in
            let model = try await bench.model(.shell, #"printf ' "só" \n'"#)
            let result = try await bench.result(of: bench.whole(model))
            try expect(result == "só", "the result is \(result.text)")
        },
        ConformanceCase("exec: units are called in order and their results keep it", .exec) { bench in
            let model = try await bench.model(.shell, "cat")
            let counts = Mutex<[Int]>([])
            let order = try bench.shard(model, shared: ["a": 1], units: (0..<5).map { ["word": .string("w\($0)")] })
            let result = try await bench.result(of: order) { done in counts.withLock { $0.append(done) } }
            let words = result.arrayValue?.map { $0["input"]?["word"]?.stringValue ?? "-" } ?? []
            try expect(words == ["w0", "w1", "w2", "w3", "w4"], "the results are \(result.text)")
            let told = counts.withLock { $0 }
            try expect(told == [1, 2, 3, 4, 5], "progress told \(told)")
        },
        ConformanceCase("exec: a shard without units is an empty list", .exec) { bench in
            let model = try await bench.model(.shell, "cat")
            let result = try await bench.result(of: bench.shard(model, units: []))
            try expect(result == [], "the result is \(result.text)")
        },
        ConformanceCase("exec: the request has input and job, and nothing else", .exec) { bench in
            let model = try await bench.model(.shell, "cat")
            let result = try await bench.result(
                of: bench.shard(model, shared: ["a": [true, nil]], units: [["b": "é\n"]]))
            let expected: JSONValue = [
                "input": ["a": [true, nil], "b": "é\n"],
                "job": [
                    "job_id": .string(bench.job), "stage": "words", "shard_index": 3, "shard_count": 7,
                    "unit": ["index": 40],
                ],
            ]
            try expect(result == [expected], "the request is \(result.text)")
        },
        ConformanceCase("exec: the environment tells of the call", .exec) { bench in
            let model = try await bench.model(
                .shell, environmentProbe, environment: ["OWN": "own value", "COPY": "[${PATH}]"])
            let result = try await bench.result(of: bench.shard(model, units: [[:]], attempt: 2))
            guard let seen = result.arrayValue?.first else { throw ConformanceViolation("no result: \(result.text)") }
            let expected = [
                "job": bench.job, "stage": "words", "index": "3", "count": "7", "attempt": "2", "own": "own value",
                "copy": "[\(String(cString: getenv("PATH")))]",
            ]
            for (name, value) in expected {
                try expect(seen[name]?.stringValue == value, "\(name) should be \(value): \(seen.text)")
            }
            try expect(seen["writable"] == true, "IMFLOW_WORKDIR cannot be written: \(seen.text)")
        },
        ConformanceCase("exec: input files are handed over read-only, and files in the result are stored", .exec) {
            bench in
            let stored = try bench.fixture.content.put(Array("some text\n".utf8))
            let input = ContentReference(hash: stored, name: "page.txt").text
            let model = try await bench.model(.shell, fileProbe)
            let result = try await bench.result(of: bench.whole(model, ["doc_url": .string(input)]))
            try expect(result["mode"] == "-r--r--r--", "the input file's mode is \(result.text)")
            guard let text = result["copy"]?.stringValue, let reference = ContentReference(text) else {
                throw ConformanceViolation("the result's file was not stored: \(result.text)")
            }
            let copy = try bench.fixture.content.read(reference.hash, limit: 1000)
            try expect(String(decoding: copy, as: UTF8.self) == "some text\nmore\n", "the stored file has \(copy)")
            try expect(try bench.fixture.content.verify(stored), "the model changed the stored input")
        },
        ConformanceCase("exec: a model that writes to its input file is found out, and no other call gets what it wrote", .exec) {
            bench in
            let stored = try bench.fixture.content.put(Array("some text\n".utf8))
            let input: JSONObject = ["doc_url": .string(ContentReference(hash: stored, name: "page.txt").text)]
            let model = try await bench.model(
                .shell, #"f=$(echo "$IMFLOW_WORKDIR"/input/*); chmod u+w "$f"; echo spoiled >"$f"; cat "$f" >&2; echo 1"#)
            if case .failed(let failure) = await bench.run(try bench.whole(model, input)).outcome {
                try expect(failure.cause == .app && failure.message.contains("`page.txt`"), "it failed with \(failure)")
                try expect(!bench.fixture.content.contains(stored), "what the model wrote is still in the store")
            } else {
                try expect(try bench.fixture.content.verify(stored), "the model changed the stored input unseen")
            }
        },
        ConformanceCase("exec: 10 MB go in and out without a dead-lock", .exec) { bench in
            let model = try await bench.model(.shell, "cat; head -c 10000000 /dev/zero | tr '\\0' x >&2")
            let text = String(repeating: "0123456789", count: 1_000_000)
            let result = try await bench.result(of: bench.whole(model, ["text": .string(text)]))
            try expect(result["input"]?["text"]?.stringValue == text, "the text came back changed")
        },
        ConformanceCase("exec: a program need not read its input", .exec) { bench in
            let model = try await bench.model(.shell, "exec 0<&-; echo 1")
            let text = String(repeating: "0123456789", count: 100_000)
            let result = try await bench.result(of: bench.whole(model, ["text": .string(text)]))
            try expect(result == 1, "the result is \(result.text)")
        },
        ConformanceCase("exec: standard error is the attempt's log", .exec) { bench in
            let model = try await bench.model(.shell, "echo first >&2; echo second >&2; echo 1")
            let order = try bench.shard(model, units: [[:], [:]])
            _ = try await bench.result(of: order)
            let log = bench.log(of: order)
            try expect(log == "first\nsecond\nfirst\nsecond\n", "the log is “\(log)”")
        },
        ConformanceCase("exec: a stage whose condition is false is skipped", .exec) { bench in
            let model = try await bench.model(.shell, "echo 1")
            let report = await bench.run(try bench.whole(model, ["go": false], when: .truthy(path: ["go"])))
            guard case .skipped = report.outcome else { throw ConformanceViolation("the outcome is \(report.outcome)") }
        },
        ConformanceCase("exec: the report says who, when and of what", .exec) { bench in
            let model = try await bench.model(.shell, "echo 1")
            let order = try bench.whole(model, ["a": 1])
            let report = await bench.run(order)
            _ = try bench.value(of: report)
            try expect(report.token == order.token && report.task == order.task && report.attempt == 1, "\(report)")
            try expect(report.node == bench.fixture.host.node, "the node is \(report.node)")
            try expect(report.inputHash != nil, "the input hash is missing")
            try expect(report.latencyMilliseconds > 0 && report.finishedAt >= report.startedAt, "\(report)")
        },
    ]

    private static let environmentProbe = #"""
        cat >/dev/null
        writable=false
        : >"$IMFLOW_WORKDIR/probe" && writable=true
        cat >"$IMFLOW_OUTPUT" <<END
        {"job": "$IMFLOW_JOB_ID", "stage": "$IMFLOW_STAGE", "index": "$IMFLOW_SHARD_INDEX", "count": "$IMFLOW_SHARD_COUNT",
         "attempt": "$IMFLOW_ATTEMPT", "own": "$OWN", "copy": "$COPY", "writable": $writable}
        END
        """#

    private static let fileProbe = #"""
        url=$(sed 's/.*"doc_url":"file:\/\/\([^"]*\)".*/\1/')
        mode=$(ls -l "$url" | cut -c 1-10)
        mkdir "$IMFLOW_WORKDIR/out"
        { cat "$url"; echo more; } >"$IMFLOW_WORKDIR/out/copy.txt"
        echo "{\"mode\": \"$mode\", \"copy\": \"file://$IMFLOW_WORKDIR/out/copy.txt\"}"
        """#
}
