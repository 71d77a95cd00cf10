import FoundationEssentials
import GRDB
package import ImflowEngine

/// Looks for damage in a state folder's database, and takes out what cannot be read. Works on databases that
/// ``JobDatabase`` refuses to open.
package struct DatabaseInspection: Sendable {
    /// A row of a job's journal that cannot be read. What was committed before it holds.
    package struct BrokenRow: Sendable {
        package var job: String
        package var sequence: Int
        package var reason: String
    }

    private let path: String

    package init(path: String) { self.path = path }

    /// What SQLite finds wrong with its file: tables, indexes, pages. Empty: nothing. At most 20 lines.
    /// - Throws: ``StoreError`` when the file is no database at all, or cannot be opened.
    package func fileDamage() throws(StoreError) -> [String] {
        try onDatabase { database in
            try String.fetchAll(database, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
        }
    }

    /// The first unreadable row of each job that has one.
    package func brokenRows() throws(StoreError) -> [BrokenRow] {
        try onDatabase { database in
            try String.fetchAll(database, sql: "SELECT id FROM job ORDER BY id").compactMap { job in
                try Self.brokenRow(of: job, database)
            }
        }
    }

    private static func brokenRow(of job: String, _ database: Database) throws -> BrokenRow? {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT sequence, body FROM fact WHERE job = ? ORDER BY sequence", arguments: [job])
        while let row = try rows.next() {
            do {
                try row.withUnsafeData(atIndex: 1) { data in
                    try (data ?? Data()).withUnsafeBytes { try FactCoder.decode($0) { _ in } }
                }
            } catch let damage as FactCoder.Damaged {
                return BrokenRow(job: job, sequence: row[0], reason: damage.description)
            }
        }
        return nil
    }

    /// Removes a job's journal from `row` on: a journal's beginning is a state that the job once had.
    package func cut(_ row: BrokenRow) throws(StoreError) {
        try onDatabase { database in
            try database.inTransaction {
                try database.execute(
                    sql: "DELETE FROM fact WHERE job = ? AND sequence >= ?", arguments: [row.job, row.sequence])
                return .commit
            }
        }
    }

    /// Writes what can be read of the database into a new one at `target`: whole jobs, and of a journal that breaks off its
    /// beginning.
    /// - Returns: the ids of the jobs that were saved, and of those whose journal could not be read to its end.
    package func salvage(into target: String) async throws(StoreError) -> (jobs: [String], cut: [String]) {
        let fresh = try JobDatabase(path: target)
        let jobs = try onDatabase { database in
            var jobs: [JobValues] = []
            // From both ends: a broken page hides what is behind it.
            for order in ["ASC", "DESC"] {
                let cursor = try? Row.fetchCursor(database, sql: "SELECT * FROM job ORDER BY id \(order)")
                while let row = try? cursor?.next() {
                    if !jobs.contains(where: { $0.id == row["id"] }) { jobs.append(JobValues(row)) }
                }
            }
            return jobs
        }
        var saved: [String] = []
        var cut: [String] = []
        for job in jobs {
            let id = job.id
            let (bodies, isWhole) = try onDatabase { Self.bodies(of: id, $0) }
            // Without its submission a job is nothing.
            guard !bodies.isEmpty else { continue }
            try await fresh.write { database in
                let columns = job.columns.joined(separator: ", ")
                let places = job.columns.map { _ in "?" }.joined(separator: ", ")
                try database.execute(
                    sql: "INSERT INTO job (\(columns)) VALUES (\(places))",
                    arguments: StatementArguments(job.values))
                for (sequence, body) in bodies.enumerated() {
                    try database.execute(
                        sql: "INSERT INTO fact (job, sequence, body) VALUES (?, ?, ?)",
                        arguments: [id, sequence + 1, body])
                }
            }
            saved.append(id)
            if !isWhole { cut.append(id) }
        }
        return (saved, cut)
    }

    /// A row of the table of jobs, whatever columns the database has.
    private struct JobValues: Sendable {
        var id: String
        var columns: [String]
        var values: [DatabaseValue]

        init(_ row: Row) {
            id = row["id"]
            columns = Array(row.columnNames)
            values = Array(row.databaseValues)
        }
    }

    private static func bodies(of job: String, _ database: Database) -> (bodies: [Data], isWhole: Bool) {
        var bodies: [Data] = []
        do {
            let rows = try Data.fetchCursor(
                database, sql: "SELECT body FROM fact WHERE job = ? ORDER BY sequence", arguments: [job])
            while let body = try rows.next() {
                try body.withUnsafeBytes { try FactCoder.decode($0) { _ in } }
                bodies.append(body)
            }
            return (bodies, true)
        } catch {
            return (bodies, false)
        }
    }

    private func onDatabase<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(30)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            return try queue.writeWithoutTransaction(body)
        } catch {
            throw StoreError(error, path: path)
        }
    }
}

extension JobDatabase {
    /// Writes a job's state anew from its journal, after something was taken out of it.
    package func rewrite(_ summary: JobSummary, of job: String) async throws(StoreError) {
        try await write { try Self.write(summary, of: job, $0) }
    }

    /// Forgets the leases of processes that are gone; answers the jobs.
    package func removeDeadLeases() async throws(StoreError) -> [String] {
        try await write { database in
            var jobs: [String] = []
            for row in try Row.fetchAll(database, sql: "SELECT job, holder FROM lease ORDER BY job") {
                guard (try? Self.decode(LeaseHolder.self, row["holder"]))?.isAlive != true else { continue }
                jobs.append(row["job"])
                try database.execute(sql: "DELETE FROM lease WHERE job = ?", arguments: [row["job"] as String])
            }
            return jobs
        }
    }
}
