import ImflowExecution
import ImflowJSON
import ImflowPlan

extension ExecutorConformance {
    /// What `rest` models may rely on, and how they fail.
    static let restCases: [ConformanceCase] = [
        ConformanceCase("rest: one instance serves all units, shards and stages", .rest) { bench in
            let model = try await bench.server()
            let first = try await bench.result(of: bench.shard(model, units: (0..<4).map { ["n": .int($0)] }))
            let second = try await bench.result(of: bench.whole(model, ["n": 9], attempt: 2))
            let answers = (first.arrayValue ?? []) + [second]
            let numbers = answers.map { $0["request"]?["input"]?["n"]?.intValue ?? -1 }
            try expect(numbers == [0, 1, 2, 3, 9], "the answers are \(answers)")
            try expect(Set(answers.map { $0["pid"]?.stringValue }).count == 1, "several instances served: \(answers)")
        },
        ConformanceCase("rest: as many requests at once as the model takes, results in order", .rest) { bench in
            let model = try await bench.server(concurrency: 3)
            let units = (0..<6).map { JSONObject(uniqueKeysWithValues: [("n", .int($0)), ("mode", "meet")]) }
            let result = try await bench.result(of: bench.shard(model, units: units))
            let numbers = result.arrayValue?.map { $0["request"]?["input"]?["n"]?.intValue ?? -1 } ?? []
            try expect(numbers == [0, 1, 2, 3, 4, 5], "the answers are \(result.text)")
            let most = result.arrayValue?.compactMap { $0["met"]?.intValue }.max() ?? 0
            try expect(most == 3, "\(most) requests met")
        },
        ConformanceCase("rest: JSON without result is the result", .rest) { bench in
            let result = try await bench.result(of: bench.whole(bench.server(), ["mode": "plain"]))
            try expect(result == ["plain": true], "the result is \(result.text)")
        },
        ConformanceCase("rest: 404 from health means that the port accepts", .rest) { bench in
            let model = try await bench.server(environment: ["HEALTH": "404"])
            _ = try await bench.result(of: bench.whole(model))
        },
        ConformanceCase("rest: a slow start is waited for", .rest) { bench in
            let model = try await bench.server(environment: ["START_DELAY": "0.7", "UNREADY": "3"])
            _ = try await bench.result(of: bench.whole(model))
        },
        ConformanceCase(
            "rest: an instance that is never ready fails with its log", .rest, startWindow: TimeSpan(seconds: 15)
        ) { bench in
            let model = try await bench.server(environment: ["HEALTH": "500"])
            try await bench.failure(
                of: bench.whole(model), .app, naming: "was not ready within", "status 500", "listening")
        },
        ConformanceCase("rest: cancelled before the instance is ready, it says what health answered", .rest) { bench in
            let model = try await bench.server(environment: ["HEALTH": "503"])
            let report = try await bench.cancelling(bench.whole(model), whenLogged: "listening")
            guard case .failed(let failure) = report.outcome, failure.cause == .cancelled else {
                throw ConformanceViolation("the outcome is \(report.outcome)")
            }
        },
        ConformanceCase("rest: an instance that ends while starting fails with its log", .rest) { bench in
            let model = try await bench.model(.shell, "echo no weights >&2; exit 4", callProtocol: .rest)
            let time = try await bench.time {
                try await bench.failure(
                    of: bench.whole(model), .app, naming: "code 4", "before it was ready", "no weights")
            }
            try expect(time < bench.fixture.patience, "the end was not noticed: \(time.seconds) s")
        },
        ConformanceCase("rest: an instance that dies mid-way fails the attempt, and the next one gets another", .rest) {
            bench in
            let model = try await bench.server()
            let before = try await bench.result(of: bench.whole(model))
            try await bench.failure(
                of: bench.whole(model, ["mode": "die"], attempt: 2), .app, naming: "code 5", "dying")
            let after = try await bench.result(of: bench.whole(model, attempt: 3))
            try expect(before["pid"] != after["pid"], "a dead instance answered: \(before.text)")
        },
        ConformanceCase("rest: an instance that ended between two requests is replaced", .rest) { bench in
            let model = try await bench.server()
            let before = try await bench.result(of: bench.whole(model, ["mode": "last"]))
            let after = try await bench.result(of: bench.whole(model, attempt: 2))
            try expect(before["pid"] != after["pid"], "a dead instance answered: \(before.text)")
        },
        ConformanceCase("rest: 429, 503 and 409 mean later", .rest) { bench in
            let model = try await bench.server()
            for (attempt, status) in [429, 503, 409].enumerated() {
                let input: JSONObject = ["mode": "busy", "status": .int(Int64(status)), "times": 3]
                let result = try await bench.result(of: bench.whole(model, input, attempt: attempt + 1))
                try expect(result["refused"] == 3, "\(status): \(result.text)")
            }
        },
        ConformanceCase("rest: endless back-pressure ends at the timeout, and the instance goes on", .rest) { bench in
            let model = try await bench.server()
            let before = try await bench.result(of: bench.whole(model))
            let input: JSONObject = ["mode": "busy", "status": 429, "times": 1_000_000]
            try await bench.failure(
                of: bench.whole(model, input, attempt: 2, timeout: TimeSpan(seconds: 3)), .timeout,
                naming: "answered with status 429 to every POST")
            let after = try await bench.result(of: bench.whole(model, attempt: 3))
            try expect(before["pid"] == after["pid"], "a sound instance was given up")
        },
        ConformanceCase("rest: another status fails with the beginning of the body", .rest) { bench in
            let model = try await bench.server()
            let order = try bench.whole(model, ["mode": "status", "status": 422])
            try await bench.failure(of: order, .app, naming: "status 422", "“no such thing")
            _ = try await bench.result(of: bench.whole(model, attempt: 2))
        },
        ConformanceCase("rest: a broken reply is quoted", .rest) { bench in
            let order = try await bench.whole(bench.server(), ["mode": "garbage"])
            try await bench.failure(of: order, .app, naming: "“<html>”", "status 200")
        },
        ConformanceCase("rest: a closed connection is the model's failure", .rest) { bench in
            let order = try await bench.whole(bench.server(), ["mode": "close"])
            try await bench.failure(of: order, .app, naming: "broke off")
        },
        ConformanceCase("rest: a reply that never comes ends at the timeout, with the instance", .rest) { bench in
            let model = try await bench.server()
            let before = try await bench.result(of: bench.whole(model))
            let order = try bench.whole(model, ["mode": "hang"], attempt: 2, timeout: TimeSpan(milliseconds: 700))
            try await bench.failure(of: order, .timeout)
            let left = try await bench.fixture.leftovers(of: bench.job)
            try expect(left.isEmpty, "left before shutdown:\n" + left.joined(separator: "\n"))
            let after = try await bench.result(of: bench.whole(model, attempt: 3))
            try expect(before["pid"] != after["pid"], "the instance that hung answered")
        },
        ConformanceCase("rest: cancelling mid-way ends the instance", .rest) { bench in
            let order = try await bench.shard(bench.server(), units: [[:], ["mode": "hang"]])
            let report = try await bench.cancelling(order, whenLogged: "hanging")
            guard case .failed(let failure) = report.outcome, failure.cause == .cancelled else {
                throw ConformanceViolation("the outcome is \(report.outcome)")
            }
            let left = try await bench.fixture.leftovers(of: bench.job)
            try expect(left.isEmpty, "left before shutdown:\n" + left.joined(separator: "\n"))
        },
        ConformanceCase("rest: no more instances than the limit, and everybody is served", .rest) { bench in
            let model = try await bench.server()
            let orders = try (1...6).map { try bench.shard(model, units: [[:], [:]], attempt: $0) }
            let instances = try await withThrowingTaskGroup(of: JSONValue.self) { group in
                for order in orders { group.addTask { try await bench.result(of: order) } }
                var seen: Set<String> = []
                for try await result in group {
                    seen.formUnion(result.arrayValue?.compactMap { $0["pid"]?.stringValue } ?? [])
                }
                return seen
            }
            try expect((1...2).contains(instances.count), "\(instances.count) instances served")
        },
        ConformanceCase("rest: what the instance wrote meanwhile is in the attempt's log", .rest) { bench in
            let order = try await bench.whole(bench.server(), ["mode": "say", "words": "seen 7 words"])
            _ = try await bench.result(of: order)
            let log = bench.log(of: order)
            try expect(log.contains("served by instance") && log.contains("seen 7 words"), "the log is “\(log)”")
        },
        ConformanceCase("rest: a file in IMFLOW_WORKDIR is stored", .rest) { bench in
            let result = try await bench.result(of: bench.whole(bench.server(), ["mode": "own"]))
            guard let text = result["own"]?.stringValue, let own = ContentReference(text) else {
                throw ConformanceViolation("the file was not stored: \(result.text)")
            }
            let bytes = try bench.fixture.content.read(own.hash, limit: 100)
            try expect(bytes == Array("written here".utf8), "the file has \(bytes)")
        },
        ConformanceCase("rest: who waits for a place can be cancelled, and the others go on", .rest) { bench in
            let model = try await bench.server()
            let hanging = try (1...2).map { try bench.whole(model, ["mode": "hang"], attempt: $0) }
            let holders = hanging.map { order in Task { await bench.run(order) } }
            try await bench.waitUntilLogged("hanging", times: 2, by: hanging)
            let waiting = Task { await bench.run(try bench.whole(model, attempt: 3)) }
            waiting.cancel()
            let report = try await waiting.value
            guard case .failed(let failure) = report.outcome, failure.cause == .cancelled else {
                throw ConformanceViolation("the outcome is \(report.outcome)")
            }
            for holder in holders {
                holder.cancel()
                _ = await holder.value
            }
        },
        ConformanceCase("rest: files go in and out below the work folder", .rest) { bench in
            let stored = try bench.fixture.content.put(Array("some text".utf8))
            let reference = ContentReference(hash: stored, name: "page.txt").text
            let input: JSONObject = ["mode": "file", "doc_url": .string(reference)]
            let result = try await bench.result(of: bench.whole(bench.server(), input))
            guard let text = result["copy"]?.stringValue, let copy = ContentReference(text) else {
                throw ConformanceViolation("the file was not stored: \(result.text)")
            }
            try expect(copy.hash == stored, "the copy differs")
        },
    ]
}

extension CallBench {
    /// A model that serves ``RestServer/source``.
    func server(concurrency: Int = 1, environment: [String: String] = [:]) async throws -> ModelPlan {
        try await model(
            .python, RestServer.source, callProtocol: .rest, concurrency: concurrency, environment: environment)
    }
}
