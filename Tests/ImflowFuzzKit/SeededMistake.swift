import ImflowJSON

/// One mistake in files that are right, and what must be said of it, and where.
package struct SeededMistake: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case type, key, twice, range, value, condition, cycle, model, stage, shards, overlap, role
        /// A schema that is none.
        case schema
        /// A schema that nothing its upstream publishes fits.
        case port
    }

    /// Which part of a place a finding points at.
    package enum Part: Sendable { case key, value, within }

    package var kind: Kind
    /// The codes' numbers, of which the finding has one.
    package var codes: ClosedRange<Int>
    package var file: String
    /// What the finding points at: one of these.
    package var paths: [[String]]
    package var part: Part
    package var workspace: DrawnWorkspace
    package var doubled: [String]?

    /// The files with the mistake in them.
    package func written(_ seed: UInt64) -> [(path: String, text: Emitted)] {
        workspace.written(seed, targets: paths + [doubled].compactMap { $0 }, in: file, doubled: doubled)
    }

    /// A mistake of a kind; nil when these files have no place for one.
    package static func drawn(_ kind: Kind, in workspace: DrawnWorkspace, _ dice: inout Dice) -> SeededMistake? {
        switch kind {
        case .type: replace(kind, 103, Self.wrongTypes, workspace, &dice)
        case .range: replace(kind, 104, ["port": 99_999, "batch_size": 0, "cpu": -1, "concurrency": 5000], workspace, &dice)
        case .value: replace(kind, 105, ["protocol": "restt", "sequence_unit": "pages"], workspace, &dice)
        case .role: replace(kind, 105, ["shard_role": "wroker"], workspace, &dice)
        case .overlap: replace(kind, 302, ["tile_overlap": 5000, "sequence_overlap": 5000], workspace, &dice)
        case .shards: replace(kind, 301, ["shard_count": 60_000], workspace, &dice)
        case .condition:
            replace(kind, 109, ["when": .string(dice.pick("a >", "é ==", "a && (b", "3 < a"))], workspace, &dice)
        case .model: replace(kind, 201, ["model": "nobody", "model_id": "nobody", "reducer": "nobody"], workspace, &dice)
        case .key: misspell(workspace, &dice)
        case .twice: double(workspace, &dice)
        case .stage: need("nobody", 203, kind, workspace, &dice)
        case .cycle: cycle(workspace, &dice)
        case .schema: schema(workspace, &dice)
        case .port: port(workspace, &dice)
        }
    }

    private static let wrongTypes: [String: JSONValue] = [
        "timeout": true, "concurrency": "many", "tile_size": "big", "tile_pad": "perhaps", "cpu": "much",
        "cache": "perhaps", "priority": true, "port": "http", "env": "none", "labels": 3, "when": 3, "retry": "often",
        "description": 3, "batch_size": "few", "cluster_size": "some", "gpu": "one", "hooks": 1, "requires": "all",
        "min_success_ratio": "most", "coordination_port": true, "iou": "half", "k": "three",
    ]

    // MARK: Places

    /// Whether a path leads to a key of the language, and not into an author's own values.
    private static func isKey(_ path: [String]) -> Bool {
        guard let last = path.last, Int(last) == nil, !last.hasPrefix("x-") else { return false }
        let own: Set = ["input", "input_schema", "output_schema", "labels", "env"]
        return path.dropLast().allSatisfy { !own.contains($0) && !$0.hasPrefix("x-") }
    }

    private static func keys(
        _ workspace: DrawnWorkspace, where fits: ([String], JSONValue) -> Bool
    ) -> [(file: String, path: [String], value: JSONValue)] {
        workspace.files.flatMap { file in
            file.value.places().filter { isKey($0.path) && fits($0.path, $0.value) }
                .map { (file.path, $0.path, $0.value) }
        }
    }

    private static func replace(
        _ kind: Kind, _ code: Int, _ values: [String: JSONValue], _ workspace: DrawnWorkspace, _ dice: inout Dice
    ) -> SeededMistake? {
        let places = keys(workspace) { path, _ in path.last.map { values[$0] != nil } ?? false }
        guard let place = dice.pick(places), let name = place.path.last, let value = values[name] else { return nil }
        return SeededMistake(
            kind: kind, codes: code...code, file: place.file, paths: [place.path],
            part: kind == .condition ? .within : .value,
            workspace: workspace.changing(place.file, place.path) { _ in value })
    }

    // MARK: Keys

    private static let harmless: Set = [
        "description", "labels", "timeout", "queue_timeout", "priority", "cache", "concurrency", "tile_pad",
        "start_window", "health", "hooks", "requires", "env", "merge", "initial_interval", "disk", "warmup", "region",
    ]

    private static func misspell(_ workspace: DrawnWorkspace, _ dice: inout Dice) -> SeededMistake? {
        let places = keys(workspace) { path, _ in path.last.map(harmless.contains) ?? false }
        guard let place = dice.pick(places), let name = place.path.last else { return nil }
        var letters = Array(name)
        letters.insert(letters[1], at: 1)
        let wrong = String(letters)
        let changed = workspace.changing(place.file, Array(place.path.dropLast())) { value in
            guard case .object(let members) = value else { return value }
            let renamed = members.map { ($0.key == name ? wrong : $0.key, $0.value) }
            return .object(JSONObject(renamed, uniquingKeysWith: { first, _ in first }))
        }
        return SeededMistake(
            kind: .key, codes: 101...101, file: place.file, paths: [place.path.dropLast() + [wrong]], part: .key,
            workspace: changed)
    }

    private static func double(_ workspace: DrawnWorkspace, _ dice: inout Dice) -> SeededMistake? {
        guard let place = dice.pick(keys(workspace, where: { _, _ in true })) else { return nil }
        return SeededMistake(
            kind: .twice, codes: 102...102, file: place.file, paths: [place.path + ["#2"]], part: .key,
            workspace: workspace, doubled: place.path)
    }

    // MARK: Graphs

    /// A name more in the `needs` of a stage.
    private static func need(
        _ name: String?, _ code: Int, _ kind: Kind, _ workspace: DrawnWorkspace, _ dice: inout Dice
    ) -> SeededMistake? {
        let places = keys(workspace) { path, _ in path.last == "needs" }
        guard let place = dice.pick(places), case .array(let needs) = place.value,
            let own = workspace.value(place.file, place.path.dropLast() + ["name"])
        else { return nil }
        let changed = workspace.changing(place.file, place.path) { _ in
            .array(needs + [name.map(JSONValue.string) ?? own])
        }
        return SeededMistake(
            kind: kind, codes: code...code, file: place.file, paths: [place.path + [String(needs.count)]], part: .value,
            workspace: changed)
    }

    /// A stage that needs itself, or two that need one another.
    private static func cycle(_ workspace: DrawnWorkspace, _ dice: inout Dice) -> SeededMistake? {
        if dice.oneIn(2) { return need(nil, 205, .cycle, workspace, &dice) }
        var found: [(file: String, list: [String], needed: Int, needing: Int, at: Int)] = []
        for place in keys(workspace, where: { path, _ in path.last == "stages" || path.last == "chained_models" }) {
            guard case .array(let stages) = place.value else { continue }
            // Nor may a soft need be another way.
            if stages.contains(where: { $0["soft_needs"] != nil }) { continue }
            let names = stages.map { $0["name"]?.stringValue ?? "" }
            let needs = stages.map { ($0["needs"]?.arrayValue ?? []).compactMap(\.stringValue) }
            for (needing, list) in needs.enumerated() {
                for (at, name) in list.enumerated() {
                    guard let needed = names.firstIndex(of: name), stages[needed]["needs"] != nil else { continue }
                    // With another way between the two there would be another cycle.
                    let others = list.compactMap { names.firstIndex(of: $0) }.filter { $0 != needed }
                    if others.contains(where: { reaches($0, needed, names, needs) }) { continue }
                    found.append((place.file, place.path, needed, needing, at))
                }
            }
        }
        guard let edge = dice.pick(found) else { return nil }
        let needs = edge.list + [String(edge.needed), "needs"]
        guard case .array(let old) = workspace.value(edge.file, needs),
            let name = workspace.value(edge.file, edge.list + [String(edge.needing), "name"])
        else { return nil }
        let changed = workspace.changing(edge.file, needs) { _ in .array(old + [name]) }
        return SeededMistake(
            kind: .cycle, codes: 205...205, file: edge.file,
            paths: [needs + [String(old.count)], edge.list + [String(edge.needing), "needs", String(edge.at)]],
            part: .value, workspace: changed)
    }

    private static func reaches(_ from: Int, _ to: Int, _ names: [String], _ needs: [[String]]) -> Bool {
        var pending = [from]
        var seen: Set<Int> = []
        while let index = pending.popLast() {
            guard seen.insert(index).inserted else { continue }
            if index == to { return true }
            pending += needs[index].compactMap { names.firstIndex(of: $0) }
        }
        return false
    }

    // MARK: Schemas

    private static func schemaTypes(
        _ workspace: DrawnWorkspace, _ key: String
    ) -> [(file: String, path: [String], value: JSONValue)] {
        workspace.files.flatMap { file in
            file.value.places().filter { $0.path.count == 4 && $0.path[0] == key && $0.path[3] == "type" }
                .map { (file.path, $0.path, $0.value) }
        }
    }

    private static func schema(_ workspace: DrawnWorkspace, _ dice: inout Dice) -> SeededMistake? {
        let places = schemaTypes(workspace, "input_schema") + schemaTypes(workspace, "output_schema")
        guard let place = dice.pick(places) else { return nil }
        return SeededMistake(
            kind: .schema, codes: 501...519, file: place.file, paths: [place.path], part: .within,
            workspace: workspace.changing(place.file, place.path) { _ in "strng" })
    }

    /// Of what a stage gets by `input_key` from another one, the type that its model wants.
    ///
    /// Only where the key is sure: what a model with an open schema answers between the two may have the key, too, and of
    /// the wanted type, and then there is no mistake to be found.
    private static func port(_ workspace: DrawnWorkspace, _ dice: inout Dice) -> SeededMistake? {
        let search = KeySearch(workspace: workspace)
        let places = schemaTypes(workspace, "input_schema").filter { place in
            // Of a split the unit is meant, and of a pipeline what its stages say counts.
            let isCalled = workspace.value(place.file, ["multi_node"]) == nil
                && workspace.value(place.file, ["chained_models"]) == nil
            let name = place.path[2]
            guard isCalled, name.hasPrefix("out"), let model = place.file.split(separator: "/").dropLast().last else {
                return false
            }
            return search.isSure(of: name, forCallerOf: String(model))
        }
        guard let place = dice.pick(places) else { return nil }
        let other: JSONValue = place.value == "null" ? "string" : "null"
        return SeededMistake(
            kind: .port, codes: 501...519, file: place.file, paths: [place.path], part: .within,
            workspace: workspace.changing(place.file, place.path) { _ in other })
    }
}
