import ImflowChecks
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowJSON
import ImflowPlan

/// What may be written at the cursor.
extension LanguageServer {
    mutating func completion(_ place: Place) -> JSONValue {
        guard var context = place.analysis.sketchedContext(at: place.offset) else { return [] }
        let keys = place.keys
        // Behind a `-` whose list takes mappings, the item's first key comes.
        if !context.isKey, context.notation == .block, case .item = context.path.last,
            keys.block(at: context.path) != nil
        {
            context.isKey = true
        }
        if context.isKey { return .array(keyItems(context, place)) }
        return .array(valueItems(context, place))
    }

    // MARK: - Keys

    private func keyItems(_ context: CursorContext, _ place: Place) -> [JSONValue] {
        guard let block = place.keys.block(at: context.path) else {
            let isInput = place.document.kind == .job && context.path == [.key("input")]
            guard isInput, !context.siblings.contains(SplitStrategy.key) else { return [] }
            let detail = "how the input is cut"
            return [item(SplitStrategy.key, .property, detail, "overrides the model's split", 0, context, place)]
        }
        let missing = block.keys.filter { !context.siblings.contains($0.name) }
        let sorted = missing.filter(\.isRequired) + missing.filter { !$0.isRequired }
        return sorted.enumerated().map { index, key in
            let detail = (key.isRequired ? "required, " : "") + key.type.description
            return item(key.name, .property, detail, key.meaning, index, context, place, opensBlock: key.opensBlock)
        }
    }

    // MARK: - Values

    private mutating func valueItems(_ context: CursorContext, _ place: Place) -> [JSONValue] {
        if place.document.kind == .job, context.path == [.key("input"), .key(SplitStrategy.key)] {
            let examples = ["tile_512", "batch_8", "sequence_2048_overlap_128", "lines_100", "candidates_4"]
            return values(examples, context, place)
        }
        guard let type = place.keys.type(at: context.path) else { return [] }
        switch type {
        case .choice(let choices): return values(choices, context, place)
        case .boolean, .toggle: return values(["true", "false"], context, place, isBare: true)
        case .gpu: return values(["true", "false", "1"], context, place, isBare: true)
        case .duration: return values(["10s", "30s", "1m", "5m", "1h"], context, place)
        case .bytes: return values(["256Mi", "512Mi", "1Gi", "4Gi", "16Gi"], context, place)
        case .modelReference: return models(context, place)
        case .names, .name, .text, .condition:
            // What the stages publish is known by a check of the text as it is, or as it last made sense.
            _ = report(place.document.uri)
            return names(context, place, documents[place.document.uri]?.lastScope)
        default: return []
        }
    }

    private func values(
        _ texts: [String], _ context: CursorContext, _ place: Place, isBare: Bool = false
    ) -> [JSONValue] {
        let key = place.keys.key(at: context.path)
        return texts.enumerated().map { index, text in
            let detail = text == key?.defaultValue ? "the default" : nil
            let meaning = key?.choiceMeanings[text] ?? key?.meaning
            return item(text, .value, detail, meaning, index, context, place, isBare: isBare)
        }
    }

    /// The models that the file can name, nearest first, each by its name and by its version.
    private mutating func models(_ context: CursorContext, _ place: Place) -> [JSONValue] {
        var seen: Set<String> = []
        var items: [JSONValue] = []
        for manifest in session.manifests(from: PathText.parent(place.document.path))
        where manifest.path != place.document.path && NameForm.isName(manifest.name) {
            let pinned = manifest.version.map { "\(manifest.name)@\($0.value)" }
            for text in [manifest.name, pinned].compactMap({ $0 }) where seen.insert(text).inserted {
                let path = PathText.shown(manifest.path, from: session.currentFolder)
                items.append(item(text, .module, path, manifest.summary?.value, items.count, context, place))
            }
        }
        return items
    }

    /// Stages for `needs`, names of values for the keys that bind them.
    private func names(_ context: CursorContext, _ place: Place, _ scope: Scope?) -> [JSONValue] {
        guard let key = place.keys.key(at: context.path) else { return [] }
        let stage = place.keys.stage(at: context.path)
        switch key.name {
        case "needs", "soft_needs":
            let own = place.document.stages.stages
            let named = own.enumerated().filter { $0.offset != stage }.map(\.element.name)
            guard case .key = context.path.last else { return list(named, "a stage", .reference, context, place) }
            let lists = named.map { context.notation == .json ? "[\"\($0)\"]" : "[\($0)]" }
            return values(lists, context, place, isBare: true)
        case "input_key": return list(published(for: stage, scope), "a value in reach", .variable, context, place)
        case "when", "until":
            var word = context
            word.word = pathAround(place.offset, in: context.word, place)
            // Within a condition there are no quotes of ours.
            if context.isQuoted || context.notation != .json {
                word.token = word.word
                word.notation = .block
            }
            return list(published(for: stage, scope), "a value in reach", .variable, word, place)
        case "split_key":
            let schema = place.analysis.file.manifest?.inputSchema?.value
            return list(Publication(schema: schema).names, "a member of the input", .variable, context, place)
        default: return []
        }
    }

    private func list(
        _ texts: [String], _ detail: String, _ kind: ItemKind, _ context: CursorContext, _ place: Place
    ) -> [JSONValue] {
        texts.enumerated().map { item($1, kind, detail, nil, $0, context, place) }
    }

    /// The names that a stage can see; of a stage that is not known yet, all names.
    private func published(for stage: Int?, _ scope: Scope?) -> [String] {
        guard let scope, let expansion = scope.expansion else { return [] }
        let stages = scope.graph?.stages ?? []
        if let stage, stages.indices.contains(stage) {
            // Of rounds the second sees most: what the first has published, too.
            let name = stages[stage].name
            let names = ["@2.input", "@2", "@1.input", "@1", ".input", ""].map { name + $0 }
            let found = names.lazy.compactMap { name in expansion.stages.firstIndex { $0.name == name } }.first
            if let index = found {
                return expansion.reach(of: index).names
            }
        }
        return Publication(all: expansion.stages.map(\.publication) + [expansion.input]).names
    }

    /// The path of a condition around the cursor, up to its first dot's end.
    private func pathAround(_ offset: Int, in range: Range<Int>, _ place: Place) -> Range<Int> {
        let bytes = place.source.bytes
        func isPart(_ byte: UInt8) -> Bool {
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "_-.".utf8.contains(byte)
        }
        var start = offset
        var end = offset
        while start > range.lowerBound, isPart(bytes[start - 1]) { start -= 1 }
        while end < range.upperBound, isPart(bytes[end]) { end += 1 }
        return start..<end
    }
}

extension Key {
    /// Whether its value begins on the next line.
    var opensBlock: Bool {
        switch type {
        case .block, .blocks, .textMap, .members, .schema: true
        default: false
        }
    }
}
