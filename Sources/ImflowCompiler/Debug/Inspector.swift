package import ImflowDiagnostics
package import ImflowJSON
import ImflowIR
import ImflowSyntax

/// What a phase of the compiler made of one file.
package struct Inspection: Sendable {
    /// Nil: the file could not be read at all.
    package var value: JSONValue?
    /// What the phases up to this one found, in the order of a report.
    package var diagnostics: [Diagnostic]

    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}

/// Shows what single phases of the compiler make of one file, as JSON. Places are pairs of offsets in the file's bytes,
/// the second just past the end.
package struct Inspector: Sendable {
    private let reader: any FileReader

    package init(_ reader: any FileReader) { self.reader = reader }

    /// The located tree of a file; `-` is standard input. Plain: its JSON value, with aliases expanded and `<<` merged;
    /// what could not be read is null. With `spans`: every node as ``TreeDump/located(_:)`` has it.
    package func tree(_ path: String, spans: Bool) -> Inspection {
        let file = load(path)
        if file.isUnreadable { return Inspection(value: nil, diagnostics: file.diagnostics) }
        let (tree, problems) = SourceFiles.parse(file.source)
        let found = problems + duplicateKeys(in: tree) + mergeKeys(in: tree)
        let value = tree.root.map { spans ? TreeDump.located($0) : TreeDump.value($0) } ?? .null
        return Inspection(value: value, diagnostics: found.sortedForReport())
    }

    /// The typed manifest or job of a file; `-` is standard input. `value` is null when the file is neither.
    package func ir(_ path: String, spans: Bool) -> Inspection {
        let file = load(path)
        if file.isUnreadable { return Inspection(value: nil, diagnostics: file.diagnostics) }
        let dump = IRDump(spans: spans)
        var document: JSONObject = ["schema": "imflow.ir/v1", "kind": .null, "units": IRDump.units, "value": .null]
        switch file.content {
        case .manifest(let manifest):
            document["kind"] = "model"
            document["value"] = dump.manifest(manifest)
        case .job(let job):
            document["kind"] = "job"
            document["value"] = dump.job(job)
        case .none: break
        }
        return Inspection(value: .object(document), diagnostics: file.diagnostics.sortedForReport())
    }

    private func load(_ path: String) -> LoadedFile {
        var files = SourceFiles(reader)
        if path == "-" { return files.loadStandardInput(as: .either) }
        let absolute = reader.identity(of: PathText.absolute(path, from: reader.currentFolder))
        return files.load(absolute, shown: path, as: .either)
    }
}

extension LoadedFile {
    fileprivate var isUnreadable: Bool { diagnostics.contains { $0.code == .unreadableFile } }
}
