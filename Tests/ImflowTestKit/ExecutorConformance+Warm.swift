import ImflowExecution
import ImflowJSON
import ImflowPlan

extension ExecutorConformance {
    /// How instances come to be ready, whatever their protocol.
    static let warmCases: [ConformanceCase] = [
        ConformanceCase("warm: what an attempt waits for its instance to start is told, and is none of its timeout", .rest) {
            bench in
            let model = try await bench.server(environment: ["START_DELAY": "8"])
            let first = await bench.run(try bench.whole(model, timeout: TimeSpan(milliseconds: 7500)))
            _ = try bench.value(of: first)
            try expect((first.startMilliseconds ?? 0) >= 8000, "it waited \(first.startMilliseconds ?? 0) ms")
            try expect((first.startMilliseconds ?? 0) <= first.latencyMilliseconds, "the start is no part of \(first)")
            let second = await bench.run(try bench.whole(model, attempt: 2))
            _ = try bench.value(of: second)
            try expect(second.startMilliseconds == nil, "a warm instance took \(second.startMilliseconds ?? 0) ms")
        },
        ConformanceCase("warm: a hook that never ends, ends with the start timeout", .rest, startWindow: TimeSpan(seconds: 10)) {
            bench in
            var model = try await bench.server()
            model.hooks.start = ["/bin/sh", "-c", "while true; do sleep 1; done"]
            try await bench.failure(of: bench.whole(model), .app, naming: "the init hook", "start_timeout of 10.0 s")
        },
    ] + hookCases(.rest) + hookCases(.jsonl)

    /// - Parameter callProtocol: of a model that answers with what its hooks have left.
    private static func hookCases(_ callProtocol: CallProtocol) -> [ConformanceCase] {
        [
            ConformanceCase(
                "warm: init, health and warmup are run in this order before the first request of \(callProtocol)", callProtocol
            ) { bench in
                var model = try await bench.marked(callProtocol, environment: ["MARK": "mark"])
                func note(_ word: String) -> [String] {
                    ["/bin/sh", "-c", "echo $MARK \(word) $IMFLOW_STAGE >> $IMFLOW_WORKDIR/marks"]
                }
                model.hooks = Hooks(start: note("init"), warmup: note("warmup"), health: note("health"))
                let result = try await bench.result(of: bench.whole(model, ["mode": "marks"]))
                let marks = result["marks"]?.stringValue
                try expect(
                    marks == "mark init words\nmark health words\nmark warmup words\n", "the hooks left \(result.text)")
            },
            ConformanceCase("warm: the first request of \(callProtocol) waits until the health hook succeeds", callProtocol) {
                bench in
                var model = try await bench.marked(callProtocol)
                let third = "echo x >> $IMFLOW_WORKDIR/marks; test $(wc -l < $IMFLOW_WORKDIR/marks) -ge 3"
                model.hooks.health = ["/bin/sh", "-c", third]
                let result = try await bench.result(of: bench.whole(model, ["mode": "marks"]))
                try expect(result["marks"] == "x\nx\nx\n", "the hook left \(result.text)")
            },
            ConformanceCase("warm: a hook of \(callProtocol) that fails fails the attempt with what it wrote", callProtocol) {
                bench in
                var model = try await bench.marked(callProtocol)
                model.hooks.warmup = ["/bin/sh", "-c", "echo no weights for you >&2; exit 7"]
                try await bench.failure(
                    of: bench.whole(model), .app, naming: "the warmup hook", "code 7", "no weights for you")
            },
            ConformanceCase("warm: a hook of \(callProtocol) that is not there fails the attempt", callProtocol) { bench in
                var model = try await bench.marked(callProtocol)
                model.hooks.start = ["/no/such/hook"]
                try await bench.failure(of: bench.whole(model), .app, naming: "hook")
            },
        ]
    }
}

extension CallBench {
    /// A model that tells what is in the file `marks` of its work folder.
    fileprivate func marked(_ callProtocol: CallProtocol, environment: [String: String] = [:]) async throws -> ModelPlan {
        if callProtocol == .rest { return try await server(environment: environment) }
        let source = #"""
            while read -r line; do
                printf '{"result": {"marks": "%s"}}\n' "$(sed 's/$/\\n/' "$IMFLOW_WORKDIR/marks" | tr -d '\n')"
            done
            """#
        return try await model(.shell, source, callProtocol: callProtocol, environment: environment)
    }
}
