import FoundationEssentials
import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowStore

/// What finished jobs refer to, remembered from one collection to the next: their journals need not be read again until they
/// are resumed. May be removed at any time.
struct ReferenceMemo {
    private let folder: String

    init(_ state: State) {
        folder = state.folder.cache + "/references"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func path(_ job: String) -> String { folder + "/" + ContentHash(of: Array(job.utf8)).hex }

    /// Nil when the job is not finished, or was not when it was remembered.
    func references(of row: JobRow) -> [ContentHash]? {
        guard row.status.isFinished, let data = FileManager.default.contents(atPath: path(row.id)) else { return nil }
        var lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        guard lines.first.map(String.init) == mark(row), lines.popLast() == "." else { return nil }
        let hashes = lines.dropFirst().map { ContentHash(hex: String($0)) }
        return hashes.contains(nil) ? nil : hashes.compactMap(\.self)
    }

    /// Not being able to is no error: the journal is read again.
    func remember(_ references: [ContentHash], of row: JobRow) {
        let text = ([mark(row)] + references.map(\.hex) + ["."]).joined(separator: "\n")
        try? Data(text.utf8).write(to: URL(filePath: path(row.id)), options: .atomic)
    }

    func forget(_ job: String) { try? FileManager.default.removeItem(atPath: path(job)) }

    /// A job that is resumed ends at another time.
    private func mark(_ row: JobRow) -> String {
        "\(row.id) \(row.status.rawValue) \(row.summary.completedAt ?? 0) \(row.submittedAt) \(row.plan.hash)"
    }
}

extension State {
    /// Every content that a job refers to.
    func references(of row: JobRow) async throws -> Set<ContentHash> {
        if let known = ReferenceMemo(self).references(of: row) { return Set(known) }
        return Set(references(of: row, try await database.facts(of: row.id)))
    }

    /// The same, by the job's facts.
    func references(of row: JobRow, _ facts: [Fact]) -> [ContentHash] {
        var found = Set(content.references(of: row.plan))
        for fact in facts {
            for payload in fact.payloads { found.formUnion(content.references(of: payload)) }
        }
        return Array(found)
    }
}
