package import ImflowEngine
import GRDB

extension JobDatabase {
    /// Forgets a job and everything known of it, if its status is still one of `statuses` and nobody drives it.
    /// - Returns: whether it was forgotten.
    package func forget(job: String, ifOneOf statuses: Set<JobStatus>) async throws(StoreError) -> Bool {
        try await write { database in
            let text = try String.fetchOne(database, sql: "SELECT status FROM job WHERE id = ?", arguments: [job])
            guard let text, let status = JobStatus(rawValue: text), statuses.contains(status) else { return false }
            let lease = try String.fetchOne(database, sql: "SELECT holder FROM lease WHERE job = ?", arguments: [job])
            if let lease, let holder = try? Self.decode(LeaseHolder.self, lease), holder.isAlive { return false }
            try database.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [job])
            return true
        }
    }
}
