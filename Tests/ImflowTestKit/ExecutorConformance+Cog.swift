import ImflowExecution
import ImflowJSON
import ImflowPlan

extension ExecutorConformance {
    /// What `cog` models may rely on, and how they fail.
    static let cogCases: [ConformanceCase] = [
        ConformanceCase("cog: one instance serves all units, shards and stages, and is asked for its ports once", .cog) {
            bench in
            let model = try await bench.predictionServer()
            let first = try await bench.result(of: bench.shard(model, units: (0..<4).map { ["n": .int($0)] }))
            let second = try await bench.result(of: bench.whole(model, ["n": 9], attempt: 2))
            let answers = (first.arrayValue ?? []) + [second]
            let numbers = answers.map { $0["input"]?["n"]?.intValue ?? -1 }
            try expect(numbers == [0, 1, 2, 3, 9], "the answers are \(answers)")
            try expect(Set(answers.map { $0["pid"]?.stringValue }).count == 1, "several instances served: \(answers)")
            try expect(Set(answers.map { $0["id"]?.stringValue }).count == 5, "ids were used twice: \(answers)")
            try expect(second["described"] == 1, "it was asked for its ports again: \(second.text)")
        },
        ConformanceCase("cog: as many requests at once as the model takes, results in order", .cog) { bench in
            let model = try await bench.predictionServer(concurrency: 3, environment: ["SLOTS": "3"])
            let units = (0..<6).map { JSONObject(uniqueKeysWithValues: [("n", .int($0)), ("mode", "meet")]) }
            let result = try await bench.result(of: bench.shard(model, units: units))
            let numbers = result.arrayValue?.map { $0["input"]?["n"]?.intValue ?? -1 } ?? []
            try expect(numbers == [0, 1, 2, 3, 4, 5], "the answers are \(result.text)")
            let most = result.arrayValue?.compactMap { $0["met"]?.intValue }.max() ?? 0
            try expect(most == 3, "\(most) requests met")
        },
        ConformanceCase("cog: a server with fewer slots than requests is asked again", .cog) { bench in
            let model = try await bench.predictionServer(concurrency: 4)
            let result = try await bench.result(of: bench.shard(model, units: (0..<8).map { ["n": .int($0)] }))
            let numbers = result.arrayValue?.map { $0["input"]?["n"]?.intValue ?? -1 } ?? []
            try expect(numbers == Array(0..<8), "the answers are \(result.text)")
        },
        ConformanceCase("cog: a setup is waited for", .cog) { bench in
            let model = try await bench.predictionServer(environment: ["START_DELAY": "0.4", "STARTING": "3"])
            _ = try await bench.result(of: bench.whole(model, ["n": 1]))
        },
        ConformanceCase("cog: a setup that failed is told at once, with what it wrote", .cog) { bench in
            let model = try await bench.predictionServer(environment: ["HEALTH": "SETUP_FAILED"])
            let time = try await bench.time {
                try await bench.failure(
                    of: bench.whole(model, ["n": 1]), .app, naming: "says SETUP_FAILED at /health-check", "no weights")
            }
            try expect(time < bench.fixture.patience, "the end was not noticed: \(time.seconds) s")
        },
        ConformanceCase("cog: an instance that is never ready fails with its log", .cog, startWindow: TimeSpan(seconds: 15)) {
            bench in
            let model = try await bench.predictionServer(environment: ["HEALTH": "UNHEALTHY"])
            try await bench.failure(
                of: bench.whole(model, ["n": 1]), .app, naming: "was not ready within", "said “UNHEALTHY”", "listening")
        },
        ConformanceCase("cog: an instance that dies mid-way fails the attempt, and the next one gets another", .cog) {
            bench in
            let model = try await bench.predictionServer()
            let before = try await bench.result(of: bench.whole(model, ["n": 1]))
            try await bench.failure(
                of: bench.whole(model, ["n": 1, "mode": "die"], attempt: 2), .app, naming: "code 5", "dying")
            let after = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 3))
            try expect(before["pid"] != after["pid"], "a dead instance answered: \(before.text)")
        },
        ConformanceCase("cog: an instance that ended between two requests is replaced", .cog) { bench in
            let model = try await bench.predictionServer()
            let before = try await bench.result(of: bench.whole(model, ["n": 1, "mode": "last"]))
            let after = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 2))
            try expect(before["pid"] != after["pid"], "a dead instance answered: \(before.text)")
        },
        ConformanceCase("cog: a model that is broken for good is replaced", .cog) { bench in
            let model = try await bench.predictionServer()
            let before = try await bench.result(of: bench.whole(model, ["n": 1, "mode": "defunct"]))
            try await bench.failure(of: bench.whole(model, ["n": 1], attempt: 2), .app, naming: "says DEFUNCT")
            let after = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 3))
            try expect(before["pid"] != after["pid"], "a broken instance answered: \(before.text)")
        },
        ConformanceCase("cog: 429, 503 and 409 mean later", .cog) { bench in
            let model = try await bench.predictionServer()
            for (attempt, status) in [429, 503, 409].enumerated() {
                let input: JSONObject = ["n": 1, "mode": "busy", "status": .int(Int64(status)), "times": 3]
                let result = try await bench.result(of: bench.whole(model, input, attempt: attempt + 1))
                try expect(result["refused"] == 3, "\(status): \(result.text)")
            }
        },
        ConformanceCase("cog: endless back-pressure ends at the timeout, and the instance goes on", .cog) { bench in
            let model = try await bench.predictionServer()
            let before = try await bench.result(of: bench.whole(model, ["n": 1]))
            let input: JSONObject = ["n": 1, "mode": "busy", "status": 409, "times": 1_000_000]
            try await bench.failure(
                of: bench.whole(model, input, attempt: 2, timeout: TimeSpan(seconds: 3)), .timeout,
                naming: "answered with status 409 to every PUT /predictions")
            let after = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 3))
            try expect(before["pid"] == after["pid"], "a sound instance was given up")
        },
        ConformanceCase("cog: a prediction that failed or is refused is told in the server's words", .cog) { bench in
            let model = try await bench.predictionServer()
            let said: [(JSONObject, [String])] = [
                (["mode": "fail"], ["failed: no such thing"]), (["mode": "other"], ["was cancelled, and not by this attempt"]),
                (["mode": "status", "status": 500], ["PUT /predictions", "status 500", "“no such thing”"]),
                (["mode": "invalid"], ["status 422", "`n`: it is odd"]), (["mode": "garbage"], ["“<html>”", "status 200"]),
                (["mode": "strange"], ["answered no prediction that succeeded"]),
            ]
            for (attempt, (input, words)) in said.enumerated() {
                let whole = input.merging(["n": 1]) { own, _ in own }
                let failure = try await bench.failure(of: bench.whole(model, whole, attempt: attempt + 1), .app)
                for part in words { try expect(failure.message.contains(part), "no “\(part)” in: \(failure)") }
            }
            _ = try await bench.result(of: bench.whole(model, ["n": 1], attempt: said.count + 1))
        },
        ConformanceCase("cog: a prediction whose connection breaks is asked for again, and made once", .cog) { bench in
            let model = try await bench.predictionServer()
            let result = try await bench.result(of: bench.whole(model, ["n": 1, "mode": "drop"]))
            let after = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 2))
            try expect(result["runs"] == 1 && after["runs"] == 2, "it ran again: \(result.text), \(after.text)")
        },
        ConformanceCase("cog: cancelling ends the prediction, and the instance stays", .cog) { bench in
            let model = try await bench.predictionServer()
            let order = try bench.shard(model, units: [["n": 1], ["n": 2, "mode": "hang"]])
            let report = try await bench.cancelling(order, whenLogged: "hanging")
            guard case .failed(let failure) = report.outcome, failure.cause == .cancelled else {
                throw ConformanceViolation("the outcome is \(report.outcome)")
            }
            let after = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 2))
            try expect(after["cancelled"] == 1 && after["runs"] == 3, "another instance answered: \(after.text)")
        },
        ConformanceCase("cog: a timeout ends the prediction, and the instance stays", .cog) { bench in
            let model = try await bench.predictionServer()
            let before = try await bench.result(of: bench.whole(model, ["n": 1]))
            let order = try bench.whole(
                model, ["n": 1, "mode": "hang"], attempt: 2, timeout: TimeSpan(seconds: 3))
            try await bench.failure(of: order, .timeout)
            let after = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 3))
            try expect(before["pid"] == after["pid"] && after["cancelled"] == 1, "the instance was given up: \(after.text)")
        },
        ConformanceCase("cog: a prediction that does not end when it is cancelled ends with its instance", .cog) { bench in
            let model = try await bench.predictionServer()
            let before = try await bench.result(of: bench.whole(model, ["n": 1]))
            let order = try bench.whole(
                model, ["n": 1, "mode": "stubborn"], attempt: 2, timeout: TimeSpan(milliseconds: 500))
            try await bench.failure(of: order, .timeout)
            let left = try await bench.fixture.leftovers(of: bench.job)
            try expect(left.isEmpty, "left before shutdown:\n" + left.joined(separator: "\n"))
            let after = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 3))
            try expect(before["pid"] != after["pid"], "the instance that hung answered")
        },
        ConformanceCase("cog: what the ports do not take is named before the server is asked", .cog) { bench in
            let model = try await bench.predictionServer()
            let wrong: [(JSONObject, String)] = [
                (["n": 1, "m": 1], "has no input `m`: it takes `n`, `mode`"), (["mode": ""], "it lacks the member `n`"),
                (["n": 2000], "its input `/n`: it is 2000, and must be at most 1000"),
                (["n": 1, "mode": "sing"], "its input `/mode`"), (["n": "1"], "its input `/n`"),
            ]
            for (attempt, (input, words)) in wrong.enumerated() {
                try await bench.failure(of: bench.whole(model, input, attempt: attempt + 1), .app, naming: words)
            }
            let good = try await bench.result(
                of: bench.whole(model, ["n": 1, "doc_url": nil], attempt: wrong.count + 1))
            try expect(good["runs"] == 1, "the server was asked: \(good.text)")
        },
        ConformanceCase("cog: a server without a schema takes anything", .cog) { bench in
            let model = try await bench.predictionServer(environment: ["SCHEMALESS": "1"])
            let result = try await bench.result(of: bench.whole(model, ["more": [1]]))
            try expect(result["input"] == ["more": [1]], "the result is \(result.text)")
        },
        ConformanceCase("cog: files go in and out as data: URIs where ports take files", .cog) { bench in
            let stored = try bench.fixture.content.put(Array("some text".utf8))
            let reference: JSONValue = .string(ContentReference(hash: stored, name: "page.txt").text)
            let model = try await bench.predictionServer()
            let input: JSONObject = ["n": 1, "mode": "file", "doc_url": reference, "docs": [reference], "note_url": reference]
            let result = try await bench.result(of: bench.whole(model, input))
            try expect(result["text"] == "some text", "the file had \(result.text)")
            for name in ["copy"] {
                guard let text = result[name]?.stringValue, let copy = ContentReference(text), copy.hash == stored else {
                    throw ConformanceViolation("the file was not stored: \(result.text)")
                }
            }
            let seen = result["input"]?["docs"]?.arrayValue?.first?.stringValue.flatMap { ContentReference($0) }
            try expect(seen?.hash == stored, "a file in a list was not handed over: \(result.text)")
        },
        ConformanceCase("cog: a file in IMFLOW_WORKDIR is stored", .cog) { bench in
            let result = try await bench.result(of: bench.whole(bench.predictionServer(), ["n": 1, "mode": "own"]))
            guard let text = result["own"]?.stringValue, let own = ContentReference(text) else {
                throw ConformanceViolation("the file was not stored: \(result.text)")
            }
            let bytes = try bench.fixture.content.read(own.hash, limit: 100)
            try expect(bytes == Array("written here".utf8), "the file has \(bytes)")
        },
    ]
}

extension CallBench {
    /// A model that serves ``PredictionServer/source``.
    func predictionServer(concurrency: Int = 1, environment: [String: String] = [:]) async throws -> ModelPlan {
        try await model(
            .python, PredictionServer.source, callProtocol: .cog, concurrency: concurrency, environment: environment)
    }
}
