import ImflowChecks
package import ImflowDiagnostics
import ImflowIR
import ImflowSyntax

/// A file that was read. A class, since it is large, never changes, and is handed on.
final class LoadedFile: Sendable {
    enum Content: Sendable {
        case manifest(Manifest)
        case job(Job)
        /// Nothing that could be typed.
        case none
    }

    let path: String
    let source: Source
    let content: Content
    let diagnostics: [Diagnostic]
    /// What its comments silence.
    let ignores: [InlineIgnore]
    /// Whether it was read to its end.
    let isComplete: Bool
    /// Secrets in it, which no report may show.
    let hidden: [Span]

    init(
        path: String, source: Source, content: Content, diagnostics: [Diagnostic], ignores: [InlineIgnore] = [],
        isComplete: Bool = false, hidden: [Span] = []
    ) {
        self.path = path
        self.source = source
        self.content = content
        self.diagnostics = diagnostics
        self.ignores = ignores
        self.isComplete = isComplete
        self.hidden = hidden
    }

    var manifest: Manifest? { if case .manifest(let manifest) = content { manifest } else { nil } }
}

/// Reads and types files, each once.
struct SourceFiles {
    let reader: any FileReader
    private let loop: ParallelLoop
    /// By absolute path.
    private(set) var loaded: [String: LoadedFile] = [:]
    /// What the manifests are called that were read, by absolute path; also of those that are not kept.
    private(set) var manifestNames: [String: String] = [:]

    init(_ reader: any FileReader, loop: @escaping ParallelLoop = serialLoop) {
        self.reader = reader
        self.loop = loop
    }

    enum Expectation { case manifest, job, either }

    /// The file at an absolute path. `shown` is its name for people.
    mutating func load(_ path: String, shown: String? = nil, as expectation: Expectation) -> LoadedFile {
        if let file = loaded[path] { return file }
        let file = read(path, shown: shown, as: expectation)
        add(file)
        return file
    }

    private mutating func add(_ file: LoadedFile) {
        loaded[file.path] = file
        if let manifest = file.manifest { manifestNames[file.path] = manifest.name }
    }

    /// Remembers what a check has kept of a file: when only its name, it is read again when it is asked for.
    mutating func add(_ file: CheckedFile) {
        if let kept = file.kept { loaded[file.path] = kept }
        if let manifest = file.manifest { manifestNames[file.path] = manifest.name }
    }

    /// Loads the files at absolute paths that are not there yet, several at once.
    mutating func load(_ paths: [String], as expectation: Expectation) {
        let missing = paths.filter { loaded[$0] == nil }
        let files = inParallel(missing, loop) { [self] path in read(path, shown: nil, as: expectation) }
        for file in files { add(file) }
    }

    /// Reads a file without remembering it.
    func read(_ path: String, shown: String?, as expectation: Expectation) -> LoadedFile {
        let name = shown ?? PathText.shown(path, from: reader.currentFolder)
        do throws(FileProblem) {
            return read(Source(name: name, bytes: try reader.read(path)), path: path, as: expectation)
        } catch {
            var problem = error
            if let help = help(forFolder: path, shown: name) { problem.help = help }
            return Self.unreadable(name, path: path, problem)
        }
    }

    /// Forgets what was read of a file.
    mutating func forget(_ path: String) {
        loaded[path] = nil
        manifestNames[path] = nil
    }

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
            add(file)
            return file
        } catch {
            let file = Self.unreadable("<stdin>", path: path, error)
            add(file)
            return file
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
            ignores: InlineIgnore.all(in: tree), isComplete: tree.isComplete,
            hidden: diagnostics.flatMap(\.hidden) + Self.secrets(in: content))
    }

    private static func secrets(in content: LoadedFile.Content) -> [Span] {
        var findings = FindingList()
        switch content {
        case .manifest(let manifest): SecretLiteralRule.check(manifest, into: &findings)
        case .job(let job): SecretLiteralRule.check(job, into: &findings)
        case .none: break
        }
        return findings.diagnostics.flatMap(\.hidden)
    }

    /// JSON on standard input has no name to tell it by.
    static func parse(_ source: Source) -> SyntaxResult {
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
