package import ImflowDiagnostics

/// Tells the findings that comments in their files silence from the others.
struct SilencedFindings {
    /// Those that no comment is about.
    private(set) var remaining: [Diagnostic] = []
    /// By the name of the text.
    private var used: [String: Set<Range<Int>>] = [:]

    /// `keepsErrors`: errors stay whatever a comment says, because a plan is to be made of the files.
    init(_ diagnostics: [Diagnostic], in files: some Sequence<CheckedFile>, keepsErrors: Bool) {
        var ignores: [String: [InlineIgnore]] = [:]
        for file in files where !file.ignores.isEmpty { ignores[file.source.name] = file.ignores }
        for diagnostic in diagnostics {
            let source = diagnostic.primary.span.source.name
            let silencing = (ignores[source] ?? []).filter { $0.covers(diagnostic) }
            if !silencing.isEmpty { used[source, default: []].formUnion(silencing.map(\.span.range)) }
            let isKept = silencing.isEmpty || (keepsErrors && diagnostic.severity == .error)
            if isKept { remaining.append(diagnostic) }
        }
    }

    /// A finding for each ignore of these files that silenced nothing. Of a file that was not read to its end nobody
    /// knows what the rest would have given.
    func unusedIgnores(in files: some Sequence<CheckedFile>) -> [Diagnostic] {
        files.filter(\.isComplete).flatMap { file in
            let used = self.used[file.source.name] ?? []
            return file.ignores.filter { !used.contains($0.span.range) }.map(unused)
        }
    }

    private func unused(_ ignore: InlineIgnore) -> Diagnostic {
        let fixes = ignore.isOnlyName ? [FixIt("remove the comment", .safe, edits: [removal(of: ignore.comment)])] : []
        if ignore.name.isEmpty {
            return Diagnostic(
                .unusedIgnore, "this ignore names no code", at: ignore.span,
                help: "write `# imflow: ignore[CODE]` and the reason", fixes: fixes)
        }
        return Diagnostic(
            .unusedIgnore, "this ignores `\(ignore.name)`, and line \(ignore.line) gives no such finding",
            at: ignore.span,
            notes: ignore.name.hasPrefix("IMF00") ? ["a text that cannot be read (IMF00..) is never ignored"] : [],
            help: "remove it", fixes: fixes)
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
