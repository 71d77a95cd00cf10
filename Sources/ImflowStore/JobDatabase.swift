import FoundationEssentials
import GRDB
package import ImflowEngine
import ImflowExecution

/// Every job of a state folder, in one SQLite database: each job's journal of facts, and tables made from it for whoever
/// looks. Facts and tables move in one transaction; WAL, `synchronous=FULL`.
package final class JobDatabase: Sendable {
    let pool: DatabasePool
    private let path: String
    /// This process, as leases name it.
    let holder: String
    /// Where the engines of this state folder meet.
    package let engines: EngineFolder

    /// Opens the database, and makes it when it is not there.
    /// - Throws: ``StoreError``.
    package init(path: String) throws(StoreError) {
        self.path = path
        let folder = URL(filePath: path).deletingLastPathComponent().appending(path: "engines").path
        engines = EngineFolder(path: folder)
        // Turning a new file into a WAL database asks for it alone, and does not wait for others who do the same.
        let opening = OpeningLock(path: engines.file("opening"))
        defer { opening?.end() }
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        configuration.label = "imflow"
        do {
            holder = try Self.encode(LeaseHolder.current)
            pool = try DatabasePool(path: path, configuration: configuration)
            try Self.migrator.migrate(pool)
            // Opening a pool sets `synchronous` to NORMAL, which may lose the last commits in a power cut.
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL")
                let level = try Int.fetchOne(database, sql: "PRAGMA synchronous")
                precondition(level == 2, "SQLite did not take synchronous=FULL")
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE job (
                        id TEXT PRIMARY KEY NOT NULL, status TEXT NOT NULL, submitted_at INTEGER NOT NULL,
                        completed_at INTEGER, plan TEXT NOT NULL, launch TEXT NOT NULL, summary TEXT NOT NULL
                    ) WITHOUT ROWID;
                    CREATE INDEX job_submitted ON job (submitted_at);
                    CREATE TABLE fact (
                        job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE, sequence INTEGER NOT NULL,
                        body TEXT NOT NULL, PRIMARY KEY (job, sequence)
                    ) WITHOUT ROWID;
                    CREATE TABLE receipt (
                        job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE, sequence INTEGER NOT NULL,
                        task TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (job, sequence)
                    ) WITHOUT ROWID;
                    CREATE TABLE lease (
                        job TEXT PRIMARY KEY NOT NULL REFERENCES job (id) ON DELETE CASCADE, holder TEXT NOT NULL
                    ) WITHOUT ROWID;
                    CREATE TABLE request (
                        id INTEGER PRIMARY KEY, job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
                        kind TEXT NOT NULL
                    );
                    CREATE INDEX request_job ON request (job);
                    """)
        }
        // A row of facts holds all facts of a commit, and receipts are made from the facts. Lists need no summaries.
        migrator.registerMigration("2") { database in
            try database.execute(
                sql: """
                    DROP TABLE receipt;
                    ALTER TABLE job ADD COLUMN total_shards INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE job ADD COLUMN succeeded INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE job ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
                    UPDATE job SET total_shards = json_extract(summary, '$.totalShards'),
                        succeeded = json_extract(summary, '$.succeeded'), failed = json_extract(summary, '$.failed');
                    """)
        }
        registerHistory(&migrator)
        registerChildren(&migrator)
        return migrator
    }

    func write<Value: Sendable>(
        _ updates: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await withTaskExecutorPreference(BlockingThreads.shared) { try blocking { try pool.write(updates) } }
        } catch { throw StoreError(error, path: path) }
    }

    /// Asynchronous code that calls a function by a name that has two forms gets the asynchronous one; here it does not.
    private func blocking<Value>(_ body: () throws -> Value) rethrows -> Value { try body() }

    func read<Value: Sendable>(
        _ value: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await pool.read(value) } catch { throw StoreError(error, path: path) }
    }

    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

extension JobDatabase: JobStore {
    package func commit(_ batch: FactBatch) async throws {
        try await write { [holder] database in
            try Self.checkLease(of: batch.job, isHeldBy: holder, database)
            let next = try database.cachedStatement(
                sql: "SELECT COALESCE(MAX(sequence), 0) + 1 FROM fact WHERE job = ?")
            let sequence = try Int.fetchOne(next, arguments: [batch.job]) ?? 1
            try Self.append(batch.facts, to: batch.job, at: sequence, database)
            if let summary = batch.summary { try Self.write(summary, of: batch.job, database) }
        }
    }

    static func write(_ summary: JobSummary, of job: String, _ database: Database) throws {
        let update = try database.cachedStatement(
            sql: """
                UPDATE job SET status = ?, completed_at = ?, total_shards = ?, succeeded = ?, failed = ?, summary = ?
                WHERE id = ?
                """)
        try update.execute(
            arguments: [
                summary.status.rawValue, summary.completedAt, summary.totalShards, summary.succeeded, summary.failed,
                try encode(summary), job,
            ])
    }

    /// One row; of very many facts, several, so that none is larger than SQLite takes (10⁹ bytes).
    static func append(_ facts: [Fact], to job: String, at sequence: Int, _ database: Database) throws {
        let statement = try database.cachedStatement(sql: "INSERT INTO fact (job, sequence, body) VALUES (?, ?, ?)")
        let rowLimit = 4096
        for (row, start) in stride(from: 0, to: facts.count, by: rowLimit).enumerated() {
            let body = try FactCoder.encode(Array(facts[start..<min(start + rowLimit, facts.count)]))
            try statement.execute(arguments: [job, sequence + row, Data(body)])
        }
    }

    package func changes() -> AsyncStream<Void> { engines.changes() }

    package func takeRequests(job: String) async throws -> [JobRequest] {
        let waiting = try await read { database in
            try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM request WHERE job = ?)", arguments: [job])
        }
        guard waiting == true else { return [] }
        return try await write { database in
            let kinds = try String.fetchAll(
                database, sql: "SELECT kind FROM request WHERE job = ? ORDER BY id", arguments: [job])
            try database.execute(sql: "DELETE FROM request WHERE job = ?", arguments: [job])
            return kinds.compactMap(JobRequest.init(rawValue:))
        }
    }
}
