import ImflowExecution
import ImflowJSON
import ImflowPlan

extension ExecutorConformance {
    /// Where `input_schema` and `output_schema` are held.
    static let schemaCases: [ConformanceCase] = [
        ConformanceCase("exec: input that breaks its schema never reaches the model", .exec) { bench in
            var model = try await bench.model(.shell, "echo called >&2; echo 1")
            model.inputSchema = ["properties": ["words": ["type": "array", "items": ["required": ["box"]]]]]
            let order = try bench.whole(model, ["words": [["box": 1], ["text": "a"]]])
            try await bench.failure(
                of: order, .app, naming: "model \(model.name) was to be given `/words/1`: it lacks the member `box`",
                "input_schema says so at `/properties/words/items/required`")
            try expect(!bench.log(of: order).contains("called"), "the model was called: \(bench.log(of: order))")
        },
        ConformanceCase("exec: a result that breaks its schema is the model's failure", .exec) { bench in
            var model = try await bench.model(.shell, #"echo '[{"box": [1, 2, 3, 4]}, {"box": [1, 2, 3]}]'"#)
            model.outputSchema = ["type": "array", "items": ["properties": ["box": ["minItems": 4]]]]
            try await bench.failure(
                of: bench.whole(model), .app, naming: "model \(model.name) answered `/1/box`: it has 3 items",
                "output_schema says so at `/items/properties/box/minItems`")
        },
        ConformanceCase("exec: each unit is held to the schemas, with the files that it gets", .exec) { bench in
            var model = try await bench.model(.shell, "cat")
            model.inputSchema = ["required": ["shared", "n"], "properties": ["n": ["maximum": 2]]]
            model.outputSchema = ["type": "object", "required": ["input", "job"]]
            let good = try bench.shard(model, shared: ["shared": "s"], units: [["n": 1], ["n": 2]])
            let answers = try await bench.result(of: good).arrayValue ?? []
            try expect(answers.count == 2 && answers[1]["input"]?["n"] == 2, "the results are \(answers)")
            let bad = try bench.shard(model, shared: ["shared": "s"], units: [["n": 1], ["n": 3]])
            try await bench.failure(of: bad, .app, naming: "unit ", "`/n`: it is 3, and must be at most 2")
        },
        ConformanceCase("exec: a schema that is none is named before the model is called", .exec) { bench in
            var model = try await bench.model(.shell, "echo called >&2; echo 1")
            model.outputSchema = ["properties": ["a": ["pattern": "(?=a)"]]]
            let order = try bench.whole(model)
            try await bench.failure(
                of: order, .app, naming: "its output_schema cannot be used: at `/properties/a/pattern`", "look-around")
            try expect(!bench.log(of: order).contains("called"), "the model was called: \(bench.log(of: order))")
        },
        ConformanceCase("jsonl: schemas are held around each line, and the instance stays", .jsonl) { bench in
            let source = """
                import sys
                count = 0
                for line in sys.stdin:
                    count += 1
                    print(count, flush=True)
                """
            var model = try await bench.model(.python, source, callProtocol: .jsonl)
            model.inputSchema = ["required": ["a"]]
            model.outputSchema = ["not": ["const": 2]]
            let first = try await bench.result(of: bench.whole(model, ["a": 1]))
            try await bench.failure(of: bench.whole(model, ["b": 1]), .app, naming: "it lacks the member `a`")
            try await bench.failure(of: bench.whole(model, ["a": 1]), .app, naming: "answered a value", "output_schema")
            let last = try await bench.result(of: bench.whole(model, ["a": 1]))
            try expect(first == 1 && last == 3, "the results are \(first.text) and \(last.text)")
        },
    ]
}
