import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowJSON

/// What a job that is to go on needs of what it had stored, and does not find there intact. Looking changes nothing.
struct LostOutputs {
    /// Tasks that must run again.
    private(set) var tasks: [Int] = []
    /// One line for each, for people.
    private(set) var reasons: [String] = []

    private let content: ContentStore
    /// By hash: hashed once, however often it is named.
    private var verdicts: [ContentHash: Bool] = [:]
    /// Stored, but not what their names say.
    private var damaged: Set<ContentHash> = []

    /// - Throws: ``CommandFailure`` when the job's input is lost, which no task makes.
    init(_ machine: JobMachine, content: ContentStore) throws {
        self.content = content
        if let input = machine.jobInput, !isIntact(input) {
            throw CommandFailure(
                .infrastructure,
                "the stored input of job \(machine.job) is lost or damaged in \(content.folder): submit the job again")
        }
        for stage in machine.stages.indices { look(at: stage, of: machine) }
    }

    private mutating func look(at index: Int, of machine: JobMachine) {
        let stage = machine.stages[index]
        if let result = stage.result {
            guard isNeeded(index, by: machine), !isIntact(result) else { return }
            guard let task = stage.mergeTask ?? stage.firstTask else { return }
            lose(task, of: machine)
            // A merge is made of its shards, which may have gone with it.
            for shard in stage.shards { lookAtResult(of: shard, of: machine) }
            return
        }
        guard let split = stage.firstTask, !stage.shards.isEmpty else { return }
        let parts = [stage.shared] + stage.shards.map { machine.tasks[$0].units }
        if parts.contains(where: { part in part.map { !isIntact($0) } ?? false }) { return lose(split, of: machine) }
        for shard in stage.shards { lookAtResult(of: shard, of: machine) }
    }

    private mutating func lookAtResult(of task: Int, of machine: JobMachine) {
        guard machine.tasks[task].status == .succeeded, let result = machine.tasks[task].result else { return }
        if !isIntact(result) { lose(task, of: machine) }
    }

    /// A stage that is still to run may read it, or it is the job's result.
    private func isNeeded(_ stage: Int, by machine: JobMachine) -> Bool {
        machine.plan.outputs.contains(stage)
            || machine.plan.stages.indices.contains { other in
                !machine.stages[other].status.isSettled && machine.plan.stages[other].binding.sources.contains(stage)
            }
    }

    private mutating func lose(_ task: Int, of machine: JobMachine) {
        tasks.append(task)
        reasons.append("what \(machine.subJobID(of: task)) had made is lost or damaged; it runs again")
    }

    /// Removes damaged contents, which would stay in the way of the same contents made anew.
    func removeDamaged() {
        for hash in damaged { try? content.remove(hash) }
    }

    private mutating func isIntact(_ payload: Payload) -> Bool {
        if let value = try? content.value(of: payload) { return isIntact(value) }
        damaged.insert(payload.hash)
        return false
    }

    /// Every file that the value names is there, with the bytes that its reference says.
    private mutating func isIntact(_ value: JSONValue) -> Bool {
        for reference in value.contentReferences where !isStored(reference.hash) { return false }
        return true
    }

    private mutating func isStored(_ hash: ContentHash) -> Bool {
        if let verdict = verdicts[hash] { return verdict }
        let verdict = (try? content.verify(hash)) ?? false
        if !verdict { damaged.insert(hash) }
        verdicts[hash] = verdict
        return verdict
    }
}
