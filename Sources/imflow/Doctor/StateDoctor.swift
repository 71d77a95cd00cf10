import FoundationEssentials
import Glibc
import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowInvocation
import ImflowStore

/// Examines a state folder, and, if asked, takes out what is damaged.
struct StateDoctor {
    struct Finding {
        /// `space`, `database`, `journal`, `plan`, `content`, `reference`, `lease` or `leftover`.
        var what: String
        var place: String
        var message: String
        var isRepaired = false
        /// What to do about it; empty: nothing.
        var help = ""
    }

    /// Less free space than this is told, in bytes: a commit that does not fit ends a run.
    private static let spaceLimit: UInt64 = 256 << 20

    let folder: StateFolder
    let repairs: Bool
    let hashesContent: Bool
    private(set) var findings: [Finding] = []

    init(folder: StateFolder, repairs: Bool, hashesContent: Bool) {
        self.folder = folder
        self.repairs = repairs
        self.hashesContent = hashesContent
    }

    mutating func examine() async throws {
        examineSpace()
        guard FileManager.default.fileExists(atPath: folder.database) else {
            findings.append(
                Finding(
                    what: "database", place: folder.database, message: "there is no database",
                    help: "no job has been run here; contents without one are removed by imflow gc"))
            return
        }
        if !isWritable {
            guard !repairs else {
                throw CommandFailure(.infrastructure, "\(folder.root) cannot be written: nothing can be repaired there")
            }
            // SQLite cannot read a database there that an engine has left in the middle.
            return try examineContent(ContentStore(folder: folder.content))
        }
        if repairs { try await refuseWhereEnginesLive() }
        guard try await examineFile() else { return }
        let state = try State(folder, creating: false)
        try examineContent(state.content)
        try await examineJobs(state)
        try await examineLeftovers(state)
    }

    private var isWritable: Bool { access(folder.root, W_OK | X_OK) == 0 }

    /// An engine has in memory what it would not find again.
    private func refuseWhereEnginesLive() async throws {
        let known = try SlotFile(folder: EngineFolder(path: folder.root + "/engines")).engines().map(\.record)
        // An engine that has just started has a lease and no slots yet. Of a damaged database there are no leases to read.
        let leased = (try? await State(folder, creating: false).database.drivenJobs()) ?? []
        let living = known.map { ($0.pid, $0.job) } + leased.map { ($0.holder.pid, $0.job) }
        guard let (process, job) = living.first else { return }
        throw CommandFailure(
            .usage,
            "process \(process) drives job \(job) here: imflow drain \(job), or wait for its end; then imflow doctor --repair")
    }

    private mutating func examineSpace() {
        var space = statvfs()
        guard statvfs(folder.root, &space) == 0 else { return }
        if !isWritable {
            findings.append(
                Finding(
                    what: "space", place: folder.root, message: "it cannot be written",
                    help: "mount it for writing, or mend its permissions; then imflow resume"))
        }
        let free = UInt64(space.f_bavail) * UInt64(space.f_frsize)
        if free < Self.spaceLimit {
            findings.append(
                Finding(
                    what: "space", place: folder.root, message: "only \(free >> 20) MiB are free",
                    help: "free some: imflow gc --older-than 7 forgets jobs that are over"))
        }
    }

    /// - Returns: whether the database can be worked with.
    private mutating func examineFile() async throws -> Bool {
        let inspection = DatabaseInspection(path: folder.database)
        var damage: [String]
        do {
            damage = try inspection.fileDamage()
        } catch {
            guard error.kind == .corrupt else { throw CommandFailure(.infrastructure, error.description) }
            damage = ["the file is no database that SQLite can read"]
        }
        if !damage.isEmpty {
            guard repairs else {
                findings += damage.map {
                    Finding(what: "database", place: folder.database, message: $0, help: "imflow doctor --repair saves what can be read")
                }
                return false
            }
            try await salvage(inspection, damage[0])
        }
        for row in try inspection.brokenRows() {
            var finding = Finding(what: "journal", place: row.job, message: row.reason)
            finding.help =
                row.isFirst
                ? "nothing of the job can be read: submit it again"
                : "what was committed before it is kept: imflow resume \(row.job) runs the rest again"
            if repairs {
                try inspection.cut(row)
                if !row.isFirst { try await rewriteState(of: row.job) }
                finding.isRepaired = true
            }
            findings.append(finding)
        }
        return repairs || !findings.contains { $0.what == "journal" }
    }

