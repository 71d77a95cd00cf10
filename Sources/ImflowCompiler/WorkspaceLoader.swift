import ImflowChecks
import ImflowDiagnostics
import ImflowIR

/// Loads what a file refers to, and what that refers to, and resolves every reference.
struct WorkspaceLoader {
    var files: SourceFiles
    var search: ModelSearch
    private(set) var workspace = Workspace()

    init(
        _ reader: any FileReader, models: [String], environment: [String], loop: @escaping ParallelLoop = serialLoop
    ) {
        files = SourceFiles(reader, loop: loop)
        let current = reader.currentFolder
        search = ModelSearch(
            given: models.map { PathText.absolute($0, from: current) },
            environment: environment.map { PathText.absolute($0, from: current) })
    }

    /// Forgets what was added; what was read and found stays.
    mutating func startOver() { workspace = Workspace() }

    /// Adds a manifest and everything in its reach; the manifest with its references resolved.
    @discardableResult
    mutating func add(_ manifest: Manifest) -> CheckedModel? {
        var pending = [manifest]
        while let next = pending.popLast() {
            guard workspace.models[next.path] == nil else { continue }
            var model = CheckedModel(manifest: next)
            model.references = resolve(next.references, from: next.folder)
            workspace.models[next.path] = model
            pending += found(model.references)
        }
        return workspace.models[manifest.path]
    }

    /// The job with its references resolved, and everything in its reach added.
    mutating func add(_ job: Job) -> CheckedJob {
        var checked = CheckedJob(job: job)
        var references = (job.stages?.value ?? []).compactMap(\.model?.value)
        references += ([job.multiNode] + (job.stages?.value ?? []).map(\.multiNode)).compactMap { $0?.reducer?.value }
        if let model = job.model?.value { references.append(model) }
        checked.references = resolve(references, from: job.folder)
        for manifest in found(checked.references) { add(manifest) }
        if let model = job.model, case .found(let path) = checked.references[model.value] {
            checked.model = model.map { _ in path }
        }
        return checked
    }

    mutating func resolve(_ references: [ModelReference], from folder: String) -> [ModelReference: Resolution] {
        var resolved: [ModelReference: Resolution] = [:]
        for reference in references where resolved[reference] == nil {
            resolved[reference] = search.resolve(reference, from: folder, &files)
        }
        return resolved
    }

    private func found(_ references: [ModelReference: Resolution]) -> [Manifest] {
        references.values.compactMap { resolution in
            if case .found(let path) = resolution { files.loaded[path]?.manifest } else { nil }
        }
    }
}
