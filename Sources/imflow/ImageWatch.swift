import ImflowEngine
import ImflowPlan
import Synchronization

/// Notices when the name of an image stands for another one than that by which earlier results of a job were made.
final class ImageWatch: Sendable {
    /// Digests of what results were made by, the first first, by the image's name.
    private let digests = Mutex<[String: [String]]>([:])

    /// - Parameter machine: as it was before the fact.
    /// - Returns: what is to be said of it, once for each image; nil: nothing.
    func heed(_ fact: Fact, of machine: borrowing JobMachine) -> String? {
        guard case .attemptSucceeded(let task, _, _, let evidence) = fact, let digest = evidence.imageDigest,
            let stage = machine.tasks[task].stage,
            case .call(let key) = machine.plan.stages[stage].kind, let name = machine.plan.models[key]?.image
        else { return nil }
        let first: String? = digests.withLock { digests in
            let known = digests[name] ?? []
            if known.contains(digest) { return nil }
            digests[name] = known + [digest]
            return known.first
        }
        guard let first else { return nil }
        let job = machine.job
        return "image \(name) is \(digest) now, and earlier results of job \(job) were made by \(first): they stay as they "
            + "are; a new job makes all of them by one image"
    }

    /// `observer`, with `note` told of each image that has changed.
    func observing(_ observer: Conductor.Observer, note: @escaping @Sendable (String) -> Void) -> Conductor.Observer {
        var observing = observer
        observing.committed = { [self] facts, machine in
            for fact in facts { if let text = heed(fact, of: machine) { note(text) } }
            observer.committed(facts, machine)
        }
        return observing
    }
}
