/// One stage's progress as text.
struct ProgressLine {
    private let stage: Progress.Stage
    private let rate: Double?

    init(_ stage: Progress.Stage) {
        self.stage = stage
        if let started = stage.startedAt {
            let elapsed = (ContinuousClock.now - started) / .seconds(1)
            let done = stage.unitsDone - stage.unitsAtStart
            rate = elapsed > 0.2 && done > 0 ? Double(done) / elapsed : nil
        } else {
            rate = nil
        }
    }

    /// `words: running, 12/16 shards, 1200/1600 units, 34.5 units/s, 0:12 left, 1 retried`
    var plain: String { (["\(stage.name): \(stage.status)"] + facts).joined(separator: ", ") }

    /// The same with a bar, cut to the terminal's width.
    func bar(columns: Int) -> String {
        let width = 24
        let filled = Int((Double(width) * share).rounded(.down))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let name = String(stage.name.prefix(20)).padding(to: 20)
        let line =
            "\(name) \(bar) \(facts.joined(separator: " · "))\(stage.status == "running" ? "" : " · \(stage.status)")"
        return String(line.prefix(max(1, columns - 1)))
    }

    private var share: Double {
        if stage.status == "succeeded" { return 1 }
        if let units = stage.units, units > 0 { return min(1, Double(stage.unitsDone) / Double(units)) }
        guard let shards = stage.shards, shards > 0 else { return 0 }
        return Double(stage.done) / Double(shards)
    }

    private var facts: [String] {
        var facts: [String] = []
        guard let shards = stage.shards else { return ["splitting"] }
        if shards > 1 || stage.units != 1 { facts.append("\(stage.done)/\(shards) shards") }
        if let units = stage.units, units > 1 { facts.append("\(min(stage.unitsDone, units))/\(units) units") }
        if stage.running > 0 { facts.append("\(stage.running) running") }
        if stage.failed > 0 { facts.append("\(stage.failed) failed") }
        if stage.retried > 0 { facts.append("\(stage.retried) retried") }
        if stage.cached > 0 { facts.append("\(stage.cached) from the cache") }
        if let rate, stage.status == "running", let units = stage.units, units > 1 {
            facts.append("\((rate * 10).rounded() / 10) units/s")
            let left = Double(max(0, units - stage.unitsDone)) / rate
            if left >= 1 { facts.append("\(WallClock.span(Int64(left * 1000))) left") }
        }
        return facts
    }
}
