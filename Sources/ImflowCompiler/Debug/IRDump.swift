import ImflowDiagnostics
import ImflowIR
import ImflowJSON
import ImflowPlan

/// Typed manifests and jobs as JSON, by the names of their keys. Every value is in one canonical form: see ``units``.
struct IRDump {
    /// What numbers count.
    static let units: JSONValue = [
        "time": "milliseconds", "amount": "bytes", "size": "[width, height] in px", "cpu": "cores",
    ]

    let spans: Bool

    func manifest(_ manifest: Manifest) -> JSONValue {
        var dump = FieldDump(spans: spans)
        dump.add("name", .string(manifest.name), at: manifest.nameSpan)
        dump.add("version", manifest.version)
        dump.add("description", manifest.summary)
        dump.add("labels", texts(manifest.labels), at: nil)
        dump.add("image", manifest.image)
        dump.add("entrypoint", manifest.entrypoint, command)
        dump.add("runtime", manifest.runtime)
        dump.add("max_parallel", manifest.maxParallel)
        dump.add("protocol", manifest.callProtocol)
        dump.add("network", manifest.network)
        dump.add("port", manifest.port)
        dump.add("path", manifest.urlPath)
        dump.add("health", manifest.health)
        dump.add("concurrency", manifest.concurrency)
        dump.add("min_instances", manifest.minInstances)
        dump.add("max_instances", manifest.maxInstances)
        dump.add("idle_timeout", manifest.idleTimeout, time)
        dump.add("start_timeout", manifest.startTimeout, time)
        dump.add("env", texts(manifest.environment), at: nil)
        dump.add("hooks", hooks(manifest.hooks), at: manifest.hooks.span)
        dump.add("resources", resources(manifest.resources), at: manifest.resources.span)
        dump.add("requires", manifest.requires.map(requires), at: manifest.requires?.span)
        dump.add("input_schema", manifest.inputSchema)
        dump.add("output_schema", manifest.outputSchema)
        dump.add("multi_node", manifest.multiNode.map(multiNode), at: manifest.multiNode?.span)
        dump.add("chained_models", manifest.chainedModels) { stages($0, modelKey: "model_id") }
        add(manifest.policies, to: &dump)
        return dump.json
    }

    func job(_ job: Job) -> JSONValue {
        var dump = FieldDump(spans: spans)
        dump.add("job_id", job.id)
        dump.add("input", job.input)
        dump.add("split_strategy", job.splitStrategy, splitStrategy)
        dump.add("shard_count", job.shardCount)
        dump.add("model", job.model)
        if let stages = job.stages {
            var graph = FieldDump(spans: spans)
            graph.add("stages", stages) { self.stages($0, modelKey: "model") }
            dump.add("job_graph", graph.json, at: nil)
        }
        dump.add("multi_node", job.multiNode.map(multiNode), at: job.multiNode?.span)
        dump.add("priority", job.priority)
        dump.add("max_parallel", job.maxParallel)
        add(job.policies, to: &dump)
        return dump.json
    }

    private func stages(_ stages: [StageDeclaration], modelKey: String) -> JSONValue {
        .array(
            stages.map { stage in
                var dump = FieldDump(spans: spans)
                dump.add("name", stage.name)
                dump.add(modelKey, stage.model)
                dump.add("input_key", stage.inputKey)
                dump.add("output_key", stage.outputKey)
                dump.add("needs", stage.needs, names)
                dump.add("soft_needs", stage.softNeeds, names)
                dump.add("repeat", stage.loop.map(loop), at: stage.loop?.span)
                dump.add("max_parallel", stage.maxParallel)
                dump.add("input", stage.input)
                dump.add("when", stage.when, condition)
                dump.add("priority", stage.priority)
                dump.add("multi_node", stage.multiNode.map(multiNode), at: stage.multiNode?.span)
                add(stage.policies, to: &dump)
                return dump.placed(dump.json, at: stage.span)
            })
    }

    private func names(_ names: [Located<String>]) -> JSONValue {
        .array(names.map { FieldDump(spans: spans).placed(.string($0.value), at: $0.span) })
    }

    private func loop(_ loop: RepeatDeclaration) -> JSONValue {
        var dump = FieldDump(spans: spans)
        dump.add("times", loop.times)
        dump.add("until", loop.until, condition)
        return dump.json
    }

    private func hedge(_ hedge: HedgeDeclaration) -> JSONValue {
        guard hedge.isOn else { return false }
        var dump = FieldDump(spans: spans)
        dump.add("factor", hedge.factor)
        dump.add("quantile", hedge.quantile)
        dump.add("budget", hedge.budget)
        return dump.json
    }

    private func add(_ policies: Policies, to dump: inout FieldDump) {
        dump.add("timeout", policies.timeout, time)
        dump.add("queue_timeout", policies.queueTimeout, time)
        dump.add("job_timeout", policies.jobTimeout, time)
        dump.add("retry", policies.retry.map(retry), at: policies.retry?.span)
        dump.add("hedge", policies.hedge.map(hedge), at: policies.hedge?.span)
        dump.add("on_failure", policies.onFailure)
        dump.add("min_success_ratio", policies.minSuccessRatio)
        dump.add("cache", policies.cache)
    }

    private func retry(_ retry: RetryDeclaration) -> JSONValue {
        var dump = FieldDump(spans: spans)
        dump.add("maximum_attempts", retry.maximumAttempts)
        dump.add("initial_interval", retry.initialInterval, time)
        dump.add("backoff_coefficient", retry.backoffCoefficient)
        dump.add("maximum_interval", retry.maximumInterval, time)
        dump.add("retry_on", retry.retryOn) { .array($0.map { .string($0.rawValue) }) }
        return dump.json
    }

    private func texts(_ map: [(key: String, value: Located<String>)]) -> JSONValue? {
        if map.isEmpty { return nil }
        var dump = FieldDump(spans: spans)
        for (name, value) in map { dump.add(name, value) }
        return dump.json
    }

    private func hooks(_ hooks: HookDeclaration) -> JSONValue? {
        if hooks.span == nil { return nil }
        var dump = FieldDump(spans: spans)
        dump.add("init", hooks.start, command)
        dump.add("warmup", hooks.warmup, command)
        dump.add("health", hooks.health, command)
        return dump.json
    }

    private func resources(_ resources: ResourceDeclaration) -> JSONValue? {
        if resources.span == nil { return nil }
        var dump = FieldDump(spans: spans)
        dump.add("cpu", resources.cpu)
        dump.add("memory", resources.memory, amount)
        dump.add("memory_max", resources.memoryMax, amount)
        dump.add("disk", resources.disk, amount)
        dump.add("shm", resources.shm, amount)
        dump.add("pids", resources.pids)
        if let gpu = resources.gpu {
            var inner = FieldDump(spans: spans)
            inner.add("count", .int(Int64(gpu.count)), at: nil)
            inner.add("memory", gpu.memory.map(amount), at: nil)
            inner.add("compute_capability", gpu.computeCapability.map(JSONValue.number), at: nil)
            dump.add("gpu", inner.json, at: nil)
        }
        return dump.json
    }

    private func requires(_ requires: NodeRequirement) -> JSONValue {
        var dump = FieldDump(spans: spans)
        dump.add("tier", requires.tier)
        dump.add("region", requires.region)
        dump.add("arch", requires.arch)
        dump.add("labels", texts(requires.labels), at: nil)
        return dump.json
    }
}
