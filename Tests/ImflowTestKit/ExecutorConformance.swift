package import ImflowPlan

/// One demand on whatever runs models, with a real program that shows it.
package struct ConformanceCase: Sendable, CustomStringConvertible {
    package let name: String
    package let callProtocol: CallProtocol
    let startWindow: TimeSpan?
    let demand: @Sendable (CallBench) async throws -> Void

    package var description: String { name }

    init(
        _ name: String, _ callProtocol: CallProtocol, startWindow: TimeSpan? = nil,
        demand: @escaping @Sendable (CallBench) async throws -> Void
    ) {
        self.name = name
        self.callProtocol = callProtocol
        self.startWindow = startWindow
        self.demand = demand
    }

    /// Throws ``ConformanceViolation`` when the demand is not met, when something of the job is left running after
    /// shutdown, or when an attempt's folder is still there.
    /// - Returns: false when the fixture cannot try it.
    @discardableResult
    package func run(on fixture: any ConformanceFixture) async throws -> Bool {
        guard fixture.protocols.contains(callProtocol) else { return false }
        let bench = CallBench(fixture: fixture, startWindow: startWindow)
        do {
            try await demand(bench)
        } catch {
            await bench.executor.shutdown()
            throw error
        }
        await bench.executor.shutdown()
        try await bench.checkNothingIsLeft()
        return true
    }
}

/// The suite that every executor of calls holds: one place of truth for what processes, containers and remote nodes do.
package enum ExecutorConformance {
    package static let cases: [ConformanceCase] =
        execCases + execFailureCases + restCases + warmCases + oipCases + cogCases + jsonlCases
        + schemaCases

    /// Runs cases side by side, each on a fixture of its own.
    /// - Parameter width: so many at once.
    /// - Returns: of each case that does not hold, its name and why.
    package static func violations(
        of cases: [ConformanceCase], atOnce width: Int,
        on fixture: @escaping @Sendable () throws -> any ConformanceFixture
    ) async -> [String] {
        await withTaskGroup(of: String?.self) { group in
            var rest = cases[...]
            var found: [String] = []
            func begin() {
                guard let next = rest.popFirst() else { return }
                group.addTask {
                    do {
                        try await next.run(on: try fixture())
                        return nil
                    } catch { return "\(next.name): \(error)" }
                }
            }
            for _ in 0..<max(1, width) { begin() }
            while let violation = await group.next() {
                if let violation { found.append(violation) }
                begin()
            }
            return found
        }
    }
}
