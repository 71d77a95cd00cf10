package import ImflowDiagnostics

/// Tells the findings that comments in their files silence from the others.
struct SilencedFindings {
    /// Those that no comment is about.
    private(set) var remaining: [Diagnostic] = []
    /// Bytes of a comment whose list of names is written anew.
    private static let maximumList = 4096
    private var used: [ObjectIdentifier: Set<Range<Int>>] = [:]

    /// `keepsErrors`: errors stay whatever a comment says, because a plan is to be made of the files.
    init(_ diagnostics: [Diagnostic], in files: some Sequence<LoadedFile>, keepsErrors: Bool) {
        var ignores: [ObjectIdentifier: [InlineIgnore]] = [:]
        for file in files where !file.ignores.isEmpty { ignores[ObjectIdentifier(file.source)] = file.ignores }
        for diagnostic in diagnostics {
            let source = ObjectIdentifier(diagnostic.primary.span.source)
            let silencing = (ignores[source] ?? []).filter { $0.covers(diagnostic) }
            if !silencing.isEmpty { used[source, default: []].formUnion(silencing.map(\.span.range)) }
            let isKept = silencing.isEmpty || (keepsErrors && diagnostic.severity == .error)
            if isKept { remaining.append(diagnostic) }
        }
    }

    /// A finding for each ignore of these files that silenced nothing. Of a file that was not read to its end nobody
    /// knows what the rest would have given.
    func unusedIgnores(in files: some Sequence<LoadedFile>) -> [Diagnostic] {
        files.filter(\.isComplete).flatMap { file in
            let used = self.used[ObjectIdentifier(file.source)] ?? []
            let hasErrors = remaining.contains { $0.severity == .error && $0.primary.span.source === file.source }
            return file.ignores.filter { !used.contains($0.span.range) }.map { unused($0, hasErrors: hasErrors) }
        }
    }

    private func unused(_ ignore: InlineIgnore, hasErrors: Bool) -> Diagnostic {
        if ignore.name.isEmpty {
            // Its author meant something, and only the author knows what.
            let fix = FixIt("remove the comment", .needsReview, edits: [removal(of: ignore.comment)])
            return Diagnostic(
                .unusedIgnore, "this ignore names no code", at: ignore.span,
                help: "write `# imflow: ignore[CODE]` and the reason", fixes: [fix])
        }
        // An error may keep a rule from looking: what it would find may need the comment.
        let applicability = hasErrors ? FixIt.Applicability.needsReview : .safe
        var fixes: [FixIt] = []
        if ignore.isOnlyName {
            fixes = [FixIt("remove the comment", applicability, edits: [removal(of: ignore.comment)])]
        } else if ignore.comment.range.count <= Self.maximumList {
            fixes = [FixIt("remove `\(ignore.name)` from the comment", applicability, edits: [removal(ofName: ignore)])]
        }
        return Diagnostic(
            .unusedIgnore, "this ignores `\(ignore.name)`, and line \(ignore.line) gives no such finding",
            at: ignore.span,
            notes: ignore.name.hasPrefix("IMF00") ? ["a text that cannot be read (IMF00..) is never ignored"] : [],
            help: "remove it", fixes: fixes)
    }

    /// The whole list is written anew: of two names that go, one goes after the other, and the last one with its comment.
    private func removal(ofName ignore: InlineIgnore) -> FixIt.Edit {
        let source = ignore.span.source
        let bytes = source.bytes
        let open = bytes[..<ignore.span.range.lowerBound].lastIndex(of: UInt8(ascii: "[")) ?? ignore.span.range.lowerBound
        let close = bytes[open...].firstIndex(of: UInt8(ascii: "]")) ?? ignore.span.range.upperBound
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let names = bytes[open + 1..<close].split(separator: UInt8(ascii: ",")).compactMap { part -> String? in
            let start = part.drop(while: isBlank)
            guard let last = start.lastIndex(where: { !isBlank($0) }), start.startIndex != ignore.span.range.lowerBound
            else { return nil }
            return String(decoding: start[...last], as: UTF8.self)
        }
        return FixIt.Edit(Span(source, open + 1..<close), replacement: names.joined(separator: ", "))
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