    /// The damaged file is kept beside the new one.
    private mutating func salvage(_ inspection: DatabaseInspection, _ damage: String) async throws {
        let fresh = folder.database + ".saved"
        let old = folder.database + ".damaged-\(WallClock.now)"
        for suffix in ["", "-wal", "-shm"] { unlink(fresh + suffix) }
        let saved = try await inspection.salvage(into: fresh)
        for suffix in ["", "-wal", "-shm"] { rename(folder.database + suffix, old + suffix) }
        for suffix in ["", "-wal", "-shm"] { rename(fresh + suffix, folder.database + suffix) }
        var lost: [String] = []
        for (job, plan) in saved.jobs.sorted(by: { $0.key < $1.key }) {
            if try await !rewriteState(of: job, plan) { lost.append(job) }
        }
        let told = [
            "\(saved.jobs.count - lost.count) jobs were saved",
            saved.cut.isEmpty ? nil : "the journals of \(saved.cut.joined(separator: ", ")) break off: imflow resume goes on there",
            lost.isEmpty ? nil : "the plans of \(lost.joined(separator: ", ")) are lost: submit them again",
        ].compactMap { $0 }.joined(separator: "; ")
        findings.append(
            Finding(
                what: "database", place: folder.database, message: damage, isRepaired: true,
                help: "\(told). The damaged file is \(old)"))
    }

    private func rewriteState(of job: String) async throws {
        let state = try State(folder, creating: false)
        _ = try await rewriteState(of: job, try await state.job(job).plan)
    }

    /// Makes what the database says of a job from its journal.
    /// - Returns: whether there is a plan to do so; the job is removed else.
    private func rewriteState(of job: String, _ plan: Payload) async throws -> Bool {
        let state = try State(folder, creating: false)
        if let stored = try? StoredPlan.read(plan, from: state.content) {
            let row = JobRow(
                id: job, status: .pending, submittedAt: 0, plan: plan, launch: "",
                summary: JobMachine(job: job, plan: stored).summary)
            if let machine = try? await state.machine(row) {
                try await state.database.rewrite(machine.summary, of: job)
                return true
            }
        }
        try await state.database.delete(job: job)
        return false
    }

    private mutating func examineContent(_ content: ContentStore) throws {
        guard hashesContent else { return }
        for item in try content.all() where !((try? content.verify(item.hash)) ?? false) {
            var finding = Finding(
                what: "content", place: content.path(of: item.hash), message: "its bytes are not those of its name")
            finding.help = "imflow resume makes it again where a job still needs it"
            if repairs {
                try content.remove(item.hash)
                finding.isRepaired = true
            }
            findings.append(finding)
        }
    }

    private mutating func examineJobs(_ state: State) async throws {
        for row in try await state.database.jobs(limit: .max) {
            do {
                let machine = try await state.machine(row)
                var references = StoredReferences(content: state.content)
                references.add(row, facts: try await state.database.facts(of: row.id), machine: machine)
                for damage in references.damaged {
                    findings.append(
                        Finding(
                            what: "reference", place: damage.owner, message: damage.reason,
                            help: "imflow resume \(row.id) makes it again if the job still needs it"))
                }
            } catch let error as CommandFailure {
                findings.append(
                    Finding(
                        what: "plan", place: row.id, message: error.message,
                        help: "the job cannot go on: submit it again"))
            }
        }
    }

    private mutating func examineLeftovers(_ state: State) async throws {
        let driven = Set(try await state.database.drivenJobs().map(\.job))
        for job in try await state.database.deadLeases(removing: repairs) {
            findings.append(
                Finding(
                    what: "lease", place: job, message: "the engine that drove it is gone", isRepaired: repairs,
                    help: "imflow resume \(job) continues it"))
        }
        let work = folder.root + "/work"
        for job in (try? FileManager.default.contentsOfDirectory(atPath: work))?.sorted() ?? [] {
            guard !driven.contains(job), !job.hasPrefix(WarmShelf.prefix) else { continue }
            var finding = Finding(
                what: "leftover", place: work + "/" + job, message: "work that an engine left behind",
                help: "imflow resume \(job) takes up what of it still runs, and removes the rest")
            // What still runs there is the job's to take up again.
            if repairs, let row = try? await state.job(job), row.status.isFinished {
                try? FileManager.default.removeItem(atPath: work + "/" + job)
                finding.isRepaired = true
                finding.help = ""
            }
            findings.append(finding)
        }
    }
}
