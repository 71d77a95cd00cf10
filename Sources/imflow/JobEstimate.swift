import FoundationEssentials
import ImflowContent
import ImflowData
import ImflowEngine
import ImflowJSON
import ImflowPlan
import ImflowStore

/// What running a plan will come to on this machine, as far as it can be told before: units, disk, the critical path and,
/// where earlier jobs called the same models, how long it will take.
struct JobEstimate {
    enum Basis: String {
        /// The plan, or a file it names, tells.
        case exact
        /// As many as earlier jobs' splits made of the same model's input, in the middle.
        case history
        case afterSplit = "after-split"
    }

    struct Stage {
        var name: String
        var model: String?
        /// Nil: known after the split.
        var units: Int?
        var shards: Int?
        var basis: Basis
        /// Of one unit's call, in the middle of earlier ones.
        var unitMilliseconds: Double?
    }

    let plan: Plan
    let slots: Int
    private(set) var stages: [Stage] = []
    let path: CriticalPath
    /// Nil: something is not known, see ``unknown``.
    private(set) var makespan: MakespanSimulation.Result?
    /// In bytes; nil: some are not known.
    private(set) var inputBytes: Int64?
    private(set) var outputBytes: Int64?
    /// What the cache would answer; nil: no stage may use it, or there is none.
    var cache: CachePreview?
    /// What an answer would need, a sentence each.
    private(set) var unknown: [String] = []

    /// - Parameters:
    ///   - history: of every kind of work in the plan that earlier jobs did.
    ///   - slots: attempts that run at once.
    init(_ plan: Plan, history: WorkHistory, slots: Int) {
        self.plan = plan
        self.slots = slots
        let forecast = UnitForecast(plan)
        for index in plan.stages.indices { stages.append(Self.stage(index, plan, forecast, history)) }
        path = CriticalPath(plan, units: stages.map(\.units), history: history)
        inputBytes = Self.inputBytes(plan)
        outputBytes = outputs(history)
        unknown = gaps(history)
        guard unknown.isEmpty else { return }
        makespan = MakespanSimulation(plan, units: stages.map { $0.units ?? 1 }, history: history, slots: slots)
            .result(seed: 1)
    }

    private static func stage(
        _ index: Int, _ plan: Plan, _ forecast: UnitForecast, _ history: WorkHistory
    ) -> Stage {
        let stage = plan.stages[index]
        var units = forecast.units(ofStage: index)
        var basis = Basis.exact
        if units == nil {
            let earlier = plan.workKind(.split, ofStage: index).flatMap { history[$0] } ?? []
            units = median(earlier.map { Double($0.units) }).map { Int($0) }
            basis = units == nil ? .afterSplit : .history
        }
        var model: String?
        if case .call(let key) = stage.kind { model = key }
        let calls = plan.workKind(.call, ofStage: index).flatMap { history[$0] } ?? []
        return Stage(
            name: stage.name, model: model, units: units,
            shards: units.map { stage.split == nil ? 1 : min($0, max(stage.split?.shardLimit ?? 1, 1)) }, basis: basis,
            unitMilliseconds: median(calls.map { $0.milliseconds / Double(max($0.units, 1)) }))
    }

    private static func median(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.sorted()[values.count / 2]
    }

    private func gaps(_ history: WorkHistory) -> [String] {
        var gaps: [String] = []
        for (index, stage) in stages.enumerated() {
            if stage.units == nil { gaps.append("the units of \(stage.name) are known after its split") }
            for step in [WorkKind.Step.call, .reduce] {
                guard let kind = plan.workKind(step, ofStage: index), history[kind] == nil else { continue }
                let version = kind.version.map { " \($0)" } ?? ""
                let gap = "no earlier job has called \(kind.model)\(version)"
                if !gaps.contains(gap) { gaps.append(gap) }
            }
        }
        return gaps
    }

    /// Everything that is made stays until `gc`: the outputs of all calls, and what they are merged into.
    private func outputs(_ history: WorkHistory) -> Int64? {
        var sum = 0.0
        for (index, stage) in stages.enumerated() {
            guard let units = stage.units else { return nil }
            for step in WorkKind.Step.allCases {
                guard let kind = plan.workKind(step, ofStage: index) else { continue }
                guard let samples = history[kind], !samples.isEmpty else { return nil }
                let each = samples.reduce(0) { $0 + Double($1.bytes) / Double(max($1.units, 1)) }
                sum += each / Double(samples.count) * Double(units)
            }
        }
        return Int64(min(sum, 1e18))
    }

    /// Of files on this machine and of data in URLs; nil when some lie elsewhere.
    private static func inputBytes(_ plan: Plan) -> Int64? {
        var sum: Int64 = 0
        for pointer in plan.inputFiles {
            guard let url = member(pointer, of: plan.input)?.stringValue else { return nil }
            if url.hasPrefix("data:") {
                sum += Int64(url.utf8.count)
            } else {
                guard url.hasPrefix("file://"), let path = URL(string: url)?.path,
                    let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64 ?? nil
                else { return nil }
                sum += size
            }
        }
        return sum
    }

    /// RFC 6901.
    private static func member(_ pointer: String, of value: JSONValue) -> JSONValue? {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst().reduce(Optional(value)) { at, token in
            let name = String(token).replacing("~1", with: "/").replacing("~0", with: "~")
            if let items = at?.arrayValue { return Int(name).flatMap { items.indices.contains($0) ? items[$0] : nil } }
            return at?[name]
        }
    }

