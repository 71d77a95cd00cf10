package import ImflowDiagnostics
package import ImflowIR
package import ImflowJSON

/// What a reference to a model means, from where it stands.
package enum Resolution: Sendable {
    /// The manifest at this absolute path.
    case found(path: String)
    /// Nothing has that name; the manifests with the nearest names.
    case unknown(near: [ModelPlace])
    /// Several manifests have it, at one distance.
    case ambiguous([ModelPlace])
    /// The name is there, in other versions than the pinned one.
    case otherVersion([ModelPlace])
}

/// A manifest that a search found.
package struct ModelPlace: Sendable {
    package var name: String
    package var version: String?
    /// As shown to people.
    package var path: String
    /// Where its name stands.
    package var span: Span

    package init(name: String, version: String?, path: String, span: Span) {
        self.name = name
        self.version = version
        self.path = path
        self.span = span
    }
}

/// A manifest with its graph, and what its references mean.
package struct CheckedModel: Sendable {
    package var manifest: Manifest
    /// Of a pipeline.
    package var graph: StageGraph?
    package var references: [ModelReference: Resolution]
    package let schemas: CompiledSchemas

    package init(manifest: Manifest, references: [ModelReference: Resolution] = [:]) {
        self.manifest = manifest
        schemas = CompiledSchemas(manifest)
        graph = manifest.chainedModels.map { StageGraph($0.value) }
        self.references = references
    }
}

/// A job with its graph, and what its references mean.
package struct CheckedJob: Sendable {
    package var job: Job
    /// Of `job_graph`.
    package var graph: StageGraph?
    package var references: [ModelReference: Resolution]
    /// The model that the job runs where it has no graph: an absolute path, and the place that names it.
    package var model: Located<String>?
    /// The job's input with the command line's members in it; nil: nothing is known of it.
    package var input: JSONObject?
    /// Where the command line's members of it stand.
    package var givenPlaces: [String: Span] = [:]
    /// Whether a plan is to be made of it, so that it must name what it runs.
    package var isPlanned: Bool
    /// Whether it is to be run now, rather than looked at.
    package var isSubmitted: Bool

    package init(job: Job) {
        self.job = job
        graph = job.stages.map { StageGraph($0.value) }
        references = [:]
        input = job.input?.value.objectValue
        isPlanned = false
        isSubmitted = false
    }

    /// Where the part of the input's member `key` at a JSON pointer stands.
    package func place(ofInput key: String, _ pointer: String) -> Span? {
        givenPlaces[key] ?? job.inputPlaces.span(at: JSONPointerText.text(key) + pointer)
    }
}

/// Every manifest in reach of what is checked, by absolute path.
package struct Workspace: Sendable {
    package var models: [String: CheckedModel]

    package init(models: [String: CheckedModel] = [:]) { self.models = models }

    /// The model that `reference` names, from a file whose references are `references`; nil: not exactly one.
    package func model(_ reference: ModelReference?, _ references: [ModelReference: Resolution]) -> CheckedModel? {
        guard let reference, case .found(let path) = references[reference] else { return nil }
        return models[path]
    }
}
