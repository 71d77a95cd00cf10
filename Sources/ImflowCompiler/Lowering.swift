import ImflowChecks
import ImflowIR
import ImflowJSON
import ImflowPlan

/// Turns a checked job into its plan. Only called when nothing is wrong with it.
struct Lowering {
    private let job: CheckedJob
    private let workspace: Workspace
    private let expansion: Expansion
    private var models: [String: ModelPlan] = [:]
    private var keys: [String: String] = [:]
    /// The folders of manifests, by the text that they were read from.
    private let folders: [ObjectIdentifier: String]
    private(set) var plan: Plan

    /// Nil when the job's graph has no meaning; then a rule has said so.
    init?(_ job: CheckedJob, _ scope: Scope) {
        guard let checked = scope.expansion else { return nil }
        // A check makes do with the first rounds of what is repeated.
        let isRepeated = checked.stages.contains { $0.declaration.loop != nil }
        let whole = isRepeated ? Expansion(scope.subject, in: scope.workspace, rounds: .max) : checked
        guard let expansion = whole, !expansion.isTooLarge else { return nil }
        self.job = job
        workspace = scope.workspace
        self.expansion = expansion
        let manifests = workspace.models.values.map(\.manifest)
        folders = Dictionary(
            manifests.map { (ObjectIdentifier($0.span.source), $0.folder) }, uniquingKeysWith: { first, _ in first })
        plan = Plan(models: [:], stages: [], input: .object([:]), inputFiles: [], outputs: expansion.outputs)
        var stages: [StagePlan] = []
        for index in expansion.stages.indices {
            guard let stage = stage(index) else { return nil }
            stages.append(stage)
        }
        plan.stages = stages
        UnitFlow(expansion, workspace).apply(to: &plan)
        plan.models = models
        lowerInput()
        let own = job.model.flatMap { workspace.models[$0.value]?.manifest.policies.jobTimeout?.value }
        plan.policy = JobPolicy(
            timeout: job.job.policies.jobTimeout?.value ?? own,
            priority: job.job.priority.flatMap { $0.value == 0 ? nil : $0.value },
            maxParallel: job.job.maxParallel?.value)
    }

    private mutating func lowerInput() {
        var input = job.input ?? [:]
        var uriKeys: Set<String> = []
        for stage in expansion.stages where stage.jobInput {
            guard let path = stage.modelPath,
                let properties = workspace.models[path]?.manifest.inputSchema?.value["properties"]?.objectValue
            else { continue }
            for (key, schema) in properties where schema["format"] == "uri" || schema["items"]?["format"] == "uri" {
                if stage.inputKey == nil || stage.inputKey?.value == key { uriKeys.insert(key) }
            }
        }
        for key in uriKeys {
            if let value = input[key] { input[key] = InputFiles.loweredFile(value, from: job.job.folder) }
        }
        plan.input = .object(input)
        plan.inputFiles = InputFiles.pointers(in: input, uriKeys: uriKeys)
    }

    private mutating func stage(_ index: Int) -> StagePlan? {
        let stage = expansion.stages[index]
        let kind: StagePlan.Kind
        switch stage.kind {
        case .call(let path):
            guard let path, let key = model(path) else { return nil }
            kind = .call(model: key)
        case .entry, .exit, .rounds: kind = .pass
        }
        var fallback = false
        if case .soleValue = expansion.binding(of: index) { fallback = true }
        var lowered = StagePlan(
            name: stage.name, kind: kind, needs: stage.needs, softNeeds: stage.softNeeds.isEmpty ? nil : stage.softNeeds,
            binding: Binding(
                sources: stage.givenSources, firstSource: stage.isEndOfRounds ? true : nil, jobInput: stage.jobInput,
                key: stage.inputKey?.value, soleValueFallback: fallback),
            beyond: stage.beyond, entry: stage.entry, outputKey: stage.outputKey,
            literal: .object(InputFiles.lowered(stage.literal, from: folder(of: stage))),
            priority: stage.priority ?? 0, policy: policy(of: stage))
        lowered.when = stage.asked
        if stage.isCall, let block = stage.multiNode, block.isEnabled {
            if let mode = block.splitMode?.value {
                lowered.split = split(block, mode, of: stage)
                lowered.merge = merge(block, reducer: stage.reducer)
            }
            lowered.gang = gang(block)
        }
        return lowered
    }

    /// A pipeline's border calls nothing: of the policies only what becomes of a failure concerns it.
    private func policy(of stage: ExpandedStage) -> StagePolicy {
        var policy = stage.policies.lowered
        guard stage.isCall else { return StagePolicy(onFailure: policy.onFailure) }
        policy.maxParallel = stage.declaration.maxParallel?.value
        return policy
    }

    /// The folder of the file that declares the stage.
    private func folder(of stage: ExpandedStage) -> String {
        folders[ObjectIdentifier(stage.declaration.span.source)] ?? job.job.folder
    }

