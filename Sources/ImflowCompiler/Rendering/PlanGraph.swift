package import ImflowPlan

/// A plan as a drawing: Mermaid's or Graphviz' language.
package struct PlanGraph {
    private let plan: Plan

    package init(_ plan: Plan) { self.plan = plan }

    /// A Mermaid flowchart; ends with a newline.
    package var mermaid: String {
        var out = "flowchart LR\n"
        for (index, stage) in plan.stages.enumerated() {
            let label = Self.mermaidText(label(of: stage).joined(separator: "\n"))
            let (open, close) = stage.split == nil ? ("[", "]") : ("[[", "]]")
            out += "    s\(index)\(open)\"\(label)\"\(close)\n"
        }
        for (from, to, key) in edges {
            out += "    s\(from) \(isSoft(from, to) ? "-.->" : "-->")\(key.map { "|\"\(Self.mermaidText($0))\"|" } ?? "") s\(to)\n"
        }
        return out
    }

    /// A Graphviz digraph; ends with a newline.
    package var dot: String {
        var out = "digraph plan {\n    rankdir=LR;\n    node [shape=box];\n"
        for (index, stage) in plan.stages.enumerated() {
            let shape = stage.split == nil ? "" : ", peripheries=2"
            out += "    s\(index) [label=\"\(Self.dotText(label(of: stage)))\"\(shape)];\n"
        }
        for (from, to, key) in edges {
            let attributes = [key.map { "label=\"\(Self.dotText([$0]))\"" }, isSoft(from, to) ? "style=dashed" : nil]
            let list = attributes.compactMap(\.self).joined(separator: ", ")
            out += "    s\(from) -> s\(to)\(list.isEmpty ? "" : " [\(list)]");\n"
        }
        return out + "}\n"
    }

    private var edges: [(from: Int, to: Int, key: String?)] {
        plan.stages.enumerated().flatMap { index, stage in
            stage.needs.map { ($0, index, plan.stages[$0].outputKey) }
        }
    }

    private func isSoft(_ from: Int, _ to: Int) -> Bool { plan.stages[to].softNeeds?.contains(from) == true }

    private func label(of stage: StagePlan) -> [String] {
        var lines = [stage.name]
        if case .call(let model) = stage.kind, model != stage.name { lines.append(model) }
        if let split = stage.split {
            let units = UnitCount.known(of: stage, in: plan)
            let shards = units.map { "\(Swift.min($0, split.shardLimit))" } ?? "≤ \(split.shardLimit)"
            lines.append("\(split.text), \(shards) shards")
        }
        if let condition = stage.when { lines.append("if \(condition.text)") }
        return lines
    }

    private static func mermaidText(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "\"": out += "#quot;"
            case "#": out += "#35;"
            case "<": out += "#lt;"
            case ">": out += "#gt;"
            case "&": out += "#amp;"
            case "\n": out += "<br/>"
            default: out.append(character)
            }
        }
        return out
    }

    private static func dotText(_ lines: [String]) -> String {
        lines.map { line in
            line.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        }.joined(separator: "\\n")
    }
}
