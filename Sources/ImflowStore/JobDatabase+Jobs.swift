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
                sql: "INSERT INTO job (id, status, submitted_at, plan, launch, summary) VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    job, summary.status.rawValue, summary.submittedAt, try Self.encode(plan), launch,
                    try Self.encode(summary),
                ])
            try database.execute(
                sql: "INSERT INTO fact (job, sequence, body) VALUES (?, 1, ?)",
                arguments: [job, try Self.encode(submitted)])
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

    /// The job's journal, oldest fact first.
    package func facts(of job: String) async throws(StoreError) -> [Fact] {
        try await read { database in
            try String.fetchAll(
                database, sql: "SELECT body FROM fact WHERE job = ? ORDER BY sequence", arguments: [job]
            )
            .map { try Self.decode(Fact.self, $0) }
        }
    }

    /// The job's receipts in the order in which they were committed.
    package func receipts(of job: String) async throws(StoreError) -> [Receipt] {
        try await read { database in
            try String.fetchAll(
                database, sql: "SELECT body FROM receipt WHERE job = ? ORDER BY sequence", arguments: [job]
            ).map { try Self.decode(Receipt.self, $0) }
        }
    }

    package func request(_ request: JobRequest, job: String) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: "INSERT INTO request (job, kind) VALUES (?, ?)", arguments: [job, request.rawValue])
        }
    }

    /// Forgets a job and everything known of it.
    package func delete(job: String) async throws(StoreError) {
        try await write { try $0.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [job]) }
    }

    private static func jobRow(_ row: Row) throws -> JobRow {
        JobRow(
            id: row["id"], status: JobStatus(rawValue: row["status"]) ?? .pending, submittedAt: row["submitted_at"],
            plan: try decode(Payload.self, row["plan"]), launch: row["launch"],
            summary: try decode(JobSummary.self, row["summary"]))
    }
}
