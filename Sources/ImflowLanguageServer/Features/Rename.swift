import ImflowChecks
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowJSON
import ImflowSyntax

/// Rename of a stage: its name, and all that needs it.
extension LanguageServer {
    /// The word to rename and its text; null where no stage is named.
    func prepareRename(_ place: Place) throws(RPCError) -> JSONValue {
        guard let (stage, word) = place.renamable else { return .null }
        return ["range": place.positions.json(word), "placeholder": .string(place.stages.stages[stage].name)]
    }

    func rename(_ place: Place, _ newName: String?) throws(RPCError) -> JSONValue {
        guard let newName else { throw RPCError(.invalidParams, "`newName` is missing") }
        guard place.analysis.tree.isComplete else {
            throw RPCError(.requestFailed, "the text cannot be read to its end: mend it before a rename")
        }
        guard let (stage, _) = place.renamable else {
            throw RPCError(.requestFailed, "only stages can be renamed: put the cursor on a stage's name")
        }
        guard NameForm.isName(newName) else {
            throw RPCError(
                .invalidParams,
                "\"\(newName.prefix(64))\" is no name: lower-case letters, digits, `.`, `_` and `-`, at most 63, a letter "
                    + "or digit first")
        }
        let stages = place.stages
        if stages.stages.enumerated().contains(where: { $0.offset != stage && $0.element.name == newName }) {
            throw RPCError(.invalidParams, "another stage is named `\(newName)` already")
        }
        let renaming = StageRenaming(place.analysis, stages, stage, newName)
        guard let changes = renaming.changes else {
            throw RPCError(
                .requestFailed, "the stage shares its text with others by an alias or `<<`: rename it by hand")
        }
        let edits = changes.map { Self.edit($0.range, $0.text, place.positions) }
        return workspaceEdit([(place.document.uri, edits)])
    }
}

extension LanguageServer.Place {
    /// The stage that a rename here is about, and the word here that names it. The model of a stage without a name names
    /// it, too.
    fileprivate var renamable: (stage: Int, word: Range<Int>)? {
        guard let (symbol, context) = symbol else { return nil }
        switch symbol {
        case .stage(let index): return (index, context.word)
        case .ownModel: return nil
        case .model:
            guard let stage = keys.stage(at: context.path), stages.stages.indices.contains(stage),
                stages.stages[stage].declaration.name == nil,
                stages.stages[stage].declaration.model?.span.range == context.token
            else { return nil }
            return (stage, context.word)
        }
    }
}

/// The changes that give a stage another name, and every other stage the name that it has.
private struct StageRenaming {
    private let analysis: Document.Analysis
    private let graph: StageGraph
    private let stage: Int
    private let newName: String

    init(_ analysis: Document.Analysis, _ graph: StageGraph, _ stage: Int, _ newName: String) {
        self.analysis = analysis
        self.graph = graph
        self.stage = stage
        self.newName = newName
    }

    private var source: Source { analysis.tree.source }

    /// Nil: the text does not say it in a way that can be changed by itself.
    ///
    /// Names that are implied may move: `asr` and `asr-2` stand for two stages that call `asr`, and when the first gets a
    /// name, the second becomes `asr`. Such stages get the name that they have.
    var changes: [TextChange]? {
        var written = [stage: newName]
        while true {
            let changes = changes(writing: written)
            guard let new = changed(by: changes), new.stages.count == graph.stages.count else { return nil }
            let moved = graph.stages.indices.filter { new.stages[$0].name != expectedName($0) }
            if moved.isEmpty { return hasSameNeeds(new) ? changes : nil }
            guard moved.allSatisfy({ written[$0] == nil }) else { return nil }
            for index in moved { written[index] = graph.stages[index].name }
        }
    }

    private func expectedName(_ index: Int) -> String { index == stage ? newName : graph.stages[index].name }

    private func changes(writing names: [Int: String]) -> [TextChange] {
        var changes = names.sorted { $0.key < $1.key }.map { index, name in
            graph.stages[index].declaration.name.map { replacement($0.span, by: name) } ?? insertion(of: name, in: index)
        }
        let oldName = graph.stages[stage].name
        if graph.stages.firstIndex(where: { $0.name == oldName }) == stage {
            changes += graph.mentions(of: oldName).map { replacement($0, by: newName) }
        }
        // An alias mentions the same place again.
        var seen: Set<Range<Int>> = []
        return changes.filter { seen.insert($0.range).inserted }
    }

    private func replacement(_ span: Span, by name: String) -> TextChange {
        let first = span.range.isEmpty ? nil : source.bytes[span.range.lowerBound]
        let quote = first == Mark.quote || first == Mark.apostrophe ? first : nil
        return TextChange(range: span.range, text: ScalarText.written(name, quote: quote))
    }

    /// A member `name` as the first of the stage.
    private func insertion(of name: String, in index: Int) -> TextChange {
        let start = graph.stages[index].declaration.span.range.lowerBound
        let bytes = source.bytes
        guard start < bytes.count, Mark.isOpening(bytes[start]) else {
            let text = "name: " + ScalarText.written(name, quote: nil)
            return TextChange(range: start..<start, text: text + lineBreak(indentedLike: start))
        }
        let first = bytes[(start + 1)...].firstIndex { !Mark.isBlank($0) && !Mark.isBreak($0) } ?? start + 1
        let isOnNextLine = bytes[start..<first].contains(where: Mark.isBreak)
        let member =
            analysis.isJSON
            ? "\"name\": " + JSONValue.string(name).text : "name: " + ScalarText.written(name, quote: nil)
        let separator = isOnNextLine ? "," + lineBreak(indentedLike: first) : ", "
        return TextChange(range: first..<first, text: member + separator)
    }

    /// A line break, and blanks up to the column of a byte.
    private func lineBreak(indentedLike offset: Int) -> String {
        let positions = TextPositions(source, .utf8)
        let line = positions.line(positions.line(of: offset))
        let isCRLF = line.upperBound < source.bytes.count && source.bytes[line.upperBound] == Mark.carriageReturn
        let column = Span(source, offset..<offset).start.column - 1
        return (isCRLF ? "\r\n" : "\n") + String(repeating: " ", count: column)
    }

    /// The stages of the changed text; nil: it cannot be read.
    private func changed(by changes: [TextChange]) -> StageGraph? {
        let text = TextChange.apply(changes, to: source.bytes)
        let tree = parse(Source(name: source.name, bytes: text)).tree
        guard tree.isComplete else { return nil }
        let stages =
            analysis.file.job != nil
            ? Binder.job(tree, folder: "/").job?.stages?.value
            : Binder.manifest(tree, path: "/model.yaml", folder: "/", folderName: "").manifest?.chainedModels?.value
        return StageGraph(stages ?? [])
    }

    private func hasSameNeeds(_ new: StageGraph) -> Bool {
        zip(new.stages, graph.stages).allSatisfy {
            $0.needs == $1.needs && $0.softNeeds == $1.softNeeds && $0.unknownNeeds.count == $1.unknownNeeds.count
        }
    }
}
