import ImflowChecks
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR

/// What a word of a file names.
enum Symbol: Equatable {
    /// A model, by a reference to it.
    case model(ModelReference)
    /// The model that the file itself describes.
    case ownModel
    /// A stage of the file, by its index.
    case stage(Int)
}

extension LanguageServer.Place {
    /// What the word here names; nil: nothing that has a place.
    var symbol: (symbol: Symbol, context: CursorContext)? {
        guard let context = analysis.context(at: offset), !context.isKey else { return nil }
        let word = text(context.word)
        let key = keys.key(at: context.path)
        if context.path == [.key("name")], document.kind == .manifest { return (.ownModel, context) }
        if case .modelReference = key?.type { return ModelReference(word).map { (.model($0), context) } }
        guard let stage = keys.stage(at: context.path) else { return nil }
        switch key?.name {
        case "name": return stages.stages.indices.contains(stage) ? (.stage(stage), context) : nil
        case "needs", "soft_needs": return stages.stages.firstIndex { $0.name == word }.map { (.stage($0), context) }
        default: return nil
        }
    }

    /// The stages as far as the text is readable.
    var stages: StageGraph { StageGraph(analysis.file.stages) }

    /// Where a stage is named: by itself, else by the model it calls.
    func place(ofStage index: Int) -> Span {
        let declaration = stages.stages[index].declaration
        return declaration.name?.span ?? declaration.model?.span ?? declaration.span.firstLine
    }
}

extension StageGraph {
    /// Where `needs` and `soft_needs` mention a stage.
    func mentions(of name: String) -> [Span] {
        stages.flatMap { stage in
            let lists = [stage.declaration.needs, stage.declaration.softNeeds].compactMap { $0?.value }
            return lists.joined().filter { $0.value == name }.map(\.span)
        }
    }
}
