import Glibc
import ImflowExecution
import ImflowPlan
import Synchronization

/// This engine's exclusive hold on an instance that may outlive it.
final class InstanceClaim: Sendable {
    private let home: String
    private let lock: FileLock
    private let current: Mutex<WarmRecord>

    /// - Parameter home: its ``WarmHome``'s folder.
    init(_ record: WarmRecord, home: String, lock: FileLock) {
        self.home = home
        self.lock = lock
        current = Mutex(record)
    }

    var record: WarmRecord { current.withLock { $0 } }
    /// In place of a job's id.
    var job: String { String(home.split(separator: "/").last ?? "") }
    private var path: String { "\(home)/\(record.token)" }

    /// From now on a later engine may take it over, when this one is gone.
    /// - Parameter handle: nil: as it was.
    func publish(handle: String? = nil, keptUntil: Int64? = nil) throws(Failure) {
        let record = current.withLock { record in
            record.handle = handle ?? record.handle
            record.keptUntil = keptUntil
            return record
        }
        try WorkFile.write(Array(record.text.utf8), to: path + ".json")
    }

    /// Nobody is to take it any more.
    func withdraw() { unlink(path + ".json") }

    /// Nothing of the instance is left.
    func end() {
        withdraw()
        unlink(path + ".lock")
        lock.unlock()
    }

    /// It is there for whoever takes it.
    func giveUp() { lock.unlock() }
}
