package import ImflowDiagnostics

/// Mends checked files: applies the fixes of their findings, checks again, and goes on until nothing is left to fix.
/// All in memory; writing is the caller's.
package struct FixSession: Sendable {
    /// Most rounds of fixing and checking.
    package static let maximumRounds = 100

    /// A file that fixes change.
    package struct Change: Sendable {
        /// As in the report.
        package var name: String
        /// Absolute, with links resolved; nil: standard input.
        package var path: String?
        /// What was read.
        package var old: [UInt8]
        /// What is to be written.
        package var new: [UInt8]
    }

    /// What mending gives.
    package struct Outcome: Sendable {
        /// What remains, about the new texts.
        package var report: CheckReport
        /// By name, only files that change.
        package var changes: [Change] = []
        /// How many fixes were applied.
        package var fixedCount = 0
        /// Findings whose fix would have given the file more errors than it had, and was not applied.
        package var dropped: [Diagnostic] = []
        /// What was read from standard input, before any fix; nil: nothing was.
        package var standardInput: [UInt8]?
        /// Whether ``FixSession/maximumRounds`` were not enough.
        package var isCutShort = false
    }

    /// Findings of a report that count; the others are neither told nor mended.
    package typealias Selection = @Sendable (CheckReport) -> [Diagnostic]

    private let reader: any FileReader
    private let options: CompileOptions
    private let includesReview: Bool
    private let loop: ParallelLoop
    private let select: Selection

    /// - Parameters:
    ///   - includesReview: whether fixes that need review are applied, too.
    ///   - loop: how checks of many files are spread.
    package init(
        _ reader: any FileReader, options: CompileOptions = CompileOptions(), includesReview: Bool = false,
        select: @escaping Selection = { $0.diagnostics }, loop: @escaping ParallelLoop = serialLoop
    ) {
        self.reader = reader
        self.options = options
        self.includesReview = includesReview
        self.loop = loop
        self.select = select
    }

    /// Mends what `imflow check` would check; `-` is standard input.
    package func run(_ paths: [String]) -> Outcome {
        var state = State(files: OverlaidFiles(reader))
        // Standard input can be read but once.
        if paths.contains("-") { state.files.standardInput = try? reader.readStandardInput() }
        let check = { (files: OverlaidFiles) in Compiler(files, loop: loop).check(paths, options: options) }
        var outcome = Outcome(report: check(state.files), standardInput: state.files.standardInput)
        var rounds = 0
        while let round = round(select(outcome.report), of: outcome.report, state) {
            rounds += 1
            guard rounds <= Self.maximumRounds else {
                outcome.isCutShort = true
                break
            }
            var files = state.files
            for edit in round { Self.set(edit.application.bytes, of: edit.place, in: &files) }
            let report = check(files)
            if let worse = worse(report, than: outcome.report, round) {
                state.reject(round, worse: worse, &outcome)
                continue
            }
            for edit in round {
                if state.old[edit.place] == nil { state.old[edit.place] = (edit.source.name, edit.source.bytes) }
                outcome.fixedCount += edit.application.applied.count
            }
            state.files = files
            outcome.report = report
        }
        outcome.report.diagnostics = select(outcome.report)
        outcome.changes = changes(state)
        return outcome
    }

    /// How many findings safe fixes would mend; none in files whose text cannot be read to its end.
    package static func fixableCount(_ diagnostics: [Diagnostic]) -> Int {
        let broken = Set(diagnostics.filter(isAboutText).map { $0.primary.span.source.name })
        return diagnostics.count { diagnostic in
            let source = diagnostic.fix(includesReview: false)?.edits.first?.span.source
            return source.map { !broken.contains($0.name) } ?? false
        }
    }

    // MARK: Rounds

    private enum Place: Hashable {
        case standardInput
        case path(String)
    }

    private struct Edit {
        var place: Place
        var source: Source
        var application: FixApplication
    }

    private struct State {
        var files: OverlaidFiles
        /// Names and texts as read, of files that were changed.
        var old: [Place: (name: String, bytes: [UInt8])] = [:]
        /// Files that are mended one fix at a time, because a fix of theirs does harm.
        var careful: Set<Place> = []
        var rejected: Set<String> = []

        /// A single fix that does harm is dropped; of several nobody knows yet which one it is.
        mutating func reject(_ round: [Edit], worse: Set<Place>, _ outcome: inout Outcome) {
            if round.count == 1, round[0].application.applied.count == 1 {
                rejected.insert(FixSession.key(round[0].application.applied[0], round[0].place))
                outcome.dropped.append(round[0].application.applied[0])
            }
            careful.formUnion(worse.isEmpty ? round.map(\.place) : Array(worse))
        }
    }

    /// The next edits: all fixes of all files; when only careful files are left, one fix of one file. Nil: none.
    private func round(_ findings: [Diagnostic], of report: CheckReport, _ state: State) -> [Edit]? {
        let checked = Set(report.files)
        var bySource: [(source: Source, findings: [Diagnostic])] = []
        var places: [String: Int] = [:]
        for finding in findings {
            guard let source = finding.fix(includesReview: includesReview)?.edits.first?.span.source,
                checked.contains(source.name)
            else { continue }
            if let place = places[source.name] {
                bySource[place].findings.append(finding)
            } else {
                places[source.name] = bySource.count
                bySource.append((source, [finding]))
            }
        }
        let broken = Set(report.diagnostics.filter(Self.isAboutText).map { $0.primary.span.source.name })
        var careful: Edit?
        var edits: [Edit] = []
        for (source, findings) in bySource where !broken.contains(source.name) {
            let place = place(of: source)
            let isCareful = state.careful.contains(place)
            if isCareful, careful != nil { continue }
            let candidates = findings.filter { !state.rejected.contains(Self.key($0, place)) }
            let application = FixApplication(
                candidates, to: source, includesReview: includesReview, limit: isCareful ? 1 : .max)
            guard !application.applied.isEmpty else { continue }
            let edit = Edit(place: place, source: source, application: application)
            if isCareful { careful = edit } else { edits.append(edit) }
        }
        if edits.isEmpty { return careful.map { [$0] } }
        return edits
    }

    /// The changed files that have more errors than before, or can no longer be read; empty: others have. Nil: none.
    private func worse(_ new: CheckReport, than old: CheckReport, _ round: [Edit]) -> Set<Place>? {
        let (before, after) = (Self.errors(old), Self.errors(new))
        let worse = after.filter { name, errors in
            errors.text > before[name, default: (0, 0)].text || errors.all > before[name, default: (0, 0)].all
        }
        if worse.isEmpty { return nil }
        return Set(round.filter { worse[$0.source.name] != nil }.map(\.place))
    }

    /// How many errors each file has, and how many of them about its text.
    private static func errors(_ report: CheckReport) -> [String: (all: Int, text: Int)] {
        var counts: [String: (all: Int, text: Int)] = [:]
        for diagnostic in report.diagnostics where diagnostic.severity == .error {
            counts[diagnostic.primary.span.source.name, default: (0, 0)].all += 1
            if isAboutText(diagnostic) { counts[diagnostic.primary.span.source.name, default: (0, 0)].text += 1 }
        }
        return counts
    }

    private static func isAboutText(_ diagnostic: Diagnostic) -> Bool {
        diagnostic.code.number < 100 && diagnostic.severity == .error
    }

    /// Knows a finding again when lines above it have changed.
    private static func key(_ finding: Diagnostic, _ place: Place) -> String {
        let titles = finding.fixes.map(\.title).joined(separator: "\n")
        return "\(place)\n\(finding.code.id)\n\(finding.headline)\n\(titles)"
    }

    // MARK: Files

    private func place(of source: Source) -> Place {
        if source.name == "<stdin>" { return .standardInput }
        let absolute = PathText.absolute(source.name, from: reader.currentFolder)
        return .path(OverlaidFiles(reader).identity(of: absolute))
    }

    private static func set(_ bytes: [UInt8], of place: Place, in files: inout OverlaidFiles) {
        switch place {
        case .standardInput: files.standardInput = bytes
        case .path(let path): files[path] = bytes
        }
    }

    private func changes(_ state: State) -> [Change] {
        let changes = state.old.compactMap { place, old -> Change? in
            switch place {
            case .standardInput:
                return Change(name: old.name, path: nil, old: old.bytes, new: state.files.standardInput ?? old.bytes)
            case .path(let path):
                return Change(name: old.name, path: path, old: old.bytes, new: state.files[path] ?? old.bytes)
            }
        }
        return changes.filter { $0.old != $0.new }.sorted { $0.name < $1.name }
    }
}
