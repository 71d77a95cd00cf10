import ImflowJSON
import ImflowPlan
import ImflowSchema

extension PortValues {
    /// Whether the condition of stage `index`, or of a pipeline that it stands in, may be false. A condition that cannot
    /// be decided ends the job, and so skips nothing.
    mutating func mayBeSkipped(_ index: Int) -> Bool {
        let stage = expansion.stages[index]
        if let entry = stage.entry, mayBeAbsent[entry] { return true }
        guard let when = stage.asked else { return false }
        var known: [String: ConditionSearch.Knowledge] = [:]
        for name in when.names where known[name] == nil { known[name] = knowledge(of: name, at: index) }
        let search = ConditionSearch { [known] path in
            path.count == 1 ? known[path[0]] ?? .anything : .anything
        }
        return !search.isNeverTrue(.not(when))
    }

    /// What the condition of stage `index` sees as `name`. Of the job's input, as of all else, only the kind is used: its
    /// values are there to be changed.
    private mutating func knowledge(of name: String, at index: Int) -> ConditionSearch.Knowledge {
        if let literal = expansion.stages[index].literal[name] {
            // The name of a file gives way to that of the file's copy.
            let isText = !FileMember.isFile(name) && !FileMember.mayHoldFiles(literal)
            return isText ? .oneOf([literal]) : .present(ValueKinds(of: literal))
        }
        let (sets, isSure) = published(name, to: index)
        return isSure ? .present(ValueSet.either(sets).kinds) : .anything
    }
}
