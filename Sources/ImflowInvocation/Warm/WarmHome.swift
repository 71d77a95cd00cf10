import Glibc
import ImflowContent
import ImflowExecution
import Synchronization

/// What the warm instances of one executor live under: they are no job's, so their processes, containers, networks and work
/// folders carry a name of their own instead of a job's. Its folder, which is there from the first instance on, holds:
///
/// - `owner`, locked as long as the executor lives;
/// - `places`, a folder with a file for each place where instances were started;
/// - of each instance that may outlive its engine `TOKEN.lock`, locked by the engine that has it, and `TOKEN.json`, its
///   ``WarmRecord``.
final class WarmHome: Sendable {
    /// No job's id begins so.
    static let prefix = "~warm-"

    /// Under which the API of an instance is found, in place of a job's id.
    static func apiName(_ token: String) -> String { "~" + token.prefix(16) }

    /// In place of a job's id.
    let job: String
    private let state: StateFolder
    private let owner = Mutex<FileLock?>(nil)
    private let noted = Mutex<Set<String>>([])

    init(_ state: StateFolder) {
        self.state = state
        job = Self.prefix + InstanceStarter.drawToken().prefix(16)
    }

    private var folder: String { state.warm + "/" + job }

    /// To be called before anything is started that carries the name.
    /// - Parameter places: where it is started.
    func open(at places: Set<String>) throws(Failure) {
        let opened: Result<Void, Failure> = owner.withLock { owner in
            guard owner == nil else { return .success(()) }
            do throws(Failure) {
                // It gets its name when it is locked: whoever found it unlocked would take it for a dead engine's.
                let draft = "\(state.warm)/.\(job)"
                try WorkFolder.create(draft + "/places")
                guard let lock = FileLock.take(draft + "/owner", creating: true), rename(draft, folder) == 0 else {
                    throw Failure(.infra, "cannot make and lock \(folder): \(String(cString: strerror(errno)).lowercased())")
                }
                owner = lock
                return .success(())
            } catch { return .failure(error) }
        }
        try opened.get()
        for place in places where noted.withLock({ $0.insert(place).inserted }) {
            try WorkFile.write(Array(place.utf8), to: "\(folder)/places/\(ContentHash(of: Array(place.utf8)).hex.prefix(16))")
        }
    }

    /// What says that this engine has the instance, until it is given up.
    /// - Parameter record: what a later engine needs; its handle is not known yet.
    func claim(_ record: WarmRecord) throws(Failure) -> InstanceClaim {
        guard let lock = FileLock.take("\(folder)/\(record.token).lock", creating: true) else {
            throw Failure(.infra, "cannot lock \(folder)/\(record.token).lock: \(String(cString: strerror(errno)).lowercased())")
        }
        return InstanceClaim(record, home: folder, lock: lock)
    }

    /// From now on whoever finds something of it may take it.
    func close() {
        owner.withLock { owner in
            owner?.unlock()
            owner = nil
        }
        noted.withLock { $0 = [] }
    }
}
