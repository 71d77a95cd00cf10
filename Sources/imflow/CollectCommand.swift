import ArgumentParser
import ImflowContent
import ImflowEngine
import ImflowInvocation
import ImflowJSON
import ImflowPlan
import ImflowStore

/// An amount of bytes as manifests write it: `10GiB`, `512Mi`, `1000000`.
struct SizeArgument: ExpressibleByArgument {
    var bytes: Int64

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits) else { return nil }
        let units: [String: Int64] = [
            "": 1, "B": 1, "k": 1000, "K": 1000, "M": 1_000_000, "G": 1_000_000_000, "T": 1_000_000_000_000,
            "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40,
        ]
        var unit = String(argument.dropFirst(digits.count))
        if unit.count > 1, unit.hasSuffix("B") { unit.removeLast() }
        guard let factor = units[unit] else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        if overflow { return nil }
        self.bytes = bytes
    }
}

struct CollectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Remove stored content that nothing refers to, and, if asked, old jobs and results.",
        discussion: """
            A job that could still be resumed (pending, running, partial or failed) is kept with all that it refers to, \
            whatever its age and size. Safe while jobs run. Containers that jobs which have ended left on Docker engines \
            of theirs (--docker-host) are removed, too, and warm models that a killed imflow left.
            """)

    @Option(help: "Also forget jobs that succeeded or were cancelled, and results that no job took, for more than so many days.")
    var olderThan: Int?
    @Option(
        help: ArgumentHelp(
            "Also forget the least recently used results and jobs until no more than so much is stored, as 10GiB.",
            valueName: "size"))
    var maxSize: SizeArgument?
    @Flag(help: "Also end the models that stay warm for the next run (run --keep-warm).")
    var warm = false
    @Flag(help: "Only say what would be removed.")
    var dryRun = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    /// So that days can be counted in milliseconds.
    private static let mostDays = 100_000

    func validate() throws {
        if let olderThan, !(0...Self.mostDays).contains(olderThan) {
            throw ValidationError("--older-than takes a number of days, at most \(Self.mostDays)")
        }
    }

    func run() async throws {
        let state = try self.state.open()
        let options = StateCollector.Options(
            age: olderThan.map { Int64($0) * 86_400_000 }, maxSize: maxSize?.bytes, dryRun: dryRun)
        // Before jobs are forgotten, which know their engines.
        try await EngineLeftovers(state: state, dryRun: dryRun).remove()
        if !dryRun {
            let shelf = WarmShelf(state: state.folder)
            let ended = await shelf.sweep(
                await WarmGuard.hosts(of: shelf, state.folder), ending: warm ? .all : .abandoned)
            if ended > 0 { Console.note("ended \(ended) warm model\(ended == 1 ? "" : "s")") }
        }
        var collector = try await StateCollector(state, options, now: WallClock.now)
        show(try await collector.collect())
    }

    private func show(_ report: StateCollector.Report) {
        if let maxSize, report.left > maxSize.bytes {
            Console.note(
                "\(report.left) bytes stay, more than \(maxSize.bytes): jobs that run or can be resumed need them, or they are young")
        }
        switch output.output {
        case .json:
            Console.print([
                "schema": "imflow.gc/v1", "dry_run": .bool(dryRun), "jobs": .array(report.jobs.map { .string($0) }),
                "results": .int(Int64(report.results)), "files": .int(Int64(report.files)), "bytes": .int(report.bytes),
                "bytes_left": .int(report.left),
            ])
        case .text:
            let verb = dryRun ? "would remove" : "removed"
            Console.print(
                "\(verb) \(report.jobs.count) jobs, \(report.results) results and \(report.files) stored files "
                    + "(\(report.bytes) bytes)")
        }
    }
}
