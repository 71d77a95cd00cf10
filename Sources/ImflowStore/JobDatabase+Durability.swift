import GRDB

extension JobDatabase {
    /// SQLite's `synchronous` level on the connection that writes: 2 is FULL.
    package func synchronousLevel() async throws(StoreError) -> Int {
        try await write { try Int.fetchOne($0, sql: "PRAGMA synchronous") ?? -1 }
    }
}
