package import ImflowContent
package import ImflowExecution
package import ImflowInvocation
package import ImflowPlan

/// A program that the suite wants to see run as a model.
package struct ModelProgram: Sendable {
    package enum Language: Sendable {
        /// POSIX sh with the commands that busybox has, too.
        case shell
        /// Python 3 with its standard library only.
        case python
    }

    package var language: Language
    package var source: String
    package var callProtocol: CallProtocol
    package var concurrency: Int
    package var environment: [String: String]

    package init(
        _ language: Language, _ source: String, callProtocol: CallProtocol = .exec, concurrency: Int = 1,
        environment: [String: String] = [:]
    ) {
        self.language = language
        self.source = source
        self.callProtocol = callProtocol
        self.concurrency = concurrency
        self.environment = environment
    }
}

/// A place where models run, as the suite needs it. Each case gets a fixture of its own, with an empty state folder.
package protocol ConformanceFixture: Sendable {
    var host: any ModelHost { get }
    var staging: any InputStaging { get }
    var state: StateFolder { get }
    var content: ContentStore { get }
    /// Which protocols can be tried here.
    var protocols: Set<CallProtocol> { get }
    /// Longer than it takes here to start a program that answers at once.
    var patience: TimeSpan { get }

    /// Puts the program where the host can run it, and answers the model that does.
    func model(running program: ModelProgram) async throws -> ModelPlan
    /// What still runs, or was left behind, for the job: a line each, nothing when all is well.
    func leftovers(of job: String) async throws -> [String]
    /// What the host needed for itself and has not taken away, of any job, once it was shut down and the job swept:
    /// networks, volumes, processes. A line each.
    func remains() async throws -> [String]
}

/// What the executor did otherwise than its contract says.
package struct ConformanceViolation: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
