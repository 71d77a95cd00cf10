import ImflowInvocation
import ImflowJSON
import ImflowJobAPI
import Synchronization

/// A request to a model that is being served, and what the model has asked for meanwhile: what a token stands for.
final class ModelSession: Sendable {
    private struct Asked {
        /// How often each job was submitted without a key, by the hash of its body.
        var submissions: [String: Int] = [:]
        /// What each key was used for: the body's hash.
        var keys: [String: String] = [:]
        var seen: Set<String> = []
        var folders = 0
    }

    let token: String
    let call: APICall
    private let asked = Mutex(Asked())

    init(token: String, call: APICall) {
        self.token = token
        self.call = call
    }

    /// The key under which a submission is found again.
    /// - Parameter given: the submitter's; nil: one is made of the body and of how often this request submitted it before,
    ///   so that it does not depend on the order in which different jobs are submitted.
    func key(given: String?, bodyHash: String) throws(APIResponse) -> String {
        let (key, isTaken) = asked.withLock { asked in
            guard let given else {
                asked.submissions[bodyHash, default: 0] += 1
                return ("~\(bodyHash.prefix(32))-\(asked.submissions[bodyHash] ?? 1)", false)
            }
            let before = asked.keys.updateValue(bodyHash, forKey: given)
            return (given, before != nil && before != bodyHash)
        }
        guard !isTaken else { throw .problem(409, "the key \(key) was used for another job: give each its own") }
        return key
    }

    /// True the first time that the request hears of the job.
    func sees(_ job: String) -> Bool { asked.withLock { $0.seen.insert(job).inserted } }

    /// A folder of its own for a job's output files, on this machine and as the model sees it.
    func outputFolder(of job: String) -> (path: String, guest: String) {
        let number = asked.withLock { asked in
            asked.folders += 1
            return asked.folders
        }
        let name = "/jobs/\(number)-\(job)"
        return (call.unitFolder.path + name, call.unitFolder.guest + name)
    }
}
