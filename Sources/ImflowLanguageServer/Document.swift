import ImflowChecks
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowSyntax

/// A text that is open in the editor.
struct Document {
    /// What is known of one state of the text.
    struct Analysis {
        var tree: SyntaxTree
        var file: SessionFile
        var positions: TextPositions

        var isJSON: Bool { tree.source.name.lowercased().hasSuffix(".json") }
    }

    /// As the editor names it.
    let uri: String
    /// Absolute, links resolved.
    let path: String
    var version: Int?
    var text: [UInt8]
    /// Nil: the text has changed since.
    var analysis: Analysis?
    /// The last state that was read to its end. Its places are those of another text.
    var lastGood: Analysis?
    /// The last scope whose graph has a meaning.
    var lastScope: Scope?
    /// Of this text; nil: it has changed since, or something that it refers to has.
    var report: SessionReport?
    /// Whether the report, if there is one, is told.
    var isTold = false

    init(uri: String, path: String, version: Int?, text: [UInt8]) {
        self.uri = uri
        self.path = path
        self.version = version
        self.text = text
    }

    /// Takes a new text.
    mutating func replace(_ text: [UInt8], version: Int?) {
        self.text = text
        self.version = version
        analysis = nil
        doubt()
    }

    /// What was found may no longer hold.
    mutating func doubt() {
        report = nil
        isTold = false
    }

    /// What the file is, by its name. Nil: an editor that sends all its YAML has sent a file of somebody else's.
    var kind: FileKeys.Kind? {
        let name = PathText.last(path)
        if name == CheckSettings.fileName { return .settings }
        return FileNames.isManifest(name) ? .manifest : FileNames.isJob(name) ? .job : nil
    }

    var keys: FileKeys { FileKeys(kind ?? .manifest) }

    /// The stages as they were last readable.
    var stages: StageGraph { StageGraph((lastGood ?? analysis)?.file.stages ?? []) }
}

extension Document.Analysis {
    /// Where `offset` stands, by the tree where it was read to its end, else by lines and brackets.
    func context(at offset: Int) -> CursorContext? {
        tree.isComplete ? CursorContext(tree, at: offset) : sketchedContext(at: offset)
    }

    /// Where `offset` stands or would, by lines and brackets alone: for what is half written.
    func sketchedContext(at offset: Int) -> CursorContext? {
        guard isJSON else { return BlockOutline(tree.source).context(at: offset, in: tree.source) }
        let bytes = tree.source.bytes
        return FlowScanner.context(at: offset, in: bytes, 0..<bytes.count, isJSON: true)
    }
}
