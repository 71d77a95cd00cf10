package import ImflowDiagnostics
import ImflowIR
import ImflowSyntax

/// A file that was read.
struct LoadedFile {
    enum Content {
        case manifest(Manifest)
        case job(Job)
        /// Nothing that could be typed.
        case none
    }

    var path: String
    var source: Source
    var content: Content
    var diagnostics: [Diagnostic]
    /// What its comments silence.
    var ignores: [InlineIgnore] = []
    /// Whether it was read to its end.
    var isComplete = false

    var manifest: Manifest? { if case .manifest(let manifest) = content { manifest } else { nil } }
}

/// Reads and types files, each once.
struct SourceFiles {
    let reader: any FileReader
    /// By absolute path.
    private(set) var loaded: [String: LoadedFile] = [:]

    init(_ reader: any FileReader) { self.reader = reader }

    enum Expectation { case manifest, job, either }

    /// The file at an absolute path. `shown` is its name for people.
    mutating func load(_ path: String, shown: String? = nil, as expectation: Expectation) -> LoadedFile {
        if let file = loaded[path] { return file }
        let name = shown ?? PathText.shown(path, from: reader.currentFolder)
        let file: LoadedFile
        do throws(FileProblem) {
            file = read(Source(name: name, bytes: try reader.read(path)), path: path, as: expectation)
        } catch {
            var problem = error
            if let help = help(forFolder: path, shown: name) { problem.help = help }
            file = Self.unreadable(name, path: path, problem)
        }
        loaded[path] = file
        return file
    }

    /// Forgets what was read of a file.
    mutating func forget(_ path: String) { loaded[path] = nil }

    /// Which file of a folder was surely or maybe meant; nil: it is no folder, or has none.
    private func help(forFolder path: String, shown: String) -> String? {
        guard reader.kind(of: path) == .folder, let entries = try? reader.entries(of: path) else { return nil }
        let folder = shown.hasSuffix("/") ? String(shown.dropLast()) : shown
        let names = entries.filter { $0.kind == .file }.map(\.name)
            .filter { FileNames.isJob($0) || FileNames.isManifest($0) }
            .map { "`\(folder == "." ? $0 : PathText.join(folder, $0))`" }
        if names.count == 1 { return "did you mean \(names[0])?" }
        return names.isEmpty ? nil : "name a file in it: \(names.prefix(8).joined(separator: ", "))"
    }

    /// Standard input, in the current folder.
    mutating func loadStandardInput(as expectation: Expectation) -> LoadedFile {
        let path = PathText.join(reader.currentFolder, "<stdin>")
        do throws(FileProblem) {
            let file = read(
                Source(name: "<stdin>", bytes: try reader.readStandardInput()), path: path, as: expectation)
            loaded[path] = file
            return file
        } catch {
            return Self.unreadable("<stdin>", path: path, error)
        }
    }

    private static func unreadable(_ name: String, path: String, _ problem: FileProblem) -> LoadedFile {
        let source = Source(name: name, bytes: [])
        let diagnostic = Diagnostic(.unreadableFile, problem.message, at: Span(source, 0..<0), help: problem.help)
        return LoadedFile(path: path, source: source, content: .none, diagnostics: [diagnostic])
    }

    private func read(_ source: Source, path: String, as expectation: Expectation) -> LoadedFile {
        let (tree, problems) = Self.parse(source)
        var diagnostics = problems
        diagnostics += duplicateKeys(in: tree)
        diagnostics += mergeKeys(in: tree)
        let folder = PathText.parent(path)
        var content = LoadedFile.Content.none
        if isJob(tree, name: PathText.last(path), expectation) {
            let (job, found) = Binder.job(tree, folder: folder)
            diagnostics += found
            if let job { content = .job(job) }
        } else {
            let folderName = PathText.last(folder)
            let (manifest, found) = Binder.manifest(tree, path: path, folder: folder, folderName: folderName)
            diagnostics += found
            if let manifest { content = .manifest(manifest) }
        }
        return LoadedFile(
            path: path, source: source, content: content, diagnostics: diagnostics,
            ignores: InlineIgnore.all(in: tree), isComplete: tree.isComplete)
    }

    /// JSON on standard input has no name to tell it by.
    private static func parse(_ source: Source) -> SyntaxResult {
        if source.name == "<stdin>" {
            let result = parseJSON(source)
            if !result.diagnostics.contains(where: { $0.severity == .error }) { return result }
        }
        return ImflowSyntax.parse(source)
    }

    private func isJob(_ tree: SyntaxTree, name: String, _ expectation: Expectation) -> Bool {
        if expectation == .manifest || FileNames.isManifest(name) { return false }
        return FileNames.isJob(name) || expectation == .job || Binder.looksLikeJob(tree)
    }
}

extension DiagnosticCode {
    /// A file that is not there, or cannot be read.
    package static let unreadableFile = DiagnosticCode(20, "unreadable-file")
}
