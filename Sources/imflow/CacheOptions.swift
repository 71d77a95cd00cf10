import ArgumentParser
import ImflowDiagnostics
import ImflowPlan

/// How a run uses the results of other jobs.
struct CacheOptions: ParsableArguments {
    @Flag(help: "Take no result from the cache, and note none there.")
    var noCache = false
    @Option(help: ArgumentHelp("Make this stage's results anew, and note them in the cache. Repeatable.", valueName: "stage"))
    var refresh: [String] = []

    func validate() throws {
        if noCache, !refresh.isEmpty { throw ValidationError("--refresh notes results anew, which --no-cache forbids") }
    }

    /// The stages of the plan that `--refresh` names: a stage by its own name, all of a pipeline or of a repeated stage by
    /// theirs.
    /// - Throws: ``CommandFailure`` for a name that no stage has.
    func refreshed(in plan: Plan) throws -> Set<String> {
        var stages: Set<String> = []
        for name in refresh {
            let named = plan.stages.filter { stage in
                stage.name == name || stage.name.hasPrefix(name + ".") || stage.name.hasPrefix(name + "@")
            }
            if named.isEmpty { throw Self.unknown(name, plan) }
            if !named.contains(where: { $0.policy.cache }) {
                Console.note("stage \(name) has no `cache: true`: its results are never taken from the cache")
            }
            stages.formUnion(named.map(\.name))
        }
        return stages
    }

    private static func unknown(_ name: String, _ plan: Plan) -> CommandFailure {
        let names = plan.stages.map(\.name)
        if let near = nearest(name, in: names) {
            return CommandFailure(.usage, "--refresh \(name): the job has no such stage; did you mean \(near)?")
        }
        let some = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
        return CommandFailure(.usage, "--refresh \(name): the job has no such stage; it has \(some)")
    }
}
