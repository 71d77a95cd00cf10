import ArgumentParser
import Glibc
import ImflowCompiler
import ImflowDiagnostics
import ImflowExecution
import ImflowInvocation
import ImflowJSON
import ImflowPlan

/// The one model that is tried, and what it is to be given.
struct TriedModel {
    /// Of a job that calls the model once.
    var plan: Plan
    var model: ModelPlan
    /// Before its files were fetched.
    var input: JSONValue
    var verdict: SchemaVerdict
    var timeout: TimeSpan?
    /// What its stage would do beside the call, which is left out here; empty: nothing.
    var remarks: [String]

    /// Finds the model and holds the input against its schema. What is wrong with the manifest, or else with the input, is
    /// shown on standard error, each at its place.
    /// - Parameter input: nil: only the model is wanted.
    /// - Throws: the exit code 1 when the manifest has errors, 2 when a file cannot be read.
    init(_ name: String, input: JSONObject?, search: ModelOptions) throws {
        var options = search.compileOptions
        options.model = name
        let bare = Compiler(LocalFiles()).compileJob(nil, options: options)
        guard let barePlan = bare.plan else {
            Self.show(bare.diagnostics.filter { $0.severity == .error })
            throw ExitCode(bare.isUnreadable ? ExitStatus.usage.rawValue : ExitStatus.failed.rawValue)
        }
        let (model, stage) = try Self.model(of: barePlan, named: name)
        guard let input else {
            (self.model, self.input, plan) = (model, .object([:]), barePlan)
            (verdict, timeout, remarks) = (SchemaVerdict(), nil, [])
            return
        }
        options.input = input
        options.isSubmitted = true
        let compilation = Compiler(LocalFiles()).compileJob(nil, options: options)
        Self.show(compilation.diagnostics.filter { $0.severity == .error })
        self.model = model
        self.input = compilation.plan?.input ?? .object(input)
        plan = compilation.plan ?? barePlan
        plan.models = plan.models.filter { $0.value == model }
        timeout = stage.policy.timeout
        var verdict: SchemaVerdict
        do throws(Failure) { verdict = try SchemaVerdict.ofInput(self.input, of: model) } catch {
            throw CommandFailure(.failed, error.message)
        }
        if compilation.plan == nil, verdict.fits {
            // The compiler sees more than the schema does, such as a member that nothing gives.
            verdict.violations = [
                SchemaVerdict.Violation(pointer: "", schemaPointer: "", sentence: "it cannot be bound to the model's input")
            ]
        }
        self.verdict = verdict
        remarks = Self.remarks(on: stage, of: model)
    }

    private static func show(_ diagnostics: [Diagnostic]) {
        let renderer = DiagnosticRenderer(.full, colour: FindingOutput.colours(STDERR_FILENO))
        Console.write(renderer.render(diagnostics), to: STDERR_FILENO)
    }

    private static func model(of plan: Plan, named name: String) throws -> (ModelPlan, StagePlan) {
        let calls = plan.stages.compactMap { stage -> (ModelPlan, StagePlan)? in
            guard case .call(let key) = stage.kind, let model = plan.models[key] else { return nil }
            return (model, stage)
        }
        guard calls.count == 1, let only = calls.first else {
            let models = Set(calls.map(\.0.name)).sorted().joined(separator: ", ")
            throw CommandFailure(
                .usage, "\(name) is a pipeline: try one of its models (\(models)), or call them all with imflow run --model \(name)")
        }
        return only
    }

    private static func remarks(on stage: StagePlan, of model: ModelPlan) -> [String] {
        guard stage.split != nil else { return [] }
        return ["\(model.name) splits its input; here it gets all of it in one call, and imflow run --model \(model.name) splits"]
    }
}
