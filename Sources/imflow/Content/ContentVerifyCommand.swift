import ArgumentParser
import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowStore
import Synchronization

struct ContentVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Hash every stored content again, and name the jobs that damage hits.",
        discussion: """
            Safe while jobs run. --repair moves what is damaged to the quarantine folder of the content store, where gc removes \
            it after a week; jobs that need it make it again on imflow resume. Exits with 1 when anything is damaged, repaired \
            or not.
            """)

    @Flag(help: "Move what is damaged to the quarantine.")
    var repair = false
    @Option(help: "So many contents are read at once. Default: as many as there are slots.")
    var concurrency: Int?
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func validate() throws {
        if let concurrency, !(1...SlotFile.maximumSlots).contains(concurrency) {
            throw ValidationError("--concurrency takes a number from 1 to \(SlotFile.maximumSlots)")
        }
    }

    private struct Finding {
        var damage: ContentAudit.Damage
        /// Nil: the database cannot be read.
        var jobs: [String]?

        var help: String {
            guard let jobs else { return "imflow doctor looks at the database, which cannot be read" }
            if jobs.isEmpty { return "no job refers to it: imflow gc removes it" }
            return jobs.prefix(10).map { "imflow resume \($0)" }.joined(separator: ", ")
                + (jobs.count > 10 ? " and \(jobs.count - 10) more" : "") + " makes it again where the job still needs it"
        }
    }

    func run() async throws {
        let content = try state.openContent()
        let meter = ByteMeter("hashed")
        let audit = ContentAudit(content: content, width: concurrency ?? slots)
        let (count, bytes, damage) = try audit.run(repairing: repair) { meter.show($0, of: $1) }
        meter.finish()
        let findings = try await findings(damage)
        show(findings, count: count, bytes: bytes, content)
        if !findings.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private var slots: Int {
        let folder = EngineFolder(path: state.folder.root + "/engines")
        return (try? SlotFile(folder: folder))?.slots ?? JobDriver.defaultConcurrency
    }

    private func findings(_ damage: [ContentAudit.Damage]) async throws -> [Finding] {
        if damage.isEmpty { return [] }
        guard let state = try? state.open(), let rows = try? await state.database.jobs(limit: .max) else {
            return damage.map { Finding(damage: $0, jobs: nil) }
        }
        let hashes = Set(damage.map(\.hash))
        var hit: [ContentHash: [String]] = [:]
        for row in rows {
            for hash in try await state.references(of: row).intersection(hashes) { hit[hash, default: []].append(row.id) }
        }
        return damage.map { Finding(damage: $0, jobs: (hit[$0.hash] ?? []).sorted()) }
    }

    private func show(_ findings: [Finding], count: Int, bytes: Int64, _ content: ContentStore) {
        switch output.output {
        case .json:
            Console.print([
                "schema": "imflow.cas-verify/v1", "state": .string(state.folder.root), "contents": .int(Int64(count)),
                "bytes": .int(bytes), "intact": .bool(findings.isEmpty),
                "damaged": .array(findings.map { Self.json($0, content) }),
            ])
        case .text:
            for finding in findings {
                Console.print("\(finding.damage.hash): \(finding.damage.reason)")
                if let aside = finding.damage.aside { Console.print("  it is in \(aside) now") }
                Console.print("  \(finding.help)")
            }
            let verdict = findings.isEmpty ? "all intact" : "\(findings.count) damaged"
            let hint = !repair && !findings.isEmpty ? ": imflow cas verify --repair takes them out" : ""
            Console.print("\(count) contents, \(bytes) bytes: \(verdict)\(hint)")
        }
    }

    private static func json(_ finding: Finding, _ content: ContentStore) -> JSONValue {
        [
            "hash": .string(finding.damage.hash.description), "path": .string(content.path(of: finding.damage.hash)),
            "reason": .string(finding.damage.reason),
            "quarantined": finding.damage.aside.map { .string($0) } ?? .null,
            "jobs": finding.jobs.map { .array($0.map { .string($0) }) } ?? .null, "help": .string(finding.help),
        ]
    }
}

/// How far a long reading has come, on standard error: a line that moves on a terminal, one every tenth elsewhere, and
/// none for what is done in a moment.
final class ByteMeter: Sendable {
    private static let fewestBytes: Int64 = 256 << 20
    private let verb: String
    private let told = Mutex<Int64>(-1)
    private let isLive = Console.errorIsTerminal

    init(_ verb: String) { self.verb = verb }

    func show(_ done: Int64, of total: Int64) {
        guard total >= Self.fewestBytes else { return }
        let percent = done * 100 / total
        let isNews = told.withLock { told in
            guard percent >= told + (isLive ? 1 : 10) else { return false }
            told = percent
            return true
        }
        if isNews { Console.write("\(isLive ? "\r" : "")\(verb) \(percent)% of \(total >> 20) MiB\(isLive ? "" : "\n")", to: 2) }
    }

    func finish() {
        if isLive, told.withLock({ $0 >= 0 }) { Console.write("\r\u{1B}[K", to: 2) }
    }
}
