import ArgumentParser
import ImflowCompiler
import ImflowContent
import ImflowDocker
import ImflowPlan
import Synchronization

/// Whether models can run on this machine: everything that a run would find out before it starts, and nothing is started.
struct ModelDoctor {
    private final class Foreseen: Sendable {
        let lines = Mutex<[String]>([])
    }

    let search: ModelOptions
    let executor: ExecutorChoice
    /// Empty: the engine of `DOCKER_HOST`.
    let engines: [EngineEntry]
    let disk: String

    func examine(_ name: String) async throws -> ModelFinding {
        var options = search.compileOptions
        options.model = name
        let compilation = Compiler(LocalFiles()).compileJob(nil, options: options)
        guard let plan = compilation.plan else {
            let errors = compilation.diagnostics.filter { $0.severity == .error }
            return ModelFinding(name: name, obstacles: errors.prefix(10).map(\.headline), place: nil)
        }
        let folder = try TryFolder()
        defer { folder.remove() }
        let foreseen = Foreseen()
        let images = ImageSupply(.missing, isForeseen: true, listener: { line in foreseen.lines.withLock { $0.append(line) } })
        let place = try LocalExecutor(
            state: try folder.open(), plan: plan, choice: executor, slots: 1, engines: LocalEngines(engines), images: images)
        let elsewhere = place.modelsElsewhere(of: plan)
        let obstacles = Feasibility().obstacles(to: plan, disk: disk, elsewhere: elsewhere)
        var finding = ModelFinding(name: name, obstacles: obstacles, place: nil)
        let usesDocker = executor == .docker || (executor == .auto && plan.models.values.contains { $0.image != nil })
        finding.place = usesDocker ? "docker" : "process"
        let problem = await MachineDoctor.within(.seconds(30)) { () -> String in
            do { try await place.preflight(plan) } catch { return (error as? CommandFailure)?.message ?? "\(error)" }
            return ""
        }
        await place.shutdown()
        let text = problem ?? "the container engine did not answer within 30 s"
        if !text.isEmpty { finding.obstacles.append(text) }
        finding.preparations = foreseen.lines.withLock { $0 }
        return finding
    }
}
