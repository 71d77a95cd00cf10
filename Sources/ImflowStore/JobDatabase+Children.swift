import GRDB
package import ImflowEngine
import ImflowExecution

/// Whose child a job is: the attempt of which task submitted it, and by which key that finds it again.
package struct ChildOrigin: Sendable, Equatable {
    /// The job that a user submitted, at the top of the family.
    package var root: String
    package var parent: String
    /// The parent's task, by its name.
    package var task: String
    /// The index of the unit whose call submitted it.
    package var unit: Int
    /// The submitter's, or made of the body and a number.
    package var key: String
    /// Of the submitted job, in hexadecimal: the same key with another job is another child.
    package var bodyHash: String
    /// 1 for a child of a user's job.
    package var depth: Int
    /// Larger goes first among the children of one family.
    package var priority: Int

    package init(
        root: String, parent: String, task: String, unit: Int, key: String, bodyHash: String, depth: Int, priority: Int
    ) {
        self.root = root
        self.parent = parent
        self.task = task
        self.unit = unit
        self.key = key
        self.bodyHash = bodyHash
        self.depth = depth
        self.priority = priority
    }
}

/// A child as lists and graphs show it.
package struct ChildRow: Sendable {
    package var id: String
    package var origin: ChildOrigin
    package var summary: JobSummary
}

extension JobDatabase {
    static func registerChildren(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("children") { database in
            try database.execute(
                sql: """
                    CREATE TABLE child (
                        job TEXT PRIMARY KEY NOT NULL REFERENCES job (id) ON DELETE CASCADE,
                        root TEXT NOT NULL, parent TEXT NOT NULL, task TEXT NOT NULL, unit INTEGER NOT NULL,
                        key TEXT NOT NULL, body_hash TEXT NOT NULL, depth INTEGER NOT NULL, priority INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    CREATE UNIQUE INDEX child_origin ON child (parent, task, unit, key, body_hash);
                    CREATE INDEX child_root ON child (root);
                    """)
        }
    }

    /// Within the transaction that writes the child's job.
    static func insert(_ origin: ChildOrigin, of job: String, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO child (job, root, parent, task, unit, key, body_hash, depth, priority)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                job, origin.root, origin.parent, origin.task, origin.unit, origin.key, origin.bodyHash, origin.depth,
                origin.priority,
            ])
    }

    /// The child that was submitted from there by that key with that body; nil: none.
    package func child(_ origin: ChildOrigin) async throws(StoreError) -> String? {
        try await read { database in
            try String.fetchOne(
                database,
                sql: "SELECT job FROM child WHERE parent = ? AND task = ? AND unit = ? AND key = ? AND body_hash = ?",
                arguments: [origin.parent, origin.task, origin.unit, origin.key, origin.bodyHash])
        }
    }

    /// Where a job came from; nil: a user submitted it, or there is no such job.
    package func origin(ofChild job: String) async throws(StoreError) -> ChildOrigin? {
        try await read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM child WHERE job = ?", arguments: [job]).map(Self.origin)
        }
    }

    /// The jobs that a job's models submitted, in order of submission.
    package func children(of parent: String) async throws(StoreError) -> [ChildRow] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT child.*, job.summary FROM child JOIN job ON job.id = child.job
                    WHERE child.parent = ? ORDER BY job.submitted_at, child.job
                    """, arguments: [parent]
            ).map { row in
                ChildRow(
                    id: row["job"], origin: Self.origin(row),
                    summary: try Self.decode(JobSummary.self, row["summary"]))
            }
        }
    }

    /// Of every job that a model submitted, the job at the top of its family.
    package func roots() async throws(StoreError) -> [String: String] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT job, root FROM child").reduce(into: [:]) { roots, row in
                roots[row["job"]] = row["root"] as String
            }
        }
    }

    /// Every job below `root`, in no order.
    package func descendants(of root: String) async throws(StoreError) -> [String] {
        try await read { database in
            try String.fetchAll(database, sql: "SELECT job FROM child WHERE root = ?", arguments: [root])
        }
    }

    /// The newest job that a user submitted; nil: there is none.
    package func latestRoot() async throws(StoreError) -> String? {
        try await read { database in
            try String.fetchOne(
                database,
                sql: """
                    SELECT id FROM job WHERE NOT EXISTS (SELECT 1 FROM child WHERE child.job = job.id)
                    ORDER BY submitted_at DESC, id LIMIT 1
                    """)
        }
    }

    private static func origin(_ row: Row) -> ChildOrigin {
        ChildOrigin(
            root: row["root"], parent: row["parent"], task: row["task"], unit: row["unit"], key: row["key"],
            bodyHash: row["body_hash"], depth: row["depth"], priority: row["priority"])
    }
}
