import ImflowChecks
package import ImflowDiagnostics
import ImflowIR
import ImflowJSON
import ImflowPlan

/// The compiler's front door: files in, findings and a plan out. Reads only through its ``FileReader``.
package struct Compiler: Sendable {
    /// Of larger repositories manifests that are through are read again when others turn out to call them, for a bounded
    /// memory.
    private static let keptFiles = 4000

    private let reader: any FileReader
    private let loop: ParallelLoop

    /// - Parameter loop: how work on many files is spread.
    package init(_ reader: any FileReader, loop: @escaping ParallelLoop = serialLoop) {
        self.reader = reader
        self.loop = loop
    }

    /// Compiles a job file, or a manifest as a job of its own. `path` is relative to the current folder or absolute;
    /// `-` is standard input; nil: there is only `options.model`.
    package func compileJob(_ path: String?, options: CompileOptions = CompileOptions()) -> Compilation {
        var loader = WorkspaceLoader(
            reader, models: options.models, environment: options.environmentModels, loop: loop)
        let file = path.map { load($0, &loader.files) }
        guard file?.diagnostics.contains(where: { $0.code == .unreadableFile }) != true else {
            return Compilation(diagnostics: file?.diagnostics ?? [], plan: nil, jobID: nil, sources: [])
        }
        let line = CommandLine(options)
        var job = jobOf(file, line)
        line.apply(to: &job)
        var checked = loader.add(job)
        checked.isPlanned = true
        checked.isSubmitted = options.isSubmitted
        var diagnostics = line.diagnostics
        if let manifest = file?.manifest {
            loader.add(manifest)
            checked.model = Located(manifest.path, at: manifest.place)
        }
        if options.model != nil { diagnostics += line.select(&checked, &loader) }
        line.applyInput(to: &checked, reader.currentFolder)
        let scope = Scope(.job(checked), in: loader.workspace)
        diagnostics += findings(scope, file, loader)
        let files = loader.files.loaded.values
        diagnostics = SilencedFindings(diagnostics, in: files.map { CheckedFile($0) }).remaining
        let hasErrors = diagnostics.contains { $0.severity == .error }
        let lowering = hasErrors ? nil : Lowering(checked, scope)
        return Compilation(
            diagnostics: diagnostics.sortedForReport(), plan: lowering?.plan, jobID: checked.job.id?.value,
            sources: files.map(\.source))
    }

    /// Checks files and folders (all their manifests and jobs, less what git ignores); `-` is standard input.
    package func check(_ given: [String], options: CompileOptions = CompileOptions()) -> CheckReport {
        Compiler(FolderCache(reader), loop: loop).checkNow(given, options)
    }

    private func checkNow(_ given: [String], _ options: CompileOptions) -> CheckReport {
        var loader = WorkspaceLoader(
            reader, models: options.models, environment: options.environmentModels, loop: loop)
        let (checked, problems) = filesToCheck(given, &loader.files)
        var list = MergedFindings()
        list.add(problems)
        for file in checked { list.add(file.findings) }
        let subjects = checked.filter { !$0.isThrough }.compactMap { file -> Scope.Subject? in
            switch loader.files.loaded[file.path]?.content {
            case .manifest(let manifest): loader.add(manifest).map { .model($0) }
            case .job(let job): .job(loader.add(job))
            default: nil
            }
        }
        let workspace = loader.workspace
        for found in inParallel(subjects, loop, { RuleSet.check(Scope($0, in: workspace)) }) { list.add(found) }
        // What the checked files call must be sound too; its warnings are for those who check it.
        let paths = Set(checked.map(\.path))
        for path in workspace.models.keys.sorted() where !paths.contains(path) {
            let own = (loader.files.loaded[path]?.diagnostics ?? []) + ruleFindings(path, workspace)
            list.add(own.filter { $0.severity == .error })
        }
        let others = loader.files.loaded.values.filter { !paths.contains($0.path) }.map { CheckedFile($0) }
        if given.contains(where: isFolder) {
            let jobs = subjects.compactMap { if case .job(let job) = $0 { job } else { nil } }
            list.add(UnreachedModels.findings(jobs: jobs, files: checked, in: workspace))
        }
        let silenced = SilencedFindings(list.diagnostics, in: checked + others)
        let diagnostics = silenced.remaining + silenced.unusedIgnores(in: checked)
        var settings = SettingsSearch(reader)
        let told = settings.applied(to: diagnostics, files: checked + others)
        return CheckReport(diagnostics: told.sortedForReport(), files: checked.map(\.source.name))
    }

    /// The names of the files that a check of `paths` looks at, in its order. None of them is read.
    package func list(_ paths: [String]) -> [String] {
        PathSelection.files(paths, reader).map(\.name)
    }

    private func isFolder(_ path: String) -> Bool {
        path != "-" && reader.kind(of: PathText.absolute(path, from: reader.currentFolder)) == .folder
    }

    /// The files that `paths` mean, each once and in the order of the paths. Those that call others, or were named
    /// by themselves, are kept in `files`; the others are through.
    private func filesToCheck(_ paths: [String], _ files: inout SourceFiles) -> ([CheckedFile], [Diagnostic]) {
        var found: [String] = []
        var problems: [Diagnostic] = []
        for path in paths {
            guard let walk = FolderWalk.ofFiles(in: path, reader) else {
                found.append(load(path, &files).path)
                continue
            }
            if walk.isTruncated { problems.append(tooManyFiles(path)) }
            problems += walk.problems.map(unreadable)
            found += walk.files
        }
        found = found.uniqued()
        let known = files
        let keepsAll = found.count <= Self.keptFiles
        let checked = inParallel(found, loop) { path in
            if let file = known.loaded[path] { return CheckedFile(file) }
            return CheckedFile(checking: known.read(path, shown: nil, as: .either), isKept: keepsAll)
        }
        for file in checked { files.add(file) }
        return (checked, problems)
    }

    private func unreadable(_ folder: String, _ problem: FileProblem) -> Diagnostic {
        let source = Source(name: PathText.shown(folder, from: reader.currentFolder), bytes: [])
        return Diagnostic(.unreadableFile, problem.message, at: Span(source, 0..<0), help: problem.help)
    }

    private func tooManyFiles(_ folder: String) -> Diagnostic {
        Diagnostic(
            .tooManyFiles, "\(folder) is too large to be checked at once",
            at: Span(Source(name: folder, bytes: []), 0..<0),
            notes: [
                "at most \(FolderWalk.maximumFiles) manifests and jobs, \(FolderWalk.maximumFolders) folders, "
                    + "\(FolderWalk.maximumDepth) levels, and \(FileLimit.entries) entries of one folder"
            ],
            help: "check parts of it")
    }

    private func ruleFindings(_ path: String, _ workspace: Workspace) -> [Diagnostic] {
        guard let model = workspace.models[path] else { return [] }
        return RuleSet.check(Scope(.model(model), in: workspace))
    }

    private func load(_ path: String, _ files: inout SourceFiles) -> LoadedFile {
        if path == "-" { return files.loadStandardInput(as: .either) }
        let absolute = reader.identity(of: PathText.absolute(path, from: reader.currentFolder))
        return files.load(absolute, shown: path, as: .either)
    }

    private func jobOf(_ file: LoadedFile?, _ line: CommandLine) -> Job {
        switch file?.content {
        case .job(let job): return job
        case .manifest(let manifest): return Job(folder: manifest.folder, span: line.span)
        default: return Job(folder: reader.currentFolder, span: line.span)
        }
    }

    /// All that is wrong with the job and what it calls; of what it calls no notes.
    private func findings(_ job: Scope, _ file: LoadedFile?, _ loader: WorkspaceLoader) -> [Diagnostic] {
        var list = MergedFindings()
        list.add(file?.diagnostics ?? [])
        // A text that is no job at all has said enough by its own findings.
        if let file, case .none = file.content { return list.diagnostics }
        list.add(RuleSet.check(job))
        for path in loader.workspace.models.keys.sorted() {
            var own = ruleFindings(path, loader.workspace)
            if path != file?.path { own += loader.files.loaded[path]?.diagnostics ?? [] }
            list.add(own.filter { $0.severity > .note || path == file?.path })
        }
        return list.diagnostics
    }
}

extension [String] {
    /// Each once, where it stands first.
    fileprivate func uniqued() -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}

extension DiagnosticCode {
    /// A folder of which a check would see only a part.
    package static let tooManyFiles = DiagnosticCode(21, "too-many-files")
}
