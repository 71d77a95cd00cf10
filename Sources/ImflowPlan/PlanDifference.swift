package import ImflowJSON

/// What a job's manifests say now against what they said when it was planned, and what that means for what the job
/// has made already. Stages are the same when their names are.
package struct PlanDifference: Sendable, Equatable {
    /// What becomes of a stage of the new plan.
    package enum Effect: Sendable, Equatable {
        /// What the stage has made stays.
        case keep
        /// Its shards stay; they are merged anew.
        case merge
        /// It runs again, for its own changes, or because it is new.
        case run
        /// It runs again, since what this stage hands on changes.
        case follows(stage: Int)
    }

    package struct Change: Sendable, Equatable {
        package var name: String
        /// The fields that differ, in the manifests' spelling.
        package var fields: [String]
    }

    /// Stages by name.
    package private(set) var added: [String] = []
    package private(set) var removed: [String] = []
    /// Stages of both plans, less what their models changed in.
    package private(set) var changed: [Change] = []
    /// Models that stages of both plans call.
    package private(set) var models: [Change] = []
    /// Fields of the job itself: `input.text`, `policy.timeout`, `outputs`.
    package private(set) var job: [String] = []
    /// By index in the new plan.
    package private(set) var effects: [Effect] = []
    /// Whether the input's files are to be fetched anew.
    package let fetches: Bool

    /// Whether both plans say the same.
    package var isEmpty: Bool {
        added.isEmpty && removed.isEmpty && changed.isEmpty && models.isEmpty && job.isEmpty
    }

    /// - Parameter fetches: whether files of the new input are not at hand: then everything runs again.
    package init(from old: Plan, to new: Plan, fetches: Bool) {
        self.fetches = fetches
        let origins = Dictionary(old.stages.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        let names = Set(new.stages.map(\.name))
        added = new.stages.map(\.name).filter { origins[$0] == nil }
        removed = old.stages.map(\.name).filter { !names.contains($0) }
        compareJobs(old, new)
        /// Whether what the stage hands on is not what it was.
        var differs: [Bool] = []
        for (index, stage) in new.stages.enumerated() {
            guard let origin = origins[stage.name] else {
                effects.append(.run)
                differs.append(true)
                continue
            }
            let pair = StagePair(old, origin, new, index)
            let fields = pair.fields
            if !fields.isEmpty { changed.append(Change(name: stage.name, fields: fields)) }
            for change in pair.models where !models.contains(change) { models.append(change) }
            let upstream = stage.needs + (stage.softNeeds ?? []) + (stage.binding.sources ?? [])
            let effect = fetches ? .run : pair.effect ?? upstream.first { differs[$0] }.map { .follows(stage: $0) }
            effects.append(effect ?? pair.mergeEffect)
            differs.append(effects[index] != .keep || pair.publishesOtherwise)
        }
    }

    private mutating func compareJobs(_ old: Plan, _ new: Plan) {
        job = FieldDifference.fields(old.input, new.input).map { $0.isEmpty ? "input" : "input.\($0)" }
        job += FieldDifference.fields(old.policy, new.policy)
        func outputs(_ plan: Plan) -> [String] { plan.outputs.map { plan.stages[$0].name } }
        if outputs(old) != outputs(new) { job.append("outputs") }
        if job.isEmpty, old.inputFiles != new.inputFiles { job.append("input") }
    }

    /// The new plan's input with what was fetched for the old one in place of the members that are the same; nil when
    /// a member names files that were not fetched.
    /// - Parameter fetched: the old plan's input as its fetch answered it; nil: nothing has been fetched.
    package static func carriedInput(from old: Plan, to new: Plan, fetched: JSONValue?) -> JSONValue? {
        guard !new.inputFiles.isEmpty else { return new.input }
        guard var members = new.input.objectValue, let fetched = fetched?.objectValue else { return nil }
        for key in members.keys {
            func files(_ plan: Plan) -> [String] { plan.inputFiles.filter { isBelow($0, member: key) } }
            guard !files(new).isEmpty else { continue }
            guard old.input[key] == members[key], files(old) == files(new), let value = fetched[key] else { return nil }
            members[key] = value
        }
        return .object(members)
    }

    /// Whether a JSON pointer (RFC 6901) leads to the member of this name or into it.
    private static func isBelow(_ pointer: String, member key: String) -> Bool {
        let first = pointer.dropFirst().prefix { $0 != "/" }
        return key == first || key == unescaped(first)
    }

    private static func unescaped(_ token: Substring) -> String {
        var out = ""
        var escaped = false
        for letter in token {
            if escaped { out.append(letter == "1" ? "/" : "~") } else if letter != "~" { out.append(letter) }
            escaped = !escaped && letter == "~"
        }
        return out
    }
}

/// One stage in two plans.
private struct StagePair {
    let old: Plan
    let new: Plan
    let was: StagePlan
    let now: StagePlan

    init(_ old: Plan, _ origin: Int, _ new: Plan, _ index: Int) {
        self.old = old
        self.new = new
        was = old.stages[origin]
        now = new.stages[index]
    }

    /// Indexes mean nothing across plans: they are compared as names.
    private static func detached(_ stage: StagePlan) -> StagePlan {
        var stage = stage
        stage.kind = .pass
        stage.needs = []
        stage.softNeeds = nil
        stage.follows = nil
        stage.binding.sources = nil
        stage.entry = nil
        stage.beyond = nil
        if stage.merge?.reducer != nil { stage.merge?.reducer = "" }
        return stage
    }

    private static func links(_ stage: StagePlan, _ plan: Plan) -> [(String, [String])] {
        func names(_ indexes: [Int]) -> [String] { indexes.map { plan.stages[$0].name } }
        return [
            ("needs", names(stage.needs).sorted()), ("soft_needs", names(stage.softNeeds ?? []).sorted()),
            ("entry", names(stage.entry.map { [$0] } ?? [])), ("beyond", beyond(stage, plan)),
        ]
    }

    private static func beyond(_ stage: StagePlan, _ plan: Plan) -> [String] {
        switch stage.beyond {
        case .needs(let index): [plan.stages[index].name]
        case .nothing: [""]
        case nil: []
        }
    }

    private var differingLinks: [String] {
        let links = zip(Self.links(was, old), Self.links(now, new)).filter { $0.1 != $1.1 }.map { $0.0.0 }
        // Where the graph says what a stage sees, its needs and those of the stages before it say all.
        guard let before = was.binding.sources, let after = now.binding.sources else { return links }
        return before.map { old.stages[$0].name } == after.map { new.stages[$0].name } ? links : links + ["sources"]
    }

    /// All fields that differ, but those of its models.
    var fields: [String] {
        var fields = FieldDifference.fields(Self.detached(was), Self.detached(now)) + differingLinks
        if was.follows.map({ old.stages[$0].name }) != now.follows.map({ new.stages[$0].name }) {
            fields.append("follows")
        }
        if (model == nil) != (oldModel == nil) || model?.name != oldModel?.name { fields.insert("model", at: 0) }
        if reducer?.name != oldReducer?.name { fields.append("reducer") }
        return fields
    }

    private static func model(_ stage: StagePlan, _ plan: Plan) -> ModelPlan? {
        if case .call(let key) = stage.kind { return plan.models[key] }
        return nil
    }

    private var oldModel: ModelPlan? { Self.model(was, old) }
    private var model: ModelPlan? { Self.model(now, new) }
    private var oldReducer: ModelPlan? { was.merge?.reducer.flatMap { old.models[$0] } }
    private var reducer: ModelPlan? { now.merge?.reducer.flatMap { new.models[$0] } }

    /// In what the stage's models differ.
    var models: [PlanDifference.Change] {
        [(oldModel, model), (oldReducer, reducer)].compactMap { was, now in
            guard let was, let now, was.name == now.name, was != now else { return nil }
            return PlanDifference.Change(name: now.name, fields: FieldDifference.fields(was, now))
        }
    }

    /// What an attempt may use, how many run at once, and how long instances stay, change no result.
    private static func essence(_ model: ModelPlan?) -> ModelPlan? {
        guard var model else { return nil }
        model.resources = Resources()
        model.concurrency = 1
        model.maxParallel = nil
        model.minInstances = nil
        model.maxInstances = nil
        model.idleTimeout = nil
        model.startTimeout = nil
        return model
    }

    /// What the stage makes depends on it; policies say only when and how often it is tried.
    private static func essence(_ stage: StagePlan) -> StagePlan {
        var stage = detached(stage)
        stage.priority = 0
        stage.policy = StagePolicy()
        stage.merge = nil
        stage.outputKey = nil
        return stage
    }

    /// Nil: nothing of its own makes it run again.
    var effect: PlanDifference.Effect? {
        guard Self.essence(was) == Self.essence(now), differingLinks.isEmpty, readsTheSameInput,
            (was.merge == nil) == (now.merge == nil), Self.essence(oldModel) == Self.essence(model)
        else { return .run }
        return nil
    }

    var mergeEffect: PlanDifference.Effect {
        var merges = (was.merge, now.merge)
        merges.0?.reducer = nil
        merges.1?.reducer = nil
        return merges.0 == merges.1 && Self.essence(oldReducer) == Self.essence(reducer) ? .keep : .merge
    }

    var publishesOtherwise: Bool { was.outputKey != now.outputKey }

    private var readsTheSameInput: Bool {
        guard now.binding.jobInput, old.input != new.input else { return true }
        // A condition sees everything in reach.
        guard let key = now.binding.key, now.when == nil else { return false }
        return old.input[key] == new.input[key]
    }
}
