import ImflowCompiler
import ImflowContent
import ImflowDiagnostics
import ImflowEngine
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Glibc

/// A job compiled again from where it was submitted, and what that changes. Nothing is written until ``commit(to:content:)``.
struct Replanning {
    /// The new plan.
    let plan: Plan
    let difference: PlanDifference
    private let input: JSONValue

    /// - Throws: ``CommandFailure`` when the job cannot be compiled again; findings have been shown then.
    init(_ machine: JobMachine, launched: Launched, content: ContentStore) throws {
        guard let source = launched.source else {
            throw CommandFailure(
                .usage,
                "job \(machine.job) was submitted by an imflow that did not keep its manifests' place (version "
                    + "\(launched.imflow)): it can be resumed as it was planned, or submitted anew")
        }
        guard !source.isStandardInput else {
            throw CommandFailure(
                .usage,
                "job \(machine.job) came from standard input, which cannot be read again: it can be resumed as it "
                    + "was planned, or submitted anew")
        }
        let compilation = try Self.compile(source)
        let renderer = DiagnosticRenderer(.full, colour: FindingOutput.colours(STDERR_FILENO))
        Console.write(renderer.render(compilation.diagnostics), to: STDERR_FILENO)
        guard let plan = compilation.plan else {
            throw CommandFailure(
                compilation.isUnreadable ? .usage : .failed,
                "job \(machine.job) cannot be planned again; imflow resume \(machine.job) goes on as it was planned")
        }
        try self.init(machine, plan: plan, content: content)
    }

    private init(_ machine: JobMachine, plan: Plan, content: ContentStore) throws {
        let old = try StoredPlan.normalized(machine.plan)
        let new = try StoredPlan.normalized(plan)
        let isFetched = machine.fetchTask.map { machine.tasks[$0].status == .succeeded } ?? true
        let fetched = isFetched ? machine.jobInput.flatMap { try? content.value(of: $0) } : nil
        let carried = PlanDifference.carriedInput(from: old, to: new, fetched: fetched)
        let sameInput = old.input == new.input && old.inputFiles == new.inputFiles
        self.plan = new
        input = carried ?? new.input
        difference = PlanDifference(from: old, to: new, fetches: carried == nil && !sameInput)
    }

    private static func compile(_ source: JobSource) throws -> Compilation {
        do {
            return try source.compile()
        } catch {
            throw CommandFailure(.usage, error.message)
        }
    }

    /// Whether plain `resume` should say that the manifests say something else now, and then what would run.
    static func noteChanges(of machine: JobMachine, launched: Launched, content: ContentStore) {
        guard let source = launched.source, !source.isStandardInput, !source.isUnchanged else { return }
        guard let compilation = try? source.compile() else { return }
        guard let plan = compilation.plan else {
            return Console.note(
                "the manifests of job \(machine.job) have changed and have errors now (imflow check shows them); "
                    + "it goes on as it was planned")
        }
        guard let replanning = try? Replanning(machine, plan: plan, content: content), !replanning.difference.isEmpty
        else { return }
        Console.note(
            "the manifests of job \(machine.job) say something else now; it goes on as it was planned, where "
                + "imflow resume \(machine.job) --replan would run \(replanning.runningStages)")
    }

    /// `split, words and 3 more stages`, `nothing again`.
    private var runningStages: String {
        let names = difference.effects.enumerated().filter { $0.element != .keep }.map { stage, effect in
            effect == .merge ? "the merge of \(plan.stages[stage].name)" : plan.stages[stage].name
        }
        guard !names.isEmpty else { return "no stage again" }
        let shown = names.prefix(8).joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more stages" : shown
    }

    /// Why stages run, as a resume's plan tells it.
    var reasons: [Int: ResumePlan.Reason] {
        var reasons: [Int: ResumePlan.Reason] = [:]
        for (stage, effect) in difference.effects.enumerated() {
            switch effect {
            case .keep: break
            case .merge, .run: reasons[stage] = .replanned
            case .follows(let upstream): reasons[stage] = .inputChanges(stage: plan.stages[upstream].name)
            }
        }
        return reasons
    }

    /// Takes the machine to the new plan, which is stored, and answers the fact that does so.
    func commit(to machine: inout JobMachine, content: ContentStore) throws -> Fact {
        let fact = Fact.replanned(
            machine.replan(
                difference, to: plan, plan: try StoredPlan.write(plan, to: content),
                input: try content.payload(input), at: WallClock.now))
        try rehearse(fact, on: &machine)
        return fact
    }

    /// The machine by the new plan, with nothing written anywhere.
    func rehearsed(_ machine: JobMachine) throws -> JobMachine {
        var machine = machine
        let replan = machine.replan(
            difference, to: plan, plan: .unstored("the new plan"), input: .unstored(input), at: WallClock.now)
        try rehearse(.replanned(replan), on: &machine)
        return machine
    }

    private func rehearse(_ fact: Fact, on machine: inout JobMachine) throws {
        guard case .replanned(let replan) = fact else { return }
        machine.plans[replan.plan.hash] = plan
        machine.apply(fact)
    }

    /// The difference for people.
    var lines: [String] {
        func list(_ title: String, _ names: [String]) -> [String] {
            names.prefix(50).map { "\(title) \($0)" } + (names.count > 50 ? ["\(title) \(names.count - 50) more"] : [])
        }
        func text(_ change: PlanDifference.Change) -> String { "\(change.name): \(change.fields.joined(separator: ", "))" }
        return list("added stage  ", difference.added) + list("removed stage", difference.removed)
            + list("changed stage", difference.changed.map(text)) + list("changed model", difference.models.map(text))
            + list("changed job  ", difference.job)
    }

    var json: JSONValue {
        func names(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }
        func changes(_ changes: [PlanDifference.Change]) -> JSONValue {
            .array(changes.map { ["name": .string($0.name), "fields": names($0.fields)] })
        }
        return [
            "added": names(difference.added), "removed": names(difference.removed),
            "changed": changes(difference.changed), "models": changes(difference.models),
            "job": names(difference.job), "fetches": .bool(difference.fetches),
        ]
    }
}

extension Payload {
    /// For a machine that is only looked at: inline, however large.
    fileprivate static func unstored(_ value: JSONValue) -> Payload {
        let bytes = value.canonicalBytes()
        return Payload(hash: ContentHash(of: bytes), size: bytes.count, inline: String(decoding: bytes, as: UTF8.self))
    }
}
