import ImflowJSON

/// One thing that was looked at on this machine.
struct MachineFinding: Sendable, Equatable {
    enum Status: String, Sendable {
        /// It is as it should be.
        case fine
        /// Something is missing that some models need.
        case lacking
        /// It is a fact, neither good nor bad.
        case note
    }

    /// `imflow`, `machine`, `cgroup`, `docker`, `gpu` or `library`.
    var area: String
    var status: Status
    var text: String
    /// What to do about it; empty: nothing.
    var help = ""

    var json: JSONValue {
        ["area": .string(area), "status": .string(status.rawValue), "text": .string(text), "help": .string(help)]
    }

    var lines: [String] {
        let mark = switch status {
        case .fine: "ok   "
        case .lacking: "lacks"
        case .note: "     "
        }
        let title = area + String(repeating: " ", count: max(0, 8 - area.count))
        return ["\(mark)  \(title) \(text)"] + (help.isEmpty ? [] : ["                \(help)"])
    }
}

/// Whether one model can run on this machine.
struct ModelFinding: Sendable {
    var name: String
    /// Why it cannot, a sentence each; none: it can.
    var obstacles: [String]
    /// What a run would do first, a sentence each.
    var preparations: [String] = []
    /// Where it would run: `process` or `docker`; nil: that cannot be told.
    var place: String?

    var json: JSONValue {
        [
            "model": .string(name), "runs": .bool(obstacles.isEmpty), "executor": place.map(JSONValue.string) ?? .null,
            "obstacles": .array(obstacles.map(JSONValue.string)), "preparations": .array(preparations.map(JSONValue.string)),
        ]
    }

    var lines: [String] {
        if obstacles.isEmpty {
            let how = place.map { $0 == "docker" ? ", in a container" : ", as a process" } ?? ""
            return ["ok     model    \(name) can run here\(how)"] + preparations.map { "                \($0)" }
        }
        return ["lacks  model    \(name) cannot run here"] + obstacles.map { "                \($0)" }
    }
}
