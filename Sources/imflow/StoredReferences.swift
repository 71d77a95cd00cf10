import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowStore

/// Everything in the content store that a job refers to, directly or inside its values.
struct StoredReferences {
    /// By hash: whose it is, for messages.
    private(set) var owners: [ContentHash: String] = [:]
    /// What was found broken on the way: owner and reason.
    private(set) var damaged: [(owner: String, reason: String)] = []
    private let content: ContentStore

    init(content: ContentStore) { self.content = content }

    /// Adds the plan and every value that the job's facts name.
    mutating func add(_ row: JobRow, facts: [Fact], machine: JobMachine) {
        add(row.plan, owner: "the plan of \(row.id)")
        for fact in facts {
            switch fact {
            case .submitted(_, let input): add(input, owner: "the input of \(row.id)")
            case .attemptSucceeded(let task, _, let result, _): add(result, owner: machine.subJobID(of: task))
            case .splitExpanded(let task, _, let shared, _, _, _): add(shared, owner: machine.subJobID(of: task))
            case .shardPlanned(_, let index, let units): add(units, owner: "the units of \(row.id), shard \(index)")
            case .replanned(let replan):
                add(replan.plan, owner: "the plan of \(row.id)")
                if let input = replan.input { add(input, owner: "the input of \(row.id)") }
            case .finished(_, _, let output?): add(output, owner: "the output of \(row.id)")
            default: break
            }
        }
    }

    private mutating func add(_ payload: Payload, owner: String) {
        if payload.inline == nil {
            guard owners[payload.hash] == nil else { return }
            owners[payload.hash] = owner
        }
        do {
            // Reading a value compares its bytes with its hash.
            for reference in try content.namedFiles(in: payload) where owners[reference.hash] == nil {
                owners[reference.hash] = owner
            }
        } catch {
            damaged.append((owner, error.description))
        }
    }
}
