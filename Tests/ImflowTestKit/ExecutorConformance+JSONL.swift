import ImflowExecution
import ImflowJSON
import ImflowPlan

extension ExecutorConformance {
    /// What `jsonl` models may rely on, and how they fail.
    static let jsonlCases: [ConformanceCase] = [
        ConformanceCase("jsonl: one program serves all units, shards and stages", .jsonl) { bench in
            let model = try await bench.model(.shell, lineServer, callProtocol: .jsonl)
            let first = try await bench.result(of: bench.shard(model, units: (0..<4).map { ["n": .int($0)] }))
            let second = try await bench.result(of: bench.whole(model, ["n": 9], attempt: 2))
            let answers = (first.arrayValue ?? []) + [second]
            let numbers = answers.map { $0["request"]?["input"]?["n"]?.intValue ?? -1 }
            try expect(numbers == [0, 1, 2, 3, 9], "the answers are \(answers)")
            try expect(Set(answers.map { $0["program"]?.stringValue }).count == 1, "several programs served: \(answers)")
        },
        ConformanceCase("jsonl: a reply without result is the result", .jsonl) { bench in
            let model = try await bench.model(.shell, "while read -r line; do echo '[1]'; done", callProtocol: .jsonl)
            let result = try await bench.result(of: bench.whole(model))
            try expect(result == [1], "the result is \(result.text)")
        },
        ConformanceCase("jsonl: a program that ends mid-way fails the attempt, and the next one gets another", .jsonl) {
            bench in
            let model = try await bench.model(.shell, lineServer, callProtocol: .jsonl)
            let before = try await bench.result(of: bench.whole(model))
            try await bench.failure(
                of: bench.whole(model, ["mode": "die"], attempt: 2), .app, naming: "code 5", "dying")
            let after = try await bench.result(of: bench.whole(model, attempt: 3))
            try expect(before["program"] != after["program"], "a dead program answered: \(before.text), \(after.text)")
        },
        ConformanceCase("jsonl: a program that ended between two requests is replaced", .jsonl) { bench in
            let once = "read -r line; echo \"{\\\"program\\\": \\\"$(cat /proc/sys/kernel/random/uuid)\\\"}\""
            let model = try await bench.model(.shell, once, callProtocol: .jsonl)
            let first = try await bench.result(of: bench.whole(model))
            try await bench.waitUntilNothingRuns()
            let second = try await bench.result(of: bench.whole(model, attempt: 2))
            try expect(first["program"] != second["program"], "one program answered twice: \(first.text)")
        },
        ConformanceCase("jsonl: a line that is no JSON is quoted", .jsonl) { bench in
            let model = try await bench.model(.shell, lineServer, callProtocol: .jsonl)
            try await bench.failure(of: bench.whole(model, ["mode": "garbage"]), .app, naming: "what?", "reply line")
        },
        ConformanceCase("jsonl: one line too many fails a unit, and never shifts a reply", .jsonl) { bench in
            // The second line comes with the first, right after it, or only when the next request is on its way.
            for (attempt, gap) in ["", "sleep 0.001;", "sleep 0.2;"].enumerated() {
                let twice = "while read -r line; do echo \"$line\"; \(gap) echo '{\"extra\": 1}'; done"
                let model = try await bench.model(.shell, twice, callProtocol: .jsonl)
                let order = try bench.shard(model, units: [["n": 0], ["n": 1], ["n": 2]], attempt: attempt + 1)
                try await bench.failure(of: order, .app, naming: "answered more lines than it was asked")
            }
        },
        ConformanceCase("jsonl: one line too many at the end spoils no later attempt's reply", .jsonl) { bench in
            let source = #"""
                while read -r line; do
                    printf '{"result": %s}\n' "$line"
                    case "$line" in *'"twice":true'*) sleep 0.2; echo '{"extra": 1}';; esac
                done
                """#
            let model = try await bench.model(.shell, source, callProtocol: .jsonl)
            let first = try await bench.result(of: bench.whole(model, ["twice": true, "n": 1]))
            try expect(first["input"]?["n"] == 1, "the result is \(first.text)")
            try await bench.failure(
                of: bench.whole(model, ["n": 2], attempt: 2), .app, naming: "answered more lines than it was asked")
            let third = try await bench.result(of: bench.whole(model, ["n": 3], attempt: 3))
            try expect(third["input"]?["n"] == 3, "the result is \(third.text)")
        },
        ConformanceCase("jsonl: a line before the first request is no reply", .jsonl) { bench in
            let source = "echo '{\"ready\": true}'; while read -r line; do echo \"$line\"; done"
            let model = try await bench.model(.shell, source, callProtocol: .jsonl)
            try await bench.failure(
                of: bench.whole(model), .app, naming: "answered more lines than it was asked")
        },
        ConformanceCase("jsonl: a program that cannot start says so with its log", .jsonl) { bench in
            let model = try await bench.model(.shell, "echo no weights >&2; exit 2", callProtocol: .jsonl)
            try await bench.failure(of: bench.whole(model), .app, naming: "code 2", "no weights")
        },
        ConformanceCase("jsonl: a reply that never comes ends at the timeout, with the program", .jsonl) { bench in
            let model = try await bench.model(.shell, lineServer, callProtocol: .jsonl)
            let before = try await bench.result(of: bench.whole(model))
            let order = try bench.whole(model, ["mode": "hang"], attempt: 2, timeout: TimeSpan(milliseconds: 700))
            try await bench.failure(of: order, .timeout)
            let left = try await bench.fixture.leftovers(of: bench.job)
            try expect(left.isEmpty, "left before shutdown:\n" + left.joined(separator: "\n"))
            let after = try await bench.result(of: bench.whole(model, attempt: 3))
            try expect(before["program"] != after["program"], "the program that hung answered")
        },
        ConformanceCase("jsonl: lines of 10 MB go both ways", .jsonl) { bench in
            let model = try await bench.model(.shell, "exec cat", callProtocol: .jsonl)
            let text = String(repeating: "0123456789", count: 1_000_000)
            let result = try await bench.result(of: bench.whole(model, ["text": .string(text)]))
            try expect(result["input"]?["text"]?.stringValue == text, "the text came back changed")
        },
        ConformanceCase("jsonl: files go in and out below the work folder", .jsonl) { bench in
            let stored = try bench.fixture.content.put(Array("some text".utf8))
            let model = try await bench.model(.shell, fileServer, callProtocol: .jsonl)
            let reference = ContentReference(hash: stored, name: "page.txt").text
            let result = try await bench.result(of: bench.shard(model, units: [["doc_url": .string(reference)]]))
            guard let text = result.arrayValue?.first?.stringValue, let copy = ContentReference(text) else {
                throw ConformanceViolation("the file was not stored: \(result.text)")
            }
            try expect(copy.hash == stored, "the copy differs")
        },
        ConformanceCase("jsonl: a model that writes to its input file is found out, and goes on", .jsonl) { bench in
            let stored = try bench.fixture.content.put(Array("some text".utf8))
            let other = try bench.fixture.content.put(Array("other text".utf8))
            let model = try await bench.model(.shell, spoilingServer, callProtocol: .jsonl)
            func input(_ hash: ContentHash) -> JSONObject {
                ["doc_url": .string(ContentReference(hash: hash, name: "page.txt").text)]
            }
            if case .failed(let failure) = await bench.run(try bench.whole(model, input(stored))).outcome {
                try expect(failure.cause == .app && failure.message.contains("`page.txt`"), "it failed with \(failure)")
                try expect(!bench.fixture.content.contains(stored), "what the model wrote is still in the store")
            } else {
                try expect(try bench.fixture.content.verify(stored), "the model changed the stored input unseen")
            }
            let next = try await bench.result(of: bench.whole(model, input(other), attempt: 2))
            try expect(next == 2, "the second call was not the same program's: \(next.text)")
            try expect(try bench.fixture.content.verify(other), "what the model left alone is damaged")
        },
    ]

    /// Spoils the first file that it gets.
    private static let spoilingServer = #"""
        calls=0
        while read -r line; do
            file=$(printf '%s' "$line" | sed 's/.*"doc_url":"file:\/\/\([^"]*\)".*/\1/')
            calls=$((calls + 1))
            if [ $calls = 1 ]; then chmod u+w "$file"; echo spoiled >"$file"; fi
            echo $calls
        done
        """#

    /// Each of its programs answers with an id of its own: two containers may give their programs one number.
    private static let lineServer = #"""
        id=$(cat /proc/sys/kernel/random/uuid)
        while read -r line; do
            case "$line" in
            *'"mode":"die"'*) echo dying >&2; exit 5;;
            *'"mode":"garbage"'*) echo 'what?';;
            *'"mode":"hang"'*) sleep 1000;;
            *) printf '{"result": {"program": "%s", "request": %s}}\n' "$id" "$line";;
            esac
        done
        """#

    private static let fileServer = #"""
        while read -r line; do
            file=$(printf '%s' "$line" | sed 's/.*"doc_url":"file:\/\/\([^"]*\)".*/\1/')
            unit=${file%/input/*}
            cp "$file" "$unit/copy.txt"
            echo "\"file://$unit/copy.txt\""
        done
        """#
}
