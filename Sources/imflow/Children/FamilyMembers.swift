import ImflowEngine
import Synchronization

/// The jobs of a family that this process drives.
final class FamilyMembers: Sendable {
    struct Member {
        var depth: Int
        var priority: Int
        /// What more is searched for models that it submits.
        var modelFolders: [String]
        var conductor: Conductor
        /// Tasks whose attempts have submitted jobs.
        var submitters: Set<String> = []
    }

    private let members = Mutex<[String: Member]>([:])

    subscript(job: String) -> Member? { members.withLock { $0[job] } }

    func enrol(_ job: String, _ member: Member) { members.withLock { $0[job] = member } }
    func dismiss(_ job: String) { members.withLock { $0[job] = nil } }

    func noteSubmission(by task: String, of job: String) {
        members.withLock { _ = $0[job]?.submitters.insert(task) }
    }

    /// Whether an attempt of the task has submitted anything; asked once, when the task has ended.
    func takeSubmitter(_ task: String, of job: String) -> Bool {
        members.withLock { $0[job]?.submitters.remove(task) != nil }
    }

    func hasSubmitters(_ job: String) -> Bool { members.withLock { $0[job]?.submitters.isEmpty == false } }
}
