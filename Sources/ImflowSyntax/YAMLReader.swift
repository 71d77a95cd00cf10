package import ImflowDiagnostics

/// Reads one YAML document (1.2 core schema) into a located tree. Never throws: what is wrong is in the diagnostics,
/// and the tree keeps everything before it. Repeated keys stay: see ``duplicateKeys(in:limit:)``.
package func parseYAML(_ source: Source, limits: SyntaxLimits = SyntaxLimits()) -> SyntaxResult {
    switch TextCheck.check(source, limits: limits, controlsAllowed: false) {
    case .unreadable(let diagnostic): return unreadable(source, diagnostic)
    case .empty: return (SyntaxTree(source: source, records: [], texts: []), [TextCheck.emptyDocument(source)])
    case .readable(let end, let diagnostic):
        return source.bytes.withUnsafeBufferPointer { buffer in
            let text = UnsafeBufferPointer(rebasing: buffer[..<end])
            guard !text.isEmpty else { return unreadable(source, diagnostic ?? TextCheck.emptyDocument(source)) }
            var reader = YAMLReader(source: source, text: text, limits: limits, broken: diagnostic)
            return reader.read()
        }
    }
}

/// The event loop: libyaml's events into the arena, character marks into byte ranges.
private struct YAMLReader {
    /// libyaml compares every `%TAG` line with every other.
    private static let maximumDirectives = 64

    private let source: Source
    private let text: UnsafeBufferPointer<UInt8>
    private let offsets: CharacterOffsets
    /// What ends `text` before the source does.
    private let broken: Diagnostic?
    private var builder: SyntaxTreeBuilder
    private var sawDocument = false

    init(source: Source, text: UnsafeBufferPointer<UInt8>, limits: SyntaxLimits, broken: Diagnostic?) {
        self.source = source
        self.text = text
        self.broken = broken
        offsets = CharacterOffsets(text)
        builder = SyntaxTreeBuilder(source: source, limits: limits)
    }

    mutating func read() -> SyntaxResult {
        if let directive = surplusDirective() {
            builder.report(Diagnostic(.invalidSyntax, "more than \(Self.maximumDirectives) `%` lines", at: directive))
            return finish(at: directive.range.lowerBound, complete: false)
        }
        let events = YAMLEvents(text)
        while let event = events.next() {
            do throws(ReadingStopped) {
                if let complete = try take(event) { return finish(at: text.count, complete: complete) }
            } catch {
                builder.report(error.diagnostic)
                return finish(at: offsets.offset(of: event.start), complete: false)
            }
        }
        let failure = events.failure()
        // Broken bytes are the cause, whatever libyaml then misses.
        if broken == nil { builder.report(YAMLProblem(failure).diagnostic(in: source, offsets: offsets)) }
        return finish(at: offsets.offset(of: failure.offset), complete: false)
    }

    /// One event; a value when the document is over: whether all of it was read.
    private mutating func take(_ event: YAMLEvent) throws(ReadingStopped) -> Bool? {
        let start = offsets.offset(of: event.start)
        let end = offsets.offset(of: event.end)
        switch event.kind {
        case .documentStart:
            if sawDocument { builder.report(severalDocuments(at: start)) }
            defer { sawDocument = true }
            return sawDocument ? true : nil
        case .documentEnd: return nil
        case .streamEnd: return broken == nil
        case .close: builder.close(at: end > start ? end : nil)
        case .alias(let name):
            if end == text.count, broken != nil { return false }
            try builder.alias(name, range: start..<end)
        case .open(let kind, let style):
            let start = afterProperties(event, from: start, to: text.count)
            if let tag = event.tag, let problem = collectionTagProblem(tag, kind, at: start) { builder.report(problem) }
            let range = start..<(style == .flow ? min(start + 1, text.count) : start)
            try builder.open(kind, style: style, range: range, tag: event.tag, anchor: event.anchor)
        case .scalar(let text, let style): return try take(text, style, event, start..<end)
        }
        return nil
    }

    private mutating func take(
        _ value: String, _ style: SyntaxTree.Style, _ event: YAMLEvent, _ range: Range<Int>
    ) throws(ReadingStopped) -> Bool? {
        // What touches broken bytes may go on in them.
        if range.upperBound == text.count, broken != nil { return false }
        let range = scalarRange(style, event, range)
        if range.isEmpty, style == .plain, builder.isEmpty, event.tag == nil, event.anchor == nil { return nil }
        if let tag = event.tag, !CoreScalar.fits(value, tag: tag) {
            builder.report(scalarTagProblem(tag, value, at: range))
            try builder.hole(range, anchor: event.anchor)
        } else {
            try builder.scalar(value, style: style, range: range, tag: event.tag, anchor: event.anchor)
        }
        return nil
    }

