import ImflowJSON

/// How the stage of a drawn graph that calls a model comes by its `input_key`: for what is sure of it whatever the
/// models answer. It knows what schemas promise and no more, and takes stages of one distance together.
struct KeySearch {
    private enum Answer { case never, surely, unlessSkipped, perhaps }

    let workspace: DrawnWorkspace

    /// Whether every run of that stage either gets as `key` what is published with the type that `key` has, or fails.
    ///
    /// Without a key a stage publishes what its model answers, and a schema that is open lets it answer a `key` of any
    /// type: behind such a stage nothing is sure. Nor is it behind a stage that may be skipped and others that may give
    /// the key in its stead.
    func isSure(of key: String, forCallerOf model: String) -> Bool {
        for file in workspace.files {
            let list = file.value["chained_models"] ?? file.value["job_graph"]?["stages"]
            guard let stages = list?.arrayValue,
                let caller = stages.firstIndex(where: { Self.model(of: $0) == model && $0["input_key"] == .string(key) })
            else { continue }
            // What is behind a soft need may be missing.
            if stages.contains(where: { $0["soft_needs"] != nil }) { return false }
            return isSure(of: key, at: caller, of: stages, in: file)
        }
        return false
    }

    private func isSure(of key: String, at caller: Int, of stages: [JSONValue], in file: DrawnWorkspace.File) -> Bool {
        let needs = Self.needs(stages)
        var seen: Set<Int> = []
        var level = Set(needs[caller])
        var isPublished = false
        while !level.isEmpty {
            seen.formUnion(level)
            let answers = level.map { answer(of: stages[$0], key) }
            if answers.contains(.perhaps) { return false }
            if answers.contains(.surely) { return true }
            isPublished = isPublished || answers.contains(.unlessSkipped)
            level = Set(level.flatMap { needs[$0] }).subtracting(seen)
        }
        if file.isJob { return isPublished && file.value["input"]?[key] == nil }
        // What a pipeline is given has what its schema asks for, and may have more.
        return !isPublished && file.value["input_schema"]?["properties"]?[key] != nil
    }

    private func answer(of stage: JSONValue, _ key: String) -> Answer {
        // Of a pipeline that is repeated each round may answer otherwise.
        if stage["repeat"] != nil, Self.model(of: stage).flatMap(manifest)?["chained_models"] != nil { return .perhaps }
        let present: Answer = stage["when"] == nil ? .surely : .unlessSkipped
        if let own = stage["output_key"] { return own == .string(key) ? present : .never }
        guard let name = Self.model(of: stage), let manifest = manifest(name), manifest["chained_models"] == nil,
            manifest["multi_node"]?["split_mode"] == nil, let schema = manifest["output_schema"]
        else { return .perhaps }
        if schema["properties"]?[key] != nil { return present }
        return schema["additionalProperties"] == false ? .never : .perhaps
    }

    private func manifest(_ name: String) -> JSONValue? {
        workspace.files.first { $0.path.split(separator: "/").dropLast().last.map(String.init) == name }?.value
    }

    /// The name without a version.
    private static func model(of stage: JSONValue) -> String? {
        (stage["model"] ?? stage["model_id"])?.stringValue?.split(separator: "@").first.map(String.init)
    }

    /// By stage, the stages that it needs: where none says so, the one before.
    private static func needs(_ stages: [JSONValue]) -> [[Int]] {
        if stages.allSatisfy({ $0["needs"] == nil }) { return stages.indices.map { $0 > 0 ? [$0 - 1] : [] } }
        return stages.map { stage in
            (stage["needs"]?.arrayValue ?? []).compactMap { name in stages.firstIndex { $0["name"] == name } }
        }
    }
}
