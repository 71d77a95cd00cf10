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

    /// `/proc/PID/stat`, field 22.
    private static func startTicks(of pid: Int32) -> UInt64? {
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/\(pid)/stat")) else { return nil }
        // The second field, the command in parentheses, may hold anything; count from its end.
        let fields = String(decoding: data, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return UInt64(fields[19])
    }
}

extension JobDatabase {
    /// Takes the job for this process. A lease of a process that is gone is taken over.
    /// - Throws: ``StoreError/Kind/held``, naming who drives it.
    package func acquireLease(job: String) async throws(StoreError) {
        try await write { database in
            let text = try String.fetchOne(database, sql: "SELECT holder FROM lease WHERE job = ?", arguments: [job])
            let me = LeaseHolder.current
            if let text, let holder = try? Self.decode(LeaseHolder.self, text), holder.keepsOut(me) {
                throw StoreError(.held, "job \(job) is driven by process \(holder.pid) already")
            }
            try database.execute(
                sql: "INSERT OR REPLACE INTO lease (job, holder) VALUES (?, ?)", arguments: [job, try Self.encode(me)])
        }
    }

    package func releaseLease(job: String) async throws(StoreError) {
        try await write { try $0.execute(sql: "DELETE FROM lease WHERE job = ?", arguments: [job]) }
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