    private mutating func finish(at offset: Int, complete: Bool) -> SyntaxResult {
        let isEmpty = builder.isEmpty
        let tree = builder.finish(at: offset, complete: complete)
        var diagnostics = builder.diagnostics + (broken.map { [$0] } ?? [])
        if isEmpty, complete { diagnostics.append(TextCheck.emptyDocument(source)) }
        return (tree, diagnostics)
    }
}

// MARK: - Places

extension YAMLReader {
    /// The range of a scalar without its anchor and tag, without the line breaks that end a block scalar, and, when it
    /// has no text at all, right after the `:` or the key that it belongs to.
    private func scalarRange(_ style: SyntaxTree.Style, _ event: YAMLEvent, _ range: Range<Int>) -> Range<Int> {
        let start = afterProperties(event, from: range.lowerBound, to: range.upperBound)
        if range.isEmpty {
            let place = builder.expectsValue ? afterColon(from: builder.lastEnd, to: start) : start
            return place..<place
        }
        guard style == .literal || style == .folded else { return start..<max(start, range.upperBound) }
        var end = range.upperBound
        while end > start, isSpace(text[end - 1]) { end -= 1 }
        return start..<end
    }

    /// libyaml counts `&anchor` and `!tag` into a node; this skips them and the space and comments behind them.
    private func afterProperties(_ event: YAMLEvent, from start: Int, to end: Int) -> Int {
        guard event.anchor != nil || event.tag != nil else { return start }
        var position = start
        var propertyEnd = start
        while position < end {
            switch text[position] {
            case UInt8(ascii: "&") where event.anchor != nil:
                position = min(end, position + 1 + (event.anchor?.utf8.count ?? 0))
                propertyEnd = position
            case UInt8(ascii: "!") where event.tag != nil:
                position = tagEnd(from: position, to: end)
                propertyEnd = position
            case UInt8(ascii: "#"): position = lineEnd(from: position, to: end)
            case let byte where isSpace(byte): position += 1
            default: return position
            }
        }
        return propertyEnd
    }

    /// A tag ends at space or, in `[!!str, a]`, at a flow indicator; those may stand within `!<…>`.
    private func tagEnd(from start: Int, to end: Int) -> Int {
        if start + 1 < end, text[start + 1] == UInt8(ascii: "<") {
            return text[start..<end].firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 } ?? end
        }
        return text[start..<end].firstIndex { isSpace($0) || ",[]{}".utf8.contains($0) } ?? end
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private func lineEnd(from start: Int, to end: Int) -> Int {
        text[start..<end].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? end
    }

    /// Behind the `:` that follows a key which ends at `start`; right behind the key when there is none.
    private func afterColon(from start: Int, to end: Int) -> Int {
        var position = start
        while position < end {
            switch text[position] {
            case UInt8(ascii: ":"): return position + 1
            case UInt8(ascii: "#"): position = lineEnd(from: position, to: end)
            case let byte where isSpace(byte): position += 1
            default: return start
            }
        }
        return start
    }

    private func surplusDirective() -> Span? {
        guard text.contains(UInt8(ascii: "%")) else { return nil }
        var count = 0
        for start in source.lineStarts where start + 4 < text.count && text[start] == UInt8(ascii: "%") {
            guard text[start + 1] == UInt8(ascii: "T"), text[start + 2] == UInt8(ascii: "A") else { continue }
            count += 1
            if count > Self.maximumDirectives { return source.characterSpan(at: start) }
        }
        return nil
    }
}

// MARK: - Messages

extension YAMLReader {
    private func severalDocuments(at offset: Int) -> Diagnostic {
        let isMark = source.bytes[offset...].starts(with: "---".utf8)
        return Diagnostic(
            .severalDocuments, "a second document begins here; a file holds one",
            at: isMark ? Span(source, offset..<offset + 3) : source.characterSpan(at: offset),
            help: "put it into a file of its own")
    }

    private func scalarTagProblem(_ tag: String, _ value: String, at range: Range<Int>) -> Diagnostic {
        let short = CoreScalar.shortTag(tag)
        let known = CoreScalar.scalarTags.contains(tag)
        return Diagnostic(
            .invalidTag, known ? "\"\(value)\" is no `\(short)`" : "the tag `\(short)` means nothing here",
            at: Span(source, range), help: "remove the tag, or use one of !!str, !!int, !!float, !!bool, !!null")
    }

    private func collectionTagProblem(_ tag: String, _ kind: SyntaxTree.Kind, at start: Int) -> Diagnostic? {
        let fitting = CoreScalar.tagPrefix + (kind == .mapping ? "map" : "seq")
        guard tag != fitting, tag != "!" else { return nil }
        let name = kind == .mapping ? "mapping" : "list"
        return Diagnostic(
            .invalidTag, "the tag `\(CoreScalar.shortTag(tag))` does not fit a \(name)",
            at: source.characterSpan(at: start), help: "remove the tag")
    }
}
