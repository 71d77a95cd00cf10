import GRDB
package import ImflowEngine

/// Run times of earlier attempts, by model: what estimates are made of. They outlive the jobs they come from, and are no
/// evidence: losing them loses nothing.
extension JobDatabase {
    /// The newest of each kind that are kept.
    package static let samplesKept = 256

    static func registerHistory(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("history") { database in
            try database.execute(
                sql: """
                    CREATE TABLE history (
                        id INTEGER PRIMARY KEY, step TEXT NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL,
                        units INTEGER NOT NULL, milliseconds REAL NOT NULL, bytes INTEGER NOT NULL
                    );
                    CREATE INDEX history_kind ON history (model, version, step, id);
                    """)
        }
    }

    /// Adds what a job taught, in one transaction.
    package func remember(_ history: WorkHistory) async throws(StoreError) {
        guard !history.isEmpty else { return }
        try await write { database in
            let insert = try database.cachedStatement(
                sql: """
                    INSERT INTO history (step, model, version, units, milliseconds, bytes) VALUES (?, ?, ?, ?, ?, ?)
                    """)
            let forget = try database.cachedStatement(
                sql: """
                    DELETE FROM history WHERE step = ?1 AND model = ?2 AND version = ?3 AND id <= (
                        SELECT id FROM history WHERE step = ?1 AND model = ?2 AND version = ?3
                        ORDER BY id DESC LIMIT 1 OFFSET ?4)
                    """)
            for (kind, samples) in history {
                let name: [any DatabaseValueConvertible] = [kind.step.rawValue, kind.model, kind.version ?? ""]
                for sample in samples {
                    try insert.execute(
                        arguments: StatementArguments(name + [sample.units, sample.milliseconds, sample.bytes]))
                }
                try forget.execute(arguments: StatementArguments(name + [Self.samplesKept]))
            }
        }
    }

    /// What is known of these kinds of work; of those that nobody has done, nothing.
    package func history(of kinds: Set<WorkKind>) async throws(StoreError) -> WorkHistory {
        try await read { database in
            let select = try database.cachedStatement(
                sql: """
                    SELECT units, milliseconds, bytes FROM history WHERE step = ? AND model = ? AND version = ?
                    ORDER BY id
                    """)
            var history: WorkHistory = [:]
            for kind in kinds {
                let rows = try Row.fetchAll(select, arguments: [kind.step.rawValue, kind.model, kind.version ?? ""])
                guard !rows.isEmpty else { continue }
                history[kind] = rows.map {
                    WorkSample(units: $0["units"], milliseconds: $0["milliseconds"], bytes: $0["bytes"])
                }
            }
            return history
        }
    }
}