    /// Every kind of work in the plan.
    static func kinds(of plan: Plan) -> Set<WorkKind> {
        var kinds: Set<WorkKind> = []
        for index in plan.stages.indices {
            for step in WorkKind.Step.allCases {
                if let kind = plan.workKind(step, ofStage: index) { kinds.insert(kind) }
            }
        }
        return kinds
    }
}

extension JobEstimate {
    /// Stages whose calls stand in a text.
    private static let shownStages = 40

    var text: String {
        var lines = ["", "estimate"]
        func line(_ title: String, _ text: String) { lines.append("  \(title.padding(to: 9))\(text)") }
        line("slots", "\(slots)")
        let telling = zip(stages, plan.stages).filter { $1.split != nil || $0.unitMilliseconds != nil }.map(\.0)
        for stage in telling.prefix(Self.shownStages) { line("calls", Self.text(stage)) }
        if telling.count > Self.shownStages { line("", "and those of \(telling.count - Self.shownStages) more stages") }
        for (name, found) in caching.prefix(Self.shownStages) { line("cached", Self.text(name, found)) }
        let names = path.stages.map { plan.stages[$0].name }
        let middle = ["… (\(names.count) stages)"]
        let shown = names.count > 12 ? Array(names.prefix(6)) + middle + Array(names.suffix(3)) : names
        let least = path.milliseconds.map { ": at least \(WallClock.span(Int64($0.rounded())))" } ?? ""
        line("critical", shown.joined(separator: " → ") + least)
        let input = inputBytes.map(Self.bytes) ?? "an unknown amount"
        let output = outputBytes.map(Self.bytes) ?? "an unknown amount"
        line("disk", "\(input) of inputs, \(output) of outputs")
        if let makespan {
            let runs = "\(makespan.runs) simulated runs"
            line(
                "makespan",
                "p50 \(WallClock.span(Int64(makespan.p50.rounded()))), p90 \(WallClock.span(Int64(makespan.p90.rounded())))"
                    + " (\(runs), nothing fails)")
            if let limit = plan.policy.timeout, makespan.p90 > Double(limit.milliseconds) {
                line("", "the job's timeout of \(WallClock.span(limit.milliseconds)) may end it")
            }
        } else {
            line("makespan", "unknown: " + unknown.prefix(4).joined(separator: "; ") + (unknown.count > 4 ? "; …" : ""))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ stage: Stage) -> String {
        let each = stage.unitMilliseconds.map { ", each about \(WallClock.span(Int64($0.rounded())))" } ?? ""
        guard let units = stage.units, let shards = stage.shards else {
            return "\(stage.name): known after the split\(each)"
        }
        let basis = stage.basis == .history ? " (as in earlier jobs)" : ""
        return "\(stage.name): \(units) unit\(units == 1 ? "" : "s") in \(shards) shard\(shards == 1 ? "" : "s")\(basis)\(each)"
    }

    /// In the plan's order.
    private var caching: [(String, CachePreview.Stage)] {
        plan.stages.compactMap { stage in cache?.stages[stage.name].map { (stage.name, $0) } }
    }

    private static func text(_ name: String, _ found: CachePreview.Stage) -> String {
        let known = found.cached + found.made
        if known == 0, !found.isWhole { return "\(name): known when what it needs is there" }
        return "\(name): \(found.cached) of \(known) call\(known == 1 ? "" : "s")\(found.isWhole ? "" : ", and more that are not known yet")"
    }

    private static func bytes(_ count: Int64) -> String {
        if count < 10_000 { return "\(count) B" }
        if count < 10_000_000 { return "\(count / 1000) kB" }
        return count < 10_000_000_000 ? "\(count / 1_000_000) MB" : "\(count / 1_000_000_000) GB"
    }

    /// - Parameter obstacles: why the plan cannot run here.
    func json(jobID: String?, obstacles: [String]) -> JSONValue {
        func number(_ value: Double?) -> JSONValue { value.map { .number(($0 * 1000).rounded() / 1000) } ?? .null }
        func count(_ value: Int?) -> JSONValue { value.map { .int(Int64($0)) } ?? .null }
        let stages = stages.map { stage -> JSONValue in
            [
                "name": .string(stage.name), "model": stage.model.map { .string($0) } ?? .null,
                "units": count(stage.units), "shards": count(stage.shards), "units_known": .string(stage.basis.rawValue),
                "unit_ms": number(stage.unitMilliseconds),
            ]
        }
        let span: JSONValue =
            makespan.map {
                [
                    "p50_ms": number($0.p50), "p90_ms": number($0.p90), "runs": .int(Int64($0.runs)),
                    "bundled_shards": .int(Int64($0.bundle)),
                ]
            } ?? .null
        return [
            "schema": "imflow.estimate/v1", "job_id": jobID.map { .string($0) } ?? .null, "slots": count(slots),
            "stages": .array(stages),
            "critical_path": [
                "stages": .array(path.stages.map { .string(plan.stages[$0].name) }),
                "milliseconds": number(path.milliseconds),
            ],
            "disk": [
                "input_bytes": inputBytes.map { .int($0) } ?? .null,
                "output_bytes": outputBytes.map { .int($0) } ?? .null,
            ],
            "cached": .array(caching.map { name, found in
                [
                    "stage": .string(name), "cached": .int(Int64(found.cached)), "made": .int(Int64(found.made)),
                    "whole": .bool(found.isWhole),
                ]
            }),
            "makespan": span, "unknown": .array(unknown.map { .string($0) }),
            "infeasible": .array(obstacles.map { .string($0) }),
        ]
    }
}
