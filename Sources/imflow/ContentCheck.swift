import ImflowContent
import ImflowEngine
import ImflowExecution

/// Whether stored values are there as they were made. Looking changes nothing.
struct ContentCheck {
    private let content: ContentStore
    /// By hash: hashed once, however often it is named.
    private var verdicts: [ContentHash: Bool] = [:]
    /// What was asked for and is not what its name says.
    private var damaged: Set<ContentHash> = []

    init(content: ContentStore) { self.content = content }

    /// Whether the value can be read, and every file that it names is there, with the bytes that its reference says.
    mutating func isIntact(_ payload: Payload) -> Bool {
        guard let files = try? content.namedFiles(in: payload) else {
            damaged.insert(payload.hash)
            return false
        }
        for reference in files where !isStored(reference.hash) { return false }
        return true
    }

    /// Damaged content would stay in the way of the same content made anew.
    func removeDamaged() {
        for hash in damaged { try? content.remove(hash) }
    }

    private mutating func isStored(_ hash: ContentHash) -> Bool {
        if let verdict = verdicts[hash] { return verdict }
        let verdict = (try? content.verify(hash)) ?? false
        if !verdict { damaged.insert(hash) }
        verdicts[hash] = verdict
        return verdict
    }
}

extension LostOutputs {
    /// - Throws: ``CommandFailure`` when the job's input is lost, which no task makes.
    init(_ machine: JobMachine, _ check: inout ContentCheck) throws {
        self.init(machine) { check.isIntact($0) }
        guard lacksInput else { return }
        throw CommandFailure(
            .infrastructure,
            "the stored input of job \(machine.job) is lost or damaged: imflow resume \(machine.job) fetches its files again "
                + "where they came from, if they are still the same; else submit the job again")
    }
}
