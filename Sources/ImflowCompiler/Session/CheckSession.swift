package import ImflowChecks
package import ImflowDiagnostics
package import ImflowIR

/// Checks files again and again as they change. What was read and found is kept from call to call, and texts that are
/// open in an editor shadow the disk. Paths are absolute, links resolved: see ``identity(of:)``.
package struct CheckSession {
    private let reader: SessionFiles
    private let options: CompileOptions
    private let loop: ParallelLoop
    private var loader: WorkspaceLoader
    /// Files whose text has changed since they were last read.
    private var changed: Set<String> = []
    /// Every manifest and job of a folder, by the folder.
    private var listings: [String: [String]] = [:]
    private var settings: SettingsSearch

    /// - Parameter loop: how the reading of many files is spread.
    package init(
        _ reader: any FileReader, options: CompileOptions = CompileOptions(), loop: @escaping ParallelLoop = serialLoop
    ) {
        let files = SessionFiles(reader)
        self.reader = files
        self.options = options
        self.loop = loop
        settings = SettingsSearch(files)
        loader = WorkspaceLoader(
            files, models: options.models, environment: options.environmentModels, loop: loop)
    }

    /// Where relative names of files start.
    package var currentFolder: String { reader.currentFolder }

    /// One path for one file.
    package func identity(of path: String) -> String { reader.identity(of: path) }

    /// The absolute path of a text that this session read.
    package func path(of source: Source) -> String { PathText.absolute(source.name, from: reader.currentFolder) }

    // MARK: - Changes

    /// Lays `text` over the file at `path`; nil: the file on the disk counts again.
    package mutating func show(_ text: [UInt8]?, at path: String) {
        let isNew = (text != nil) != reader.isShown(path)
        reader.show(text, at: path)
        changed.insert(path)
        if isNew { forgetListings() }
        if PathText.last(path) == CheckSettings.fileName { settings = SettingsSearch(reader) }
    }

    /// Files were written, made or removed on the disk.
    package mutating func diskChanged(_ paths: some Sequence<String>) {
        reader.forgetFolders()
        forgetListings()
        changed.formUnion(paths)
    }

    /// Anything may have changed on the disk: all is read again.
    package mutating func forgetAll() {
        reader.forgetFolders()
        listings = [:]
        changed = []
        settings = SettingsSearch(reader)
        loader = WorkspaceLoader(
            reader, models: options.models, environment: options.environmentModels, loop: loop)
    }

    private mutating func forgetListings() {
        listings = [:]
        settings = SettingsSearch(reader)
        forgetSearch()
    }

    private mutating func forgetSearch() {
        loader.search = ModelSearch(given: loader.search.given, environment: loader.search.environment)
    }

    /// Reads what has changed. Who finds whom is asked anew only when a name, a version or its place has changed.
    private mutating func refresh() {
        guard !changed.isEmpty else { return }
        for path in changed {
            let old = loader.files.loaded[path]?.manifest.map(Identity.init)
            loader.files.forget(path)
            guard reader.kind(of: path) == .file else {
                if old != nil { forgetSearch() }
                continue
            }
            let new = loader.files.load(path, as: .either).manifest.map(Identity.init)
            if old != new { forgetSearch() }
        }
        changed = []
    }

    /// By what others know a manifest.
    private struct Identity: Equatable {
        var name: String
        var version: String?
        var place: Range<Int>

        init(_ manifest: Manifest) {
            name = manifest.name
            version = manifest.version?.value
            place = manifest.place.range
        }
    }

    // MARK: - Questions

    /// What `imflow check PATH` says, the file's own findings apart from those at the models it calls.
    package mutating func check(_ path: String) -> SessionReport {
        refresh()
        if PathText.last(path) == CheckSettings.fileName { return checkSettings(path) }
        loader.startOver()
        let file = loader.files.load(path, as: .either)
        var list = MergedFindings()
        list.add(file.diagnostics)
        var scope: Scope?
        switch file.content {
        case .manifest(let manifest):
            loader.add(manifest)
            scope = loader.workspace.models[path].map { Scope(.model($0), in: loader.workspace) }
        case .job(let job):
            let job = loader.add(job)
            scope = Scope(.job(job), in: loader.workspace)
        case .none: break
        }
        if let scope { list.add(RuleSet.check(scope)) }
        let called = loader.workspace.models.keys.sorted().filter { $0 != path }
        for model in called {
            let own = (loader.files.loaded[model]?.diagnostics ?? []) + ruleFindings(model)
            list.add(own.filter { $0.severity == .error })
        }
        let files = ([file] + called.compactMap { loader.files.loaded[$0] }).map { CheckedFile($0) }
        let silenced = SilencedFindings(list.diagnostics, in: files)
        let found = silenced.remaining + silenced.unusedIgnores(in: files.prefix(1))
        let all = settings.applied(to: found, files: files).sortedForReport()
        return SessionReport(
            source: file.source, own: all.filter { $0.primary.span.source === file.source },
            elsewhere: all.filter { $0.primary.span.source !== file.source }, scope: scope)
    }

    /// A `.imflow.yaml` is checked by itself.
    private func checkSettings(_ path: String) -> SessionReport {
        let source = Source(name: PathText.shown(path, from: currentFolder), bytes: (try? reader.read(path)) ?? [])
        let found = CheckSettings(source, in: PathText.parent(path)).diagnostics
        return SessionReport(source: source, own: found.sortedForReport(), elsewhere: [], scope: nil)
    }

    private func ruleFindings(_ path: String) -> [Diagnostic] {
        guard let model = loader.workspace.models[path] else { return [] }
        return RuleSet.check(Scope(.model(model), in: loader.workspace))
    }

    /// What was read of a file; nil: it cannot be read.
    package mutating func file(_ path: String) -> SessionFile? {
        refresh()
        let file = loader.files.load(path, as: .either)
        if file.diagnostics.contains(where: { $0.code == .unreadableFile }) { return nil }
        return SessionFile(file)
    }

    /// What `reference` means in a file of `folder`.
    package mutating func resolve(_ reference: ModelReference, from folder: String) -> Resolution {
        refresh()
        return loader.search.resolve(reference, from: folder, &loader.files)
    }

    /// Every manifest that a file of `folder` can name, nearest first.
    package mutating func manifests(from folder: String) -> [Manifest] {
        refresh()
        return loader.search.manifests(from: folder, &loader.files)
    }

    /// Every manifest and job in a folder and its subfolders, less what git ignores, within the bounds of a check.
    package mutating func files(in folder: String) -> [String] {
        refresh()
        if let known = listings[folder] { return known }
        var walk = FolderWalk(reader, respectsGitIgnore: true) { FileNames.isManifest($0) || FileNames.isJob($0) }
        walk.add(folder, depth: FolderWalk.maximumDepth)
        listings[folder] = walk.files
        loader.files.load(walk.files, as: .either)
        return walk.files
    }

    /// The nearest folder above a file with `.git` in it; without one, the file's own folder.
    package func repository(of path: String) -> String {
        let own = PathText.parent(path)
        var folder = own
        for _ in 0..<ModelSearch.maximumParents {
            if reader.kind(of: PathText.join(folder, ".git")) != nil { return folder }
            if folder == "/" { break }
            folder = PathText.parent(folder)
        }
        return own
    }
}
