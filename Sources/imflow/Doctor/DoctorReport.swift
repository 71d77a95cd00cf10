import ImflowContent
import ImflowJSON

/// What `imflow doctor` found. A part that was not looked at is nil.
struct DoctorReport {
    let folder: StateFolder
    let isRepairing: Bool
    var machine: [MachineFinding]?
    var models: [ModelFinding]?
    var state: [StateDoctor.Finding]?

    /// Whether nothing stands in the way of what was asked about.
    var isWell: Bool {
        !(state ?? []).contains { !$0.isRepaired } && (models ?? []).allSatisfy(\.obstacles.isEmpty)
    }

    /// `imflow.doctor/v1`.
    var json: JSONValue {
        var members: JSONObject = ["schema": "imflow.doctor/v1", "state": .string(folder.root)]
        if let machine { members["machine"] = .array(machine.map(\.json)) }
        if let models { members["models"] = .array(models.map(\.json)) }
        members["findings"] = .array(
            (state ?? []).map {
                [
                    "what": .string($0.what), "where": .string($0.place), "message": .string($0.message),
                    "repaired": .bool($0.isRepaired), "help": .string($0.help),
                ]
            })
        return .object(members)
    }

    /// For people.
    var lines: [String] {
        var lines = (machine ?? []).flatMap(\.lines) + (models ?? []).flatMap(\.lines)
        guard let state else {
            return lines
        }
        for finding in state {
            lines.append("\(finding.isRepaired ? "repaired" : "found   ")  \(finding.place): \(finding.message)")
            if !finding.help.isEmpty { lines.append("            \(finding.help)") }
        }
        let left = state.count { !$0.isRepaired }
        lines.append(
            state.isEmpty
                ? "\(folder.root) is sound"
                : "\(state.count) findings, \(left) left\(left > 0 && !isRepairing ? ": imflow doctor --repair" : "")")
        return lines
    }
}
