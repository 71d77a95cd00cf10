import ImflowChecks
import ImflowDiagnostics
import ImflowIR
import ImflowJSON
import ImflowPlan

/// The compiler's front door: files in, findings and a plan out. Reads only through its ``FileReader``.
package struct Compiler: Sendable {
    private let reader: any FileReader

    package init(_ reader: any FileReader) { self.reader = reader }

    /// Compiles a job file, or a manifest as a job of its own. `path` is relative to the current folder or absolute;
    /// `-` is standard input; nil: there is only `options.model`.
    package func compileJob(_ path: String?, options: CompileOptions = CompileOptions()) -> Compilation {
        var loader = WorkspaceLoader(reader, models: options.models, environment: options.environmentModels)
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
        diagnostics = SilencedFindings(diagnostics, in: files).remaining
        let hasErrors = diagnostics.contains { $0.severity == .error }
        let lowering = hasErrors ? nil : Lowering(checked, scope)
        return Compilation(
            diagnostics: diagnostics.sortedForReport(), plan: lowering?.plan, jobID: checked.job.id?.value,
            sources: files.map(\.source))
    }

    /// Checks files and folders (all their manifests and jobs); `-` is standard input.
    package func check(_ paths: [String], options: CompileOptions = CompileOptions()) -> CheckReport {
        var loader = WorkspaceLoader(reader, models: options.models, environment: options.environmentModels)
        var checked: [LoadedFile] = []
        var seen: Set<String> = []
        for path in paths {
            for file in filesToCheck(path, &loader.files) where seen.insert(file.path).inserted { checked.append(file) }
        }
        var list = MergedFindings()
        var jobs: [CheckedJob] = []
        for file in checked {
            list.add(file.diagnostics)
            switch file.content {
            case .manifest(let manifest):
                loader.add(manifest)
                list.add(ruleFindings(manifest.path, loader.workspace))
            case .job(let job):
                let job = loader.add(job)
                jobs.append(job)
                list.add(RuleSet.check(Scope(.job(job), in: loader.workspace)))
            case .none: break
            }
        }
        // What the checked files call must be sound too; its warnings are for those who check it.
        for path in loader.workspace.models.keys.sorted() where !seen.contains(path) {
            let own = (loader.files.loaded[path]?.diagnostics ?? []) + ruleFindings(path, loader.workspace)
            list.add(own.filter { $0.severity == .error })
        }
        if paths.contains(where: isFolder) {
            let manifests = checked.compactMap(\.manifest)
            list.add(UnreachedModels.findings(jobs: jobs, manifests: manifests, in: loader.workspace))
        }
        let silenced = SilencedFindings(list.diagnostics, in: loader.files.loaded.values)
        let diagnostics = silenced.remaining + silenced.unusedIgnores(in: checked)
        return CheckReport(diagnostics: diagnostics.sortedForReport(), files: checked.map(\.source.name))
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

    private func isFolder(_ path: String) -> Bool {
        path != "-" && reader.kind(of: PathText.absolute(path, from: reader.currentFolder)) == .folder
    }

    private func filesToCheck(_ path: String, _ files: inout SourceFiles) -> [LoadedFile] {
        guard isFolder(path) else { return [load(path, &files)] }
        let absolute = PathText.absolute(path, from: reader.currentFolder)
        var walk = FolderWalk(reader) { FileNames.isManifest($0) || FileNames.isJob($0) }
        walk.add(absolute, depth: FolderWalk.maximumDepth)
        return walk.files.map { files.load($0, as: .either) }
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
