import ImflowExecution
import ImflowJSON
import ImflowPlan

extension ExecutorConformance {
    /// What `oip` models may rely on, and how they fail.
    static let oipCases: [ConformanceCase] = [
        ConformanceCase("oip: one instance serves all units, shards and stages, and is asked for its ports once", .oip) {
            bench in
            let model = try await bench.tensorServer()
            let first = try await bench.result(of: bench.shard(model, units: (0..<4).map { ["n": .int($0)] }))
            let second = try await bench.result(of: bench.whole(model, ["n": 9], attempt: 2))
            let answers = (first.arrayValue ?? []) + [second]
            try expect(answers.map { $0["n"]?.intValue ?? -1 } == [0, 1, 2, 3, 9], "the answers are \(answers)")
            try expect(Set(answers.map { $0["pid"]?.stringValue }).count == 1, "several instances served: \(answers)")
            try expect(second["described"] == 1, "it was asked for its ports again: \(second.text)")
        },
        ConformanceCase("oip: as many requests at once as the model takes, results in order", .oip) { bench in
            let model = try await bench.tensorServer(concurrency: 3)
            let units = (0..<6).map { JSONObject(uniqueKeysWithValues: [("n", .int($0)), ("mode", "meet")]) }
            let result = try await bench.result(of: bench.shard(model, units: units))
            let numbers = result.arrayValue?.map { $0["n"]?.intValue ?? -1 } ?? []
            try expect(numbers == [0, 1, 2, 3, 4, 5], "the answers are \(result.text)")
            let most = result.arrayValue?.compactMap { $0["met"]?.intValue }.max() ?? 0
            try expect(most == 3, "\(most) requests met")
        },
        ConformanceCase("oip: values go to tensors and come back, as JSON and as bytes", .oip) { bench in
            let input: JSONObject = [
                "numbers": [[1, 2.5, -3], [4, 5e300, 6]], "half": [[0.5, -2], [65504, 0]], "small": [0, 255],
                "flags": [[true, false, true], [false, false, true]], "mode": ["", "é"], "n": [-9_007_199_254_740_993, 7],
                "parameters": ["tag": "x"],
            ]
            for binary in ["0", "1"] {
                let model = try await bench.tensorServer(environment: ["BINARY": binary])
                let result = try await bench.result(of: bench.whole(model, input, attempt: binary == "0" ? 1 : 2))
                for (name, value) in input where name != "parameters" {
                    try expect(result[name] == value, "\(name) came back as \(result[name]?.text ?? "nothing")")
                }
                let asked = result["asked"]?[0]?.stringValue ?? ""
                try expect(asked.contains(#""tag": "x""#), "the parameters are \(asked)")
                try expect(asked.contains("binary_data_output") == (binary == "1"), "the parameters are \(asked)")
            }
        },
        ConformanceCase("oip: one item is sent as a batch of one, and one item answered", .oip) { bench in
            let model = try await bench.tensorServer()
            let result = try await bench.result(of: bench.whole(model, ["n": 5, "numbers": [1, 2, 3]]))
            try expect(result["n"] == 5 && result["numbers"] == [1, 2, 3], "the result is \(result.text)")
            let mixed = try await bench.result(of: bench.whole(model, ["n": 5, "numbers": [[1, 2, 3]]], attempt: 2))
            try expect(mixed["n"] == [5] && mixed["numbers"] == [[1, 2, 3]], "the result is \(mixed.text)")
        },
        ConformanceCase("oip: what no port takes is named before the server is asked", .oip) { bench in
            let model = try await bench.tensorServer()
            let wrong: [(JSONObject, String)] = [
                (["m": 1], "has no input `m`: it takes `n` (INT64 [-1]), `mode` (BYTES [-1])"),
                (["n": "one"], "`n` is a string, and INT64 takes integers"),
                (["n": 1.5], "`n` is 1.5, and INT64 takes integers"),
                (["small": [1, 256]], "`small` at [1] is 256, and UINT8 takes 0 to 255"),
                (["half": [[1, 70000]]], "`half` at [0][1] is 70000, which is beyond FP16"),
                (["flags": [[1], [0]]], "`flags` at [0][0] is a number, and BOOL takes true and false"),
                (["numbers": [[1, 2, 3], [4, 5]]], "`numbers` is no tensor: it has lists of 3 and of 2 items at depth 1"),
                (["numbers": [[1, 2]]], "`numbers` has the shape [1, 2], and its port takes FP64 [-1, 3]"),
                (["odd": [1]], "`odd` has the datatype BF16, which imflow does not know"),
                (["numbers": ["NaN", 1, 2]], "`numbers` at [0] is no finite number"),
                (["n": [nil]], "`n` at [0] is null"),
                (["parameters": 3], "`parameters` is a number"),
                ([:], "was to be given no tensor"),
            ]
            for (attempt, (input, words)) in wrong.enumerated() {
                try await bench.failure(of: bench.whole(model, input, attempt: attempt + 1), .app, naming: words)
            }
            _ = try await bench.result(of: bench.whole(model, ["n": 1], attempt: wrong.count + 1))
        },
        ConformanceCase("oip: numbers that JSON has no words for are strings", .oip) { bench in
            for (attempt, binary) in ["0", "1"].enumerated() {
                let model = try await bench.tensorServer(environment: ["BINARY": binary])
                let input: JSONObject = ["n": [1], "mode": ["nan"]]
                let result = try await bench.result(of: bench.whole(model, input, attempt: attempt + 1))
                try expect(result["real"] == ["NaN", "-Infinity", 1.5], "the result is \(result.text)")
            }
            let model = try await bench.tensorServer(environment: ["BINARY": "1"])
            let sent = try await bench.result(of: bench.whole(model, ["numbers": [["NaN", 1, "Infinity"]]], attempt: 3))
            try expect(sent["numbers"] == [["NaN", 1, "Infinity"]], "the result is \(sent.text)")
        },
        ConformanceCase("oip: a server that describes no ports gets tensors that follow the values", .oip) { bench in
            let model = try await bench.tensorServer(environment: ["PORTLESS": "1"])
            let input: JSONObject = ["a": [[1, 2], [3, 4]], "b": [1, 2.5], "c": [true], "d": ["x"]]
            let result = try await bench.result(of: bench.whole(model, input))
            for (name, value) in input {
                try expect(result[name] == value, "\(name) came back as \(result[name]?.text ?? "nothing")")
            }
            try await bench.failure(
                of: bench.whole(model, ["a": [1, "x"]], attempt: 2), .app, naming: "`a` mixes kinds of values")
        },
        ConformanceCase("oip: files are sent as their bytes, and bytes that are no text become files", .oip) { bench in
            let model = try await bench.tensorServer(environment: ["BINARY": "1"])
            let stored = try bench.fixture.content.put([0xFF, 0x00, 0x41])
            let input: JSONObject = [
                "doc_url": .string(ContentReference(hash: stored, name: "a b.bin").text), "mode": "bytes",
            ]
            let result = try await bench.result(of: bench.whole(model, input))
            guard let text = result["doc_url"]?[0]?.stringValue ?? result["doc_url"]?.stringValue,
                let copy = ContentReference(text), let other = result["picture"]?.stringValue.flatMap({ ContentReference($0) })
            else { throw ConformanceViolation("the files were not stored: \(result.text)") }
            try expect(copy.hash == stored, "the copy differs")
            let picture = try bench.fixture.content.read(other.hash, limit: 100)
            try expect(picture == [0xFF, 0x00] + Array("picture".utf8), "the file has \(picture)")
            let plain = try await bench.tensorServer()
            try await bench.failure(of: bench.whole(plain, input, attempt: 2), .app, naming: "is a file that is no text")
            let note = try bench.fixture.content.put(Array("a note".utf8))
            let told: JSONObject = ["doc_url": .string(ContentReference(hash: note, name: "note.txt").text)]
            let echo = try await bench.result(of: bench.whole(plain, told, attempt: 3))
            try expect(echo["doc_url"] == ["a note"] || echo["doc_url"] == "a note", "the result is \(echo.text)")
        },
        ConformanceCase("oip: a model that is loaded late is waited for", .oip) { bench in
            let model = try await bench.tensorServer(environment: ["START_DELAY": "0.4", "UNREADY": "3"])
            _ = try await bench.result(of: bench.whole(model, ["n": 1]))
        },
        ConformanceCase("oip: a server that does not have the model lists those that it has", .oip) { bench in
            let model = try await bench.tensorServer(environment: ["MODEL": "ocr"])
            try await bench.failure(
                of: bench.whole(model, ["n": 1]), .app, naming: "GET /v2/models/probe", "it has ocr, other",
                "`path: /v2/models/NAME`")
        },
        ConformanceCase("oip: the manifest says what the model is called there", .oip) { bench in
            var model = try await bench.tensorServer(environment: ["MODEL": "ocr"])
            model.path = "/v2/models/ocr"
            let result = try await bench.result(of: bench.whole(model, ["n": 1]))
            try expect(result["n"] == 1, "the result is \(result.text)")
        },
        ConformanceCase("oip: an instance that is never ready fails with its log", .oip, startWindow: TimeSpan(seconds: 15)) {
            bench in
            let model = try await bench.tensorServer(environment: ["HEALTH": "503"])
            try await bench.failure(
                of: bench.whole(model, ["n": 1]), .app, naming: "was not ready within", "GET /v2/health/ready", "status 503",
                "listening")
        },
        ConformanceCase("oip: an instance that dies mid-way fails the attempt, and the next one gets another", .oip) {
            bench in
            let model = try await bench.tensorServer()
            let before = try await bench.result(of: bench.whole(model, ["n": 1]))
            try await bench.failure(
                of: bench.whole(model, ["mode": "die"], attempt: 2), .app, naming: "code 5", "dying")
            let after = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 3))
            try expect(before["pid"] != after["pid"], "a dead instance answered: \(before.text)")
        },
        ConformanceCase("oip: an instance that ended between two requests is replaced", .oip) { bench in
            let model = try await bench.tensorServer()
            let before = try await bench.result(of: bench.whole(model, ["mode": "last"]))
            let after = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 2))
            try expect(before["pid"] != after["pid"], "a dead instance answered: \(before.text)")
        },
        ConformanceCase("oip: 429, 503 and 409 mean later", .oip) { bench in
            let model = try await bench.tensorServer()
            for (attempt, status) in [429, 503, 409].enumerated() {
                let input: JSONObject = ["mode": "busy", "status": .int(Int64(status)), "times": 3]
                let result = try await bench.result(of: bench.whole(model, input, attempt: attempt + 1))
                try expect(result["refused"] == 3, "\(status): \(result.text)")
            }
        },
        ConformanceCase("oip: endless back-pressure ends at the timeout, and the instance goes on", .oip) { bench in
            let model = try await bench.tensorServer()
            let before = try await bench.result(of: bench.whole(model, ["n": 1]))
            let input: JSONObject = ["mode": "busy", "status": 429, "times": 1_000_000]
            try await bench.failure(
                of: bench.whole(model, input, attempt: 2, timeout: TimeSpan(seconds: 3)), .timeout,
                naming: "answered with status 429 to every POST")
            let after = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 3))
            try expect(before["pid"] == after["pid"], "a sound instance was given up")
        },
        ConformanceCase("oip: a refusal is told in the server's words", .oip) { bench in
            let model = try await bench.tensorServer()
            let order = try bench.whole(model, ["mode": "status", "status": 400])
            try await bench.failure(of: order, .app, naming: "POST /v2/models/probe/infer", "status 400", "“no such thing”")
            let other = try bench.whole(model, ["mode": "traceback"], attempt: 2)
            try await bench.failure(of: other, .app, naming: "status 500", "ending with “ValueError: it broke”")
            _ = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 3))
        },
        ConformanceCase("oip: a broken reply is said to be one", .oip) { bench in
            for (attempt, binary) in ["0", "1"].enumerated() {
                let model = try await bench.tensorServer(environment: ["BINARY": binary])
                let number = attempt * 4
                try await bench.failure(
                    of: bench.whole(model, ["mode": "garbage"], attempt: number + 1), .app, naming: "“<html>”", "status 200")
                try await bench.failure(
                    of: bench.whole(model, ["mode": "short"], attempt: number + 2), .app,
                    naming: "`real` has 1 elements, and its shape [3] holds 3")
                try await bench.failure(
                    of: bench.whole(model, ["mode": "endless"], attempt: number + 3), .app, naming: "`real` has no shape")
                _ = try await bench.result(of: bench.whole(model, ["n": 1], attempt: number + 4))
            }
            let model = try await bench.tensorServer()
            let nested = try await bench.result(of: bench.whole(model, ["mode": ["nested"]], attempt: 9))
            try expect(nested["real"] == [[1, 2], [3, 4]], "the result is \(nested.text)")
            try await bench.failure(of: bench.whole(model, ["mode": "close"], attempt: 10), .app, naming: "broke off")
        },
        ConformanceCase("oip: a reply that never comes ends at the timeout, with the instance", .oip) { bench in
            let model = try await bench.tensorServer()
            let before = try await bench.result(of: bench.whole(model, ["n": 1]))
            let order = try bench.whole(model, ["mode": "hang"], attempt: 2, timeout: TimeSpan(milliseconds: 700))
            try await bench.failure(of: order, .timeout)
            let left = try await bench.fixture.leftovers(of: bench.job)
            try expect(left.isEmpty, "left before shutdown:\n" + left.joined(separator: "\n"))
            let after = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 3))
            try expect(before["pid"] != after["pid"], "the instance that hung answered")
        },
        ConformanceCase("oip: cancelling mid-way ends the instance", .oip) { bench in
            let order = try await bench.shard(bench.tensorServer(), units: [["n": 1], ["mode": "hang"]])
            let report = try await bench.cancelling(order, whenLogged: "hanging")
            guard case .failed(let failure) = report.outcome, failure.cause == .cancelled else {
                throw ConformanceViolation("the outcome is \(report.outcome)")
            }
            let left = try await bench.fixture.leftovers(of: bench.job)
            try expect(left.isEmpty, "left before shutdown:\n" + left.joined(separator: "\n"))
        },
        ConformanceCase("oip: schemas are held around each call", .oip) { bench in
            var model = try await bench.tensorServer()
            model.inputSchema = ["required": ["n"]]
            model.outputSchema = ["properties": ["n": ["maximum": 7]]]
            _ = try await bench.result(of: bench.whole(model, ["n": 7]))
            try await bench.failure(of: bench.whole(model, ["small": 1], attempt: 2), .app, naming: "it lacks the member `n`")
            try await bench.failure(of: bench.whole(model, ["n": 8], attempt: 3), .app, naming: "output_schema")
        },
    ]
}

extension CallBench {
    /// A model that serves ``TensorServer/source``.
    func tensorServer(concurrency: Int = 1, environment: [String: String] = [:]) async throws -> ModelPlan {
        try await model(
            .python, TensorServer.source, callProtocol: .oip, concurrency: concurrency, environment: environment)
    }
}

extension JSONValue {
    fileprivate subscript(index: Int) -> JSONValue? {
        arrayValue.flatMap { $0.indices.contains(index) ? $0[index] : nil }
    }
}
