package import ImflowDiagnostics
import ImflowIR

/// Tells the findings that comments in their files silence from the others.
struct SilencedFindings {
    /// Those that no comment is about.
    private(set) var remaining: [Diagnostic] = []
    private var used: [String: Set<Range<Int>>] = [:]
    /// The ignores that are about an error.
    private var refused: [String: Set<Range<Int>>] = [:]

    /// Errors stay whatever a comment says: no plan is made of files that have one.
    init(_ diagnostics: [Diagnostic], in files: some Sequence<CheckedFile>) {
        var ignores: [String: [InlineIgnore]] = [:]
        var hidden: [String: [Span]] = [:]
        for file in files {
            if !file.ignores.isEmpty { ignores[file.source.name] = file.ignores }
            if !file.hidden.isEmpty { hidden[file.source.name] = file.hidden }
        }
        let diagnostics = hidden.isEmpty ? diagnostics : diagnostics.map { Self.hiding(hidden, in: $0) }
        if ignores.isEmpty {
            remaining = diagnostics
            return
        }
        for diagnostic in diagnostics {
            let source = diagnostic.primary.span.source.name
            let silencing = (ignores[source] ?? []).filter { $0.covers(diagnostic) }.map(\.span.range)
            if diagnostic.severity == .error {
                if !silencing.isEmpty { refused[source, default: []].formUnion(silencing) }
            } else if !silencing.isEmpty {
                used[source, default: []].formUnion(silencing)
                continue
            }
            remaining.append(diagnostic)
        }
    }

    /// The finding with the secrets of its texts named as such: one on the same line must not be shown with it.
    private static func hiding(_ hidden: [String: [Span]], in diagnostic: Diagnostic) -> Diagnostic {
        var diagnostic = diagnostic
        let sources = ([diagnostic.primary] + diagnostic.secondary).map { $0.span.source.name }
        for source in Set(sources) { diagnostic.hidden += hidden[source] ?? [] }
        return diagnostic
    }

    /// A finding for each ignore of these files that silenced nothing. Of a file that was not read to its end nobody
    /// knows what the rest would have given.
    func unusedIgnores(in files: some Sequence<CheckedFile>) -> [Diagnostic] {
        let broken = Set(remaining.filter { $0.severity == .error }.map(\.primary.span.source.name))
        let cut = Set(remaining.filter { $0.code == .tooManyFindings }.map(\.primary.span.source.name))
        return files.filter { $0.isComplete && !cut.contains($0.source.name) }.flatMap { file -> [Diagnostic] in
            let used = self.used[file.source.name] ?? []
            let unused = file.ignores.filter { !used.contains($0.span.range) }
            guard !unused.isEmpty else { return [] }
            let hasErrors = broken.contains(file.source.name)
            let kept = Dictionary(grouping: file.ignores.filter { used.contains($0.span.range) }, by: \.comment.range)
            let fixes = Dictionary(
                unused.map { ($0.comment.range, fix($0.comment, kept: kept[$0.comment.range] ?? [], hasErrors)) },
                uniquingKeysWith: { first, _ in first })
            let refused = self.refused[file.source.name] ?? []
            return unused.map {
                diagnostic($0, fixes[$0.comment.range], isRefused: refused.contains($0.span.range))
            }
        }
    }

    private func diagnostic(_ ignore: InlineIgnore, _ fix: FixIt?, isRefused: Bool) -> Diagnostic {
        if ignore.name.isEmpty {
            // Its author meant something, and only the author knows what.
            let removal = FixIt("remove the comment", .needsReview, edits: [removal(of: ignore.comment)])
            return Diagnostic(
                .unusedIgnore, "this ignore names no code", at: ignore.span,
                help: "write `# imflow: ignore[CODE]` and the reason", fixes: [removal])
        }
        if isRefused {
            return Diagnostic(
                .unusedIgnore, "`\(ignore.name)` on line \(ignore.line) is an error, and errors cannot be ignored",
                at: ignore.span, help: "mend the error and remove this", fixes: fix.map { [$0] } ?? [])
        }
        return Diagnostic(
            .unusedIgnore, "this ignores `\(ignore.name)`, and line \(ignore.line) gives no such finding",
            at: ignore.span,
            notes: ignore.name.hasPrefix("IMF00") ? ["a text that cannot be read (IMF00..) is never ignored"] : [],
            help: "remove it", fixes: fix.map { [$0] } ?? [])
    }

    /// Leaves a comment with the names that silence something; without any it goes as a whole. An error may keep a rule
    /// from looking: what it would find may need the comment.
    private func fix(_ comment: Span, kept: [InlineIgnore], _ hasErrors: Bool) -> FixIt {
        let applicability = hasErrors ? FixIt.Applicability.needsReview : .safe
        guard let first = kept.first else {
            return FixIt("remove the comment", applicability, edits: [removal(of: comment)])
        }
        let bytes = comment.source.bytes
        let open = bytes[..<first.span.range.lowerBound].lastIndex(of: UInt8(ascii: "[")) ?? first.span.range.lowerBound
        let close = bytes[open...].firstIndex(of: UInt8(ascii: "]")) ?? first.span.range.upperBound
        let names = kept.map(\.name).joined(separator: ", ")
        return FixIt(
            "leave only the names that silence something", applicability,
            edits: [FixIt.Edit(Span(comment.source, open + 1..<close), replacement: names)])
    }

    /// A comment goes with the blanks before it, and with its line when it stands alone.
    private func removal(of comment: Span) -> FixIt.Edit {
        let source = comment.source
        let line = source.lineRange(comment.start.line)
        let before = source.bytes[line.lowerBound..<comment.range.lowerBound]
        guard let last = before.lastIndex(where: { $0 != 0x20 && $0 != 0x09 }) else {
            let next = comment.start.line
            let end = next < source.lineStarts.count ? source.lineStarts[next] : source.bytes.count
            return FixIt.Edit(Span(source, line.lowerBound..<end), replacement: "")
        }
        return FixIt.Edit(Span(source, last + 1..<comment.range.upperBound), replacement: "")
    }
}

extension DiagnosticCode {
    /// A comment that silences a finding which is not there.
    package static let unusedIgnore = DiagnosticCode(901, "unused-ignore", .warning)
}
