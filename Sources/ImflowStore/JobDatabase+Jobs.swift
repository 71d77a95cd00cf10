import FoundationEssentials
import GRDB
package import ImflowEngine
package import ImflowExecution

/// A job as the database lists it.
package struct JobRow: Sendable {
    package var id: String
    package var status: JobStatus
    package var submittedAt: Int64
    /// The lowered plan's JSON, inline or in the content store.
    package var plan: Payload
    /// How the job was launched, as the command line wrote it: a JSON text.
    package var launch: String
    package var summary: JobSummary

    package init(
        id: String, status: JobStatus, submittedAt: Int64, plan: Payload, launch: String, summary: JobSummary
    ) {
        self.id = id
        self.status = status
        self.submittedAt = submittedAt
        self.plan = plan
        self.launch = launch
        self.summary = summary
    }
}

/// A job in a list of jobs.
package struct JobLine: Sendable {
    package var id: String
    /// A job that says it runs while nobody drives it is `pending`.
    package var status: JobStatus
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var submittedAt: Int64
    package var totalShards: Int
    package var succeeded: Int
    package var failed: Int
}

extension JobDatabase {
    /// Writes a new job down, before anything of it runs.
    /// - Parameter origin: of a child, where it comes from.
    /// - Throws: ``StoreError``; ``StoreError/Kind/exists`` when the id is taken.
    package func insert(
        job: String, plan: Payload, launch: String, submitted: Fact, summary: JobSummary,
        origin: ChildOrigin? = nil
    ) async throws(StoreError) {
        try await write { database in
            if try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM job WHERE id = ?)", arguments: [job])
                == true
            {
                throw StoreError(.exists, "there is a job \(job) already: imflow resume \(job) continues it")
            }
            try database.execute(
                sql: """
                    INSERT INTO job (id, status, submitted_at, plan, launch, total_shards, summary)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    job, summary.status.rawValue, summary.submittedAt, try Self.encode(plan), launch,
                    summary.totalShards, try Self.encode(summary),
                ])
            try Self.append([submitted], to: job, at: 1, database)
            if let origin { try Self.insert(origin, of: job, database) }
        }
    }

    /// Newest first.
    package func jobs(limit: Int = 1000) async throws(StoreError) -> [JobRow] {
        try await read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM job ORDER BY submitted_at DESC, id LIMIT ?", arguments: [limit]
            ).map(Self.jobRow)
        }
    }

    /// The jobs whose ids start with `prefix`, at most ten; an exact match comes alone.
    package func jobs(withPrefix prefix: String) async throws(StoreError) -> [JobRow] {
        try await read { database in
            if let row = try Row.fetchOne(database, sql: "SELECT * FROM job WHERE id = ?", arguments: [prefix]) {
                return [try Self.jobRow(row)]
            }
            return try Row.fetchAll(
                database, sql: "SELECT * FROM job WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 10",
                arguments: [prefix]
            ).map(Self.jobRow)
        }
    }

    /// The newest jobs that users submitted, newest first, each in a line: read without their summaries, which are long where graphs are.
    package func lines(limit: Int) async throws(StoreError) -> [JobLine] {
        try await read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, status, submitted_at, total_shards, succeeded, failed, holder
                    FROM job LEFT JOIN lease ON lease.job = job.id
                    WHERE NOT EXISTS (SELECT 1 FROM child WHERE child.job = job.id)
                    ORDER BY submitted_at DESC, id LIMIT ?
                    """, arguments: [limit])
            return rows.map { row in
                let holder = (row["holder"] as String?).flatMap { try? Self.decode(LeaseHolder.self, $0) }
                let status = JobStatus(rawValue: row["status"]) ?? .pending
                return JobLine(
                    id: row["id"], status: status == .running && holder?.isAlive != true ? .pending : status,
                    submittedAt: row["submitted_at"], totalShards: row["total_shards"], succeeded: row["succeeded"],
                    failed: row["failed"])
            }
        }
    }

    /// The job's journal, oldest fact first.
    package func facts(of job: String) async throws(StoreError) -> [Fact] {
        try await fold(job, into: [Fact]()) { $0.append($1) }
    }

    /// Folds the job's journal, oldest fact first, without holding it in memory.
    package func fold<State: Sendable>(
        _ job: String, into state: State, _ step: @escaping @Sendable (inout State, Fact) throws -> Void
    ) async throws(StoreError) -> State {
        try await read { database in
            var state = state
            let rows = try Row.fetchCursor(
                database, sql: "SELECT body FROM fact WHERE job = ? ORDER BY sequence", arguments: [job])
            while let row = try rows.next() {
                try row.withUnsafeData(atIndex: 0) { data in
                    try (data ?? Data()).withUnsafeBytes { bytes in
                        try FactCoder.decode(bytes) { try step(&state, $0) }
                    }
                }
            }
            return state
        }
    }

    /// Leaves a request for whoever drives the job, who hears of it at once.
    package func request(_ request: JobRequest, job: String) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: "INSERT INTO request (job, kind) VALUES (?, ?)", arguments: [job, request.rawValue])
        }
        engines.ring()
    }

    /// Forgets a job and everything known of it.
    package func delete(job: String) async throws(StoreError) {
        try await write { try $0.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [job]) }
    }

    private static func jobRow(_ row: Row) throws -> JobRow {
        guard let id = String.fromDatabaseValue(row["id"]), let submittedAt = Int64.fromDatabaseValue(row["submitted_at"]),
            let status = String.fromDatabaseValue(row["status"]), let plan = String.fromDatabaseValue(row["plan"]),
            let launch = String.fromDatabaseValue(row["launch"]), let summary = String.fromDatabaseValue(row["summary"])
        else { throw FactCoder.Damaged(description: "what it says of a job cannot be read") }
        return JobRow(
            id: id, status: JobStatus(rawValue: status) ?? .pending, submittedAt: submittedAt,
            plan: try decode(Payload.self, plan), launch: launch, summary: try decode(JobSummary.self, summary))
    }
}
