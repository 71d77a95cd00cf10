import FoundationEssentials
import GRDB
package import ImflowEngine
package import ImflowExecution

/// Looks for damage in a state folder's database, and takes out what cannot be read. Works on databases that
/// ``JobDatabase`` refuses to open.
package struct DatabaseInspection: Sendable {
    /// A row of a job's journal that cannot be read. What was committed before it holds.
    package struct BrokenRow: Sendable {
        package var job: String
        package var sequence: Int
        package var reason: String
        /// There is nothing before it: the job is lost.
        package var isFirst: Bool { sequence == 1 }
    }

    private let path: String

    package init(path: String) { self.path = path }

    /// What is wrong with its file, by SQLite (tables, indexes, pages), and which jobs' rows cannot be read. Empty: nothing.
    /// At most 20 lines of SQLite's.
    /// - Throws: ``StoreError``; ``StoreError/Kind/corrupt`` when the file is no database at all.
    package func fileDamage() throws(StoreError) -> [String] {
        try onDatabase { database in
            let lines = try String.fetchAll(database, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
            guard lines.isEmpty, try database.tableExists("job") else { return lines }
            let rows = try Row.fetchAll(database, sql: "SELECT * FROM job ORDER BY id").map(JobValues.init)
            return rows.filter { !$0.isWhole }.map { "what it says of job \($0.id ?? "?") cannot be read" }
        }
    }

    /// The first unreadable row of each job that has one.
    package func brokenRows() throws(StoreError) -> [BrokenRow] {
        try onDatabase { database in
            // An engine that was killed before it had made the tables leaves none.
            guard try database.tableExists("fact") else { return [] }
            return try String.fetchAll(database, sql: "SELECT id FROM job ORDER BY id").compactMap { job in
                let journal = Self.journal(of: job, database, keeping: false)
                return journal.damage.map { BrokenRow(job: job, sequence: journal.count + 1, reason: $0) }
            }
        }
    }

    /// Removes a job's journal from `row` on: a journal's beginning is a state that the job once had. Without its submission
    /// a job is nothing, and is removed.
    package func cut(_ row: BrokenRow) throws(StoreError) {
        try onDatabase { database in
            try database.inTransaction {
                if row.isFirst {
                    try database.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [row.job])
                } else {
                    try database.execute(
                        sql: "DELETE FROM fact WHERE job = ? AND sequence NOT BETWEEN 1 AND ?",
                        arguments: [row.job, row.sequence - 1])
                }
                return .commit
            }
        }
    }

    /// Writes what can be read of the database into a new one at `target`: whole jobs, and of a journal that breaks off its
    /// beginning. What it says of a job's state is that of the damaged file: ``JobDatabase/rewrite(_:of:)`` it.
    /// - Returns: the plans of the jobs that were saved, by id, and the ids of those whose journal could not be read to its end.
    package func salvage(into target: String) async throws(StoreError) -> (jobs: [String: Payload], cut: [String]) {
        let fresh = try JobDatabase(path: target)
        var saved: [String: Payload] = [:]
        var cut: [String] = []
        for (job, journal) in (try? readable()) ?? [] {
            guard let id = job.id, let plan = job.plan, job.isUsable, !journal.bodies.isEmpty else { continue }
            try await fresh.write { database in
                let columns = job.columns.joined(separator: ", ")
                let places = job.columns.map { _ in "?" }.joined(separator: ", ")
                try database.execute(
                    sql: "INSERT INTO job (\(columns)) VALUES (\(places))", arguments: StatementArguments(job.values))
                for (row, body) in journal.bodies.enumerated() {
                    try database.execute(
                        sql: "INSERT INTO fact (job, sequence, body) VALUES (?, ?, ?)", arguments: [id, row + 1, body])
                }
            }
            saved[id] = plan
            if journal.damage != nil { cut.append(id) }
        }
        return (saved, cut)
    }

    /// - Throws: ``StoreError`` when the file is no database at all.
    private func readable() throws(StoreError) -> [(job: JobValues, journal: Journal)] {
        try onDatabase { database in
            var jobs: [JobValues] = []
            // From both ends: a broken page hides what is behind it.
            for order in ["ASC", "DESC"] {
                let cursor = try? Row.fetchCursor(database, sql: "SELECT * FROM job ORDER BY id \(order)")
                while let row = try? cursor?.next() {
                    let job = JobValues(row)
                    if !jobs.contains(where: { $0.id == job.id }) { jobs.append(job) }
                }
            }
            return jobs.map { ($0, Self.journal(of: $0.id ?? "", database)) }
        }
    }

    /// A row of the table of jobs, whatever columns the database has and whatever stands in them.
    private struct JobValues: Sendable {
        var columns: [String]
        var values: [DatabaseValue]

        init(_ row: Row) {
            columns = Array(row.columnNames)
            values = Array(row.databaseValues)
        }

        var id: String? { text("id") }
        var plan: Payload? { text("plan").flatMap { try? JobDatabase.decode(Payload.self, $0) } }
        /// Whether the job can go on by it.
        var isUsable: Bool { id != nil && plan != nil && text("launch") != nil && value("submitted_at", Int64.self) != nil }
        var isWhole: Bool {
            isUsable && text("status").flatMap(JobStatus.init) != nil
                && text("summary").flatMap { try? JobDatabase.decode(JobSummary.self, $0) } != nil
        }

        private func text(_ column: String) -> String? { value(column, String.self) }

        private func value<Value: DatabaseValueConvertible>(_ column: String, _ type: Value.Type) -> Value? {
            columns.firstIndex(of: column).flatMap { Value.fromDatabaseValue(values[$0]) }
        }
    }

    /// The rows of a journal up to the first that cannot be read.
    private struct Journal {
        var count = 0
        var bodies: [Data] = []
        var damage: String?
    }

    private static func journal(of job: String, _ database: Database, keeping: Bool = true) -> Journal {
        var journal = Journal()
        // The rows before an expansion whose shards have not all come, and how many are to come: one without them would wait
        // for ever.
        var expansion: (rows: Int, left: Int)?
        do {
            let rows = try Row.fetchCursor(
                database, sql: "SELECT sequence, body FROM fact WHERE job = ? ORDER BY sequence", arguments: [job])
            while let row = try rows.next() {
                guard Int.fromDatabaseValue(row[0]) == journal.count + 1,
                    let body = Data.fromDatabaseValue(row[1])
                else { throw FactCoder.Damaged(description: "a row of the journal is missing") }
                try body.withUnsafeBytes { bytes in
                    try FactCoder.decode(bytes) { fact in
                        switch fact {
                        case .splitExpanded(_, _, _, _, let count, _): expansion = (journal.count, count)
                        case .shardPlanned: expansion?.left -= 1
                        default: break
                        }
                        if expansion?.left == 0 { expansion = nil }
                    }
                }
                journal.count += 1
                if keeping { journal.bodies.append(body) }
            }
            if journal.count == 0 { journal.damage = "the journal is empty" }
        } catch let error as FactCoder.Damaged {
            journal.damage = error.description
        } catch {
            journal.damage = "the journal cannot be read: \(error)"
        }
        if let expansion {
            journal.damage = journal.damage ?? "the journal breaks off in an expansion"
            journal.count = expansion.rows
            journal.bodies = Array(journal.bodies.prefix(expansion.rows))
        }
        return journal
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

    /// The jobs with leases of processes that are gone, which are forgotten when `removing`.
    package func deadLeases(removing: Bool) async throws(StoreError) -> [String] {
        try await write { database in
            let leases = try Row.fetchAll(database, sql: "SELECT job, holder FROM lease ORDER BY job")
            let dead = leases.filter { (try? Self.decode(LeaseHolder.self, $0["holder"]))?.isAlive != true }
            let jobs = dead.map { $0["job"] as String }
            for job in removing ? jobs : [] {
                try database.execute(sql: "DELETE FROM lease WHERE job = ?", arguments: [job])
            }
            return jobs
        }
    }
}
