import FoundationEssentials
import GRDB
import Glibc
package import ImflowEngine

extension LeaseHolder {
    /// This process.
    package static var current: LeaseHolder {
        LeaseHolder(pid: getpid(), startTicks: startTicks(of: getpid()) ?? 0, boot: bootID)
    }

    package var isAlive: Bool { isAlive(boot: Self.bootID, startTicks: Self.startTicks) }

    func keepsOut(_ other: LeaseHolder) -> Bool { keepsOut(other, boot: Self.bootID, startTicks: Self.startTicks) }

    /// `/proc/sys/kernel/random/boot_id`.
    private static var bootID: String {
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/sys/kernel/random/boot_id")) else { return "" }
        return String(decoding: data.prefix(36), as: UTF8.self)
    }

    /// Of a process that runs or is stopped.
    private static func startTicks(of pid: Int32) -> UInt64? {
        ProcessStatus(of: pid).flatMap { $0.letter == "Z" ? nil : $0.startTicks }
    }

    /// Who it is, and how to make it go on when it is stopped.
    package var description: String {
        ProcessStatus.isStopped(pid) ? "process \(pid), which is stopped (kill -CONT \(pid) lets it go on)" : "process \(pid)"
    }
}

extension JobDatabase {
    /// Takes the job for this process. A lease of a process that is gone is taken over. Requests to whoever drove it before
    /// are void.
    /// - Throws: ``StoreError/Kind/held``, naming who drives it.
    package func acquireLease(job: String) async throws(StoreError) {
        try await write { database in
            let text = try String.fetchOne(database, sql: "SELECT holder FROM lease WHERE job = ?", arguments: [job])
            let me = LeaseHolder.current
            if let text, let holder = try? Self.decode(LeaseHolder.self, text), holder.keepsOut(me) {
                throw StoreError(.held, "job \(job) is driven already, by \(holder.description)")
            }
            try database.execute(sql: "DELETE FROM request WHERE job = ?", arguments: [job])
            try database.execute(
                sql: "INSERT OR REPLACE INTO lease (job, holder) VALUES (?, ?)", arguments: [job, try Self.encode(me)])
        }
        engines.ring()
    }

    /// An engine whose lease was taken over, for it was thought to be gone, writes nothing any more.
    static func checkLease(of job: String, isHeldBy holder: String, _ database: Database) throws {
        let lease = try database.cachedStatement(sql: "SELECT holder FROM lease WHERE job = ?")
        guard let other = try String.fetchOne(lease, arguments: [job]), other != holder else { return }
        let name = (try? decode(LeaseHolder.self, other))?.description ?? "another process"
        throw StoreError(.held, "job \(job) is driven by \(name) now: it took this one for gone")
    }

    /// The jobs that living processes drive, by id.
    package func drivenJobs() async throws(StoreError) -> [(job: String, holder: LeaseHolder)] {
        let leases = try await read { database in
            try Row.fetchAll(database, sql: "SELECT job, holder FROM lease ORDER BY job").compactMap { row in
                (try? Self.decode(LeaseHolder.self, row["holder"])).map { (job: row["job"] as String, holder: $0) }
            }
        }
        return leases.filter(\.holder.isAlive)
    }

    package func releaseLease(job: String) async throws(StoreError) {
        try await write { [holder] in
            try $0.execute(sql: "DELETE FROM lease WHERE job = ? AND holder = ?", arguments: [job, holder])
        }
        engines.ring()
    }

    /// The living process that drives the job; nil: nobody.
    package func leaseHolder(job: String) async throws(StoreError) -> LeaseHolder? {
        let holder = try await read { database -> LeaseHolder? in
            try String.fetchOne(database, sql: "SELECT holder FROM lease WHERE job = ?", arguments: [job])
                .map { try Self.decode(LeaseHolder.self, $0) }
        }
        return holder.flatMap { $0.isAlive ? $0 : nil }
    }
}
