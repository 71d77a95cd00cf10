import ImflowExecution
import ImflowJSON
import ImflowPlan

/// How containers end that their programs did not end: what must hold on every engine, by every protocol.
package enum ContainerConformance {
    /// More than a server of the suite needs, and far less than it takes when it is told to.
    private static let memory = ByteCount(bytes: 96 << 20)

    package static let cases = CallProtocol.allCases.flatMap { callProtocol in
        [
            ConformanceCase("\(callProtocol): a program that takes too much memory is told to have", callProtocol) { bench in
                var model = try await bench.obedient(callProtocol)
                model.resources.memory = memory
                let order = try bench.whole(model, ["n": 1, "mode": "eat"])
                if (bench.fixture as? any ContainerFixture)?.tellsShortages == true {
                    try await bench.failure(of: order, .oom, naming: "killed because memory ran out")
                } else {
                    try await bench.failure(of: order, .app, naming: "signal 9 (SIGKILL)")
                }
                _ = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 2))
            },
            ConformanceCase("\(callProtocol): a program that somebody else kills is not to blame", callProtocol) { bench in
                try await bench.interrupted(by: { try await $0.kill(job: $1) }, .preempted, callProtocol, naming: "from outside")
            },
            ConformanceCase("\(callProtocol): a container that somebody else removes is not to blame", callProtocol) { bench in
                try await bench.interrupted(by: { try await $0.remove(job: $1) }, .lost, callProtocol, naming: "by somebody else")
            },
        ]
    }

    /// The engine is killed while the model works. (To an engine, `oip` and `rest` are one.)
    package static func deaths(of engine: any MortalEngine) -> [ConformanceCase] {
        [CallProtocol.exec, .jsonl, .rest, .cog].map { callProtocol in
            ConformanceCase("\(callProtocol): an engine that dies is not the model's failure", callProtocol) { bench in
                let model = try await bench.obedient(callProtocol)
                let order = try bench.whole(model, ["n": 1, "mode": "hang"])
                let report = try await bench.interrupting(order) {
                    try await engine.killEngine()
                    try await engine.reviveEngine()
                }
                guard case .failed(let failure) = report.outcome else {
                    throw ConformanceViolation("it should have failed")
                }
                try expect([.infra, .lost, .preempted].contains(failure.cause), "it failed with \(failure)")
                _ = try await bench.result(of: bench.whole(model, ["n": 1], attempt: 2))
            }
        }
    }
}

extension CallBench {
    /// A model that hangs, or takes a gigabyte of memory, when it is told to by `mode`.
    fileprivate func obedient(_ callProtocol: CallProtocol) async throws -> ModelPlan {
        switch callProtocol {
        case .rest: try await server()
        case .oip: try await tensorServer()
        case .cog: try await predictionServer()
        case .exec, .jsonl: try await model(.python, ObedientProgram.source, callProtocol: callProtocol)
        }
    }

    fileprivate func interrupted(
        by interrupt: @Sendable (any ContainerFixture, _ job: String) async throws -> Void, _ cause: Cause,
        _ callProtocol: CallProtocol, naming words: String
    ) async throws {
        guard let fixture = fixture as? any ContainerFixture else { throw ConformanceViolation("no containers run here") }
        let model = try await obedient(callProtocol)
        let order = try whole(model, ["n": 1, "mode": "hang"])
        let report = try await interrupting(order) { try await interrupt(fixture, job) }
        guard case .failed(let failure) = report.outcome else { throw ConformanceViolation("it should have failed") }
        try expect(failure.cause == cause && failure.message.contains(words), "it failed with \(failure)")
        _ = try await result(of: whole(model, ["n": 1], attempt: 2))
    }

    /// Runs an order whose model hangs, and does something to what runs each time it hangs: another instance may have taken
    /// the unit.
    fileprivate func interrupting(_ order: WorkOrder, by interrupt: () async throws -> Void) async throws -> AttemptReport {
        let run = Task { await self.run(order) }
        if case .call(let work) = order.work, work.model.callProtocol == .exec {
            try await waitUntilLogged("hanging", by: [order])
            try await interrupt()
            return await run.value
        }
        var count = 1
        while (try? await waitUntilLogged("hanging", byInstances: count, for: order)) != nil {
            try await interrupt()
            count += 1
        }
        return await run.value
    }
}

/// Answers lines, one or many.
private enum ObedientProgram {
    static let source = #"""
        import json, sys, time
        for line in sys.stdin:
            mode = json.loads(line)["input"].get("mode", "")
            if mode == "hang":
                print("hanging", file=sys.stderr, flush=True)
                time.sleep(1000)
            elif mode == "eat":
                big = bytearray(1 << 30)
            print("[1]", flush=True)
        """#
}
