import ImflowChecks
import ImflowDiagnostics
import ImflowIR
import ImflowJSON

/// What the command line says, with places of its own for findings.
struct CommandLine {
    private let options: CompileOptions
    private let source: Source
    private let spans: [String: Span]
    /// Where the keys of `--input` stand; their values may be secrets, and are not shown.
    private let inputSpans: [String: Span]
    /// What `--input split_strategy=…` says; nil: it is not given.
    private let splitStrategy: (strategy: Located<SplitStrategy>?, diagnostics: [Diagnostic])?

    private static let strategyName = "--input \(SplitStrategy.key)"

    init(_ options: CompileOptions) {
        self.options = options
        var text = ""
        var ranges: [String: Range<Int>] = [:]
        func add(_ name: String, _ value: String?, separator: String = " ") {
            guard let value else { return }
            if !text.isEmpty { text += " " }
            let start = text.utf8.count + name.utf8.count + 1
            text += name + separator + value
            ranges[name] = start..<text.utf8.count
        }
        add("--model", options.model)
        add("--job-id", options.jobID)
        add("--shard-count", options.shardCount.map(String.init))
        let strategy = options.input[SplitStrategy.key]
        add(Self.strategyName, strategy.map { $0.stringValue ?? $0.text }, separator: "=")
        var inputRanges: [String: Range<Int>] = [:]
        for key in options.input.keys where key != SplitStrategy.key {
            text += (text.isEmpty ? "" : " ") + "--input "
            inputRanges[key] = text.utf8.count..<text.utf8.count + key.utf8.count
            text += key + "=…"
        }
        let source = Source(name: "<command line>", bytes: Array(text.utf8))
        self.source = source
        let spans = ranges.mapValues { Span(source, $0) }
        self.spans = spans
        inputSpans = inputRanges.mapValues { Span(source, $0) }
        splitStrategy = strategy.flatMap { value in
            spans[Self.strategyName].map { Binder.splitStrategy(value, at: $0) }
        }
    }

    /// The whole of it.
    var span: Span { Span(source, 0..<source.bytes.count) }

    private func span(of name: String) -> Span { spans[name] ?? span }

    /// What is wrong with the options themselves.
    var diagnostics: [Diagnostic] {
        var found: [Diagnostic] = []
        if let id = options.jobID, !NameForm.isJobID(id) {
            found.append(
                Diagnostic(
                    .badID, "`--job-id` is no job's id", at: span(of: "--job-id"),
                    notes: ["an id has letters, digits, `.`, `_` and `-`, at most 63, a letter or digit first"]))
        }
        if let count = options.shardCount, !(1...65_536).contains(count) {
            found.append(
                Diagnostic(.outOfRange, "`--shard-count` must be within 1 to 65536", at: span(of: "--shard-count")))
        }
        return found + (splitStrategy?.diagnostics ?? [])
    }

    func apply(to job: inout Job) {
        if let id = options.jobID { job.id = Located(id, at: span(of: "--job-id")) }
        if let count = options.shardCount { job.shardCount = Located(count, at: span(of: "--shard-count")) }
        if let splitStrategy { job.splitStrategy = splitStrategy.strategy }
    }

    /// Sets the model that `--model` names: an id, or a path to a manifest or to its folder.
    func select(_ job: inout CheckedJob, _ loader: inout WorkspaceLoader) -> [Diagnostic] {
        guard let text = options.model else { return [] }
        job.model = nil
        job.job.model = nil
        // Whatever is wrong with the option is said here, and not once more as a job without a model.
        job.job.hasUnreadableModel = true
        let place = span(of: "--model")
        let path = PathText.absolute(text, from: loader.files.reader.currentFolder)
        let kind = loader.files.reader.kind(of: path)
        let isPath = text.contains("/") || text.hasSuffix(".yaml") || text == "." || text == ".."
        if !isPath, let reference = ModelReference(text) {
            let resolution = loader.resolve([reference], from: job.job.folder)[reference]
            if case .unknown = resolution, kind == .folder { return select(folder: path, place, &job, &loader) }
            job.references[reference] = resolution
            job.job.model = Located(reference, at: place)
            if case .found(let found) = resolution { use(found, place, &job, &loader) }
            return []
        }
        if !isPath {
            return [
                Diagnostic(
                    .badID, "`--model` is neither a model's name nor a path", at: place,
                    notes: ["a name has lower-case letters, digits, `.`, `_` and `-`; a path has a `/`"])
            ]
        }
        if kind == .folder { return select(folder: path, place, &job, &loader) }
        return select(file: path, place, &job, &loader)
    }

    private func select(
        folder: String, _ place: Span, _ job: inout CheckedJob, _ loader: inout WorkspaceLoader
    ) -> [Diagnostic] {
        var walk = FolderWalk(loader.files.reader, wants: FileNames.isManifest)
        walk.add(folder, depth: 0)
        guard let only = walk.files.first, walk.files.count == 1 else {
            return [
                Diagnostic(
                    .unknownModel, "this folder has \(walk.files.isEmpty ? "no" : "several") `model.yaml`", at: place,
                    help: walk.files.isEmpty ? nil : "give the path of the one you mean")
            ]
        }
        return select(file: only, place, &job, &loader)
    }

    private func select(
        file: String, _ place: Span, _ job: inout CheckedJob, _ loader: inout WorkspaceLoader
    ) -> [Diagnostic] {
        let loaded = loader.files.load(loader.files.reader.identity(of: file), as: .manifest)
        use(loaded.path, place, &job, &loader)
        return loaded.manifest == nil ? loaded.diagnostics : []
    }

    private func use(_ path: String, _ place: Span, _ job: inout CheckedJob, _ loader: inout WorkspaceLoader) {
        guard let manifest = loader.files.loaded[path]?.manifest else { return }
        loader.add(manifest)
        job.model = Located(path, at: place)
    }

    /// Lays `--input` over the job's own, less `split_strategy`, which is the job's and not its model's.
    func applyInput(to job: inout CheckedJob, _ currentFolder: String) {
        if let own = job.input { job.input = InputFiles.lowered(own, from: job.job.folder) }
        guard !options.input.isEmpty else { return }
        var given = InputFiles.lowered(options.input, from: currentFolder)
        given[SplitStrategy.key] = nil
        job.input = (job.input ?? [:]).merging(given) { _, given in given }
        job.givenPlaces = inputSpans
    }
}