    private func split(_ block: MultiNode, _ mode: SplitMode, of stage: ExpandedStage) -> SplitPlan {
        let defaults = SplitPlan(mode: mode)
        let isTarget = expansion.target.map { $0 == stage.prototype } ?? false
        let candidates = block.candidates?.value ?? defaults.candidates
        var plan = SplitPlan(
            mode: mode, key: block.splitKey?.value,
            tileWidth: block.tileSize?.value.x ?? defaults.tileWidth,
            tileHeight: block.tileSize?.value.y ?? defaults.tileHeight,
            tileOverlapX: block.tileOverlap?.value.x ?? 0, tileOverlapY: block.tileOverlap?.value.y ?? 0,
            tilePad: block.tilePad?.value ?? false, tileWhole: block.tileWhole?.value == true ? true : nil,
            tileFile: block.tileFile.flatMap { $0.value == .auto ? nil : $0.value },
            batchSize: block.batchSize?.value ?? defaults.batchSize,
            sequenceLength: block.sequenceLength?.value ?? defaults.sequenceLength,
            sequenceOverlap: block.sequenceOverlap?.value ?? 0,
            sequenceUnit: block.sequenceUnit?.value ?? defaults.sequenceUnit,
            // Each round goes on where the one before ended: no candidate is made twice.
            candidates: candidates, seed: (block.seed?.value ?? defaults.seed) + stage.round * candidates,
            shardLimit: (isTarget ? job.job.shardCount?.value : nil) ?? block.shardLimit)
        if mode == .rows {
            plan.rowFormat = block.rowFormat?.value
            plan.rowHeader = block.rowHeader?.value ?? true
            plan.rowDelimiter = block.rowDelimiter?.value
        }
        if mode == .audio {
            plan.audioLength = block.audioLength?.value ?? SplitPlan.defaultAudioLength
            plan.audioOverlap = block.audioOverlap?.value ?? TimeSpan(milliseconds: 0)
        }
        return plan
    }

    private mutating func merge(_ block: MultiNode, reducer: String?) -> MergePlan {
        let defaults = MergePlan()
        let options = block.merge
        return MergePlan(
            strategy: block.mergeStrategy?.value ?? defaults.strategy,
            conflict: options?.conflict?.value ?? defaults.conflict, blend: options?.blend?.value ?? defaults.blend,
            format: options?.format?.value == .png ? .png : nil, content: options?.content?.value == .labels ? .labels : nil,
            fill: options?.fill?.value,
            iou: options?.iou?.value ?? defaults.iou, metric: options?.metric?.value ?? defaults.metric,
            nms: options?.nms?.value, classAgnostic: options?.classAgnostic?.value == true ? true : nil,
            score: options?.score?.value ?? defaults.score, k: options?.k?.value ?? defaults.k,
            reducer: block.reducer == nil ? nil : reducer.flatMap { model($0) })
    }

    private func gang(_ block: MultiNode) -> GangPlan? {
        guard let runtime = block.distributedRuntime?.value else { return nil }
        return GangPlan(
            runtime: runtime, role: block.shardRole?.value ?? .worker, size: block.clusterSize?.value ?? 1,
            coordinationPort: block.coordinationPort?.value, gpu: block.gpu?.value ?? false,
            startWindow: block.startWindow?.value ?? TimeSpan(seconds: 60))
    }

    /// The key of the model at `path` in the plan, adding it when it is new.
    private mutating func model(_ path: String) -> String? {
        if let key = keys[path] { return key }
        guard let manifest = workspace.models[path]?.manifest else { return nil }
        var key = manifest.name
        if models[key] != nil, let version = manifest.version?.value { key += "@" + version }
        var number = 2
        while models[key] != nil {
            key = "\(manifest.name)#\(number)"
            number += 1
        }
        keys[path] = key
        models[key] = Self.lower(manifest)
        return key
    }

    private static func lower(_ manifest: Manifest) -> ModelPlan {
        let runtime = manifest.runtime?.value
        let isServer = manifest.port != nil || manifest.image != nil
        let defaults = ModelPlan(name: "", folder: "")
        let callProtocol = manifest.callProtocol?.value ?? (isServer ? .rest : .exec)
        return ModelPlan(
            name: manifest.name, version: manifest.version?.value, folder: manifest.folder,
            image: manifest.image?.value,
            command: manifest.entrypoint.map { Interpreter.argv($0.value, runtime: runtime) } ?? [],
            callProtocol: callProtocol, port: manifest.port?.value ?? callProtocol.defaultPort,
            path: manifest.urlPath?.value ?? callProtocol.defaultPath(of: manifest.name),
            health: manifest.health?.value ?? callProtocol.defaultHealth,
            concurrency: manifest.concurrency?.value ?? defaults.concurrency,
            environment: Dictionary(
                manifest.environment.map { ($0.key, $0.value.value) }, uniquingKeysWith: { _, last in last }),
            hooks: Hooks(
                start: manifest.hooks.start?.value.words, warmup: manifest.hooks.warmup?.value.words,
                health: manifest.hooks.health?.value.words),
            resources: Resources(
                cpu: manifest.resources.cpu?.value, memory: manifest.resources.memory?.value,
                memoryMax: manifest.resources.memoryMax?.value,
                disk: manifest.resources.disk?.value, gpu: manifest.resources.gpu,
                shm: manifest.resources.shm?.value, pids: manifest.resources.pids?.value),
            maxParallel: manifest.maxParallel?.value,
            minInstances: manifest.minInstances.flatMap { $0.value > 0 ? $0.value : nil },
            maxInstances: manifest.maxInstances?.value,
            idleTimeout: manifest.idleTimeout.flatMap { $0.value == ModelPlan.idleTimeout ? nil : $0.value },
            startTimeout: manifest.startTimeout.flatMap { $0.value == ModelPlan.startTimeout ? nil : $0.value },
            inputSchema: manifest.inputSchema?.value, outputSchema: manifest.outputSchema?.value,
            network: manifest.network.flatMap { $0.value == .none ? nil : $0.value })
    }
}
