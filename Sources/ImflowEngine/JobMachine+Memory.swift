import ImflowPlan

extension JobMachine {
    /// What happens with memory after an attempt of the task ran out of it, as the rest of a message; nil: `memory_max` is not set.
    func memoryNote(afterFailureOf task: Int) -> String? {
        guard let stage = tasks[task].stage, let resources = resources(of: task, stage: stage),
            let most = resources.memoryMax, resources.memory != nil
        else { return nil }
        let failures = memoryFailures[task] ?? 0
        let had = resources.memory(afterFailures: failures)
        let next = resources.memory(afterFailures: failures + 1)
        guard let had, let next, next > had else {
            return "; it had \(most.text), all that resources.memory_max allows"
        }
        return "; it had \(had.text), another attempt would get \(next.text)"
    }

    private func resources(of task: Int, stage: Int) -> Resources? {
        if tasks[task].kind == .merge { return plan.stages[stage].merge?.reducer.flatMap { plan.models[$0]?.resources } }
        guard case .call(let key) = plan.stages[stage].kind else { return nil }
        return plan.models[key]?.resources
    }
}

extension Resources {
    /// Twice as much for each attempt that ran out of it, up to ``memoryMax``; without that, always ``memory``.
    func memory(afterFailures failures: Int) -> ByteCount? {
        guard let memory, let memoryMax, failures > 0, memoryMax > memory else { return memory }
        var bytes = memory.bytes
        for _ in 0..<min(failures, 63) {
            let (double, overflow) = bytes.multipliedReportingOverflow(by: 2)
            bytes = overflow ? memoryMax.bytes : min(double, memoryMax.bytes)
        }
        return ByteCount(bytes: bytes)
    }
}

extension ByteCount {
    /// `512 MiB`: the largest binary unit that leaves a whole number.
    var text: String {
        var value = bytes
        var unit = "bytes"
        for larger in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 && value % 1024 == 0 {
            value /= 1024
            unit = larger
        }
        return "\(value) \(unit)"
    }
}
