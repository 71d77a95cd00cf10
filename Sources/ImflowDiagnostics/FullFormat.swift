/// Findings for people: a headline, the source lines with marks under them, and what to do.
struct FullFormat {
    let colour: Bool

    /// One underlined span of a finding.
    private struct Mark {
        var line: Int
        var range: Range<Int>
        var text: String
        var isPrimary: Bool
    }

    func render(_ diagnostics: [Diagnostic]) -> String {
        var out = diagnostics.map(one).joined(separator: "\n")
        if let summary = DiagnosticRenderer.summary(of: diagnostics) { out += "\n\(summary)\n" }
        return out
    }

    private func one(_ diagnostic: Diagnostic) -> String {
        let severity = paint(diagnostic.severity.rawValue, severityStyle(diagnostic.severity))
        let code = paint("\(diagnostic.code.slug) [\(diagnostic.code.id)]", .dim)
        var out = "\(severity)\(paint(": " + VisibleText.line(diagnostic.headline), .bold)) \(code)\n"
        let groups = marks(of: diagnostic)
        let gutter = String(groups.flatMap(\.marks).map(\.line).max() ?? 1).count
        for (index, group) in groups.enumerated() {
            out += snippet(group.source, group.marks, gutter: gutter, isFirst: index == 0, diagnostic)
        }
        return out + trailer(diagnostic, gutter: gutter) + diagnostic.fixes.map { fix($0, gutter: gutter) }.joined()
    }

    /// The marks by source, the primary's source first, each source's in the order of the text.
    private func marks(of diagnostic: Diagnostic) -> [(source: Source, marks: [Mark])] {
        var groups: [(source: Source, marks: [Mark])] = []
        for (index, label) in ([diagnostic.primary] + diagnostic.secondary).enumerated() {
            let mark = Mark(
                line: label.span.start.line, range: label.span.range, text: label.text, isPrimary: index == 0)
            if let group = groups.firstIndex(where: { $0.source === label.span.source }) {
                groups[group].marks.append(mark)
            } else {
                groups.append((label.span.source, [mark]))
            }
        }
        return groups.map { ($0.source, $0.marks.sorted { $0.range.lowerBound < $1.range.lowerBound }) }
    }

    private func snippet(
        _ source: Source, _ marks: [Mark], gutter: Int, isFirst: Bool, _ diagnostic: Diagnostic
    ) -> String {
        guard let place = marks.first(where: \.isPrimary) ?? marks.first else { return "" }
        let pad = String(repeating: " ", count: gutter)
        let (line, column) = source.position(of: place.range.lowerBound)
        let arrow = paint(isFirst ? "-->" : ":::", .dim)
        var out = "\(pad)\(arrow) \(VisibleText.line(source.name)):\(line):\(column)\n\(pad)\(bar)\n"
        var shownLine: Int?
        for mark in marks {
            let range = source.lineRange(mark.line)
            let excerpt = SourceExcerpt(
                source, line: range, focus: mark.range.lowerBound,
                hidden: diagnostic.hidden.filter { $0.source.name == source.name }.map(\.range))
            // Marks of one line share its text, unless each has its own cut of it.
            if shownLine != mark.line || !SourceExcerpt.fits(range) {
                if let shownLine, mark.line > shownLine + 1 { out += "\(paint("...", .dim))\n" }
                out += numbered(mark.line, excerpt.text, gutter: gutter)
                shownLine = mark.line
            }
            out += "\(pad)\(bar) \(underline(mark, excerpt, range, diagnostic.severity))\n"
        }
        return out
    }

    private func numbered(_ line: Int, _ text: String, gutter: Int) -> String {
        let number = String(line)
        let pad = String(repeating: " ", count: gutter - number.count)
        return "\(pad)\(paint(number, .dim))\(bar)\(text.isEmpty ? "" : " " + text)\n"
    }

    private func underline(
        _ mark: Mark, _ excerpt: SourceExcerpt, _ line: Range<Int>, _ severity: Severity
    ) -> String {
        let end = min(mark.range.upperBound, line.upperBound)
        let columns = excerpt.columns(of: mark.range.lowerBound..<max(mark.range.lowerBound, end))
        let width = min(columns.count, SourceExcerpt.width)
        let marks = String(repeating: mark.isPrimary ? "^" : "-", count: width)
        let label = mark.text.isEmpty ? "" : " " + VisibleText.line(mark.text)
        let style = mark.isPrimary ? severityStyle(severity) : .dim
        return String(repeating: " ", count: columns.lowerBound) + paint(marks + label, style)
    }

    private func trailer(_ diagnostic: Diagnostic, gutter: Int) -> String {
        let pad = String(repeating: " ", count: gutter + 1)
        var lines = diagnostic.notes.map { ("note", $0) }
        if let help = diagnostic.help { lines.append(("help", help)) }
        return lines.map { kind, text in
            let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
            let indent = "\n" + String(repeating: " ", count: gutter + kind.count + 5)
            let body = parts.map { VisibleText.line(String($0)) }.joined(separator: indent)
            return "\(pad)\(paint("=", .dim)) \(paint("\(kind):", .bold)) \(body)\n"
        }.joined()
    }

    /// What a fix does, and the lines that it changes.
    private func fix(_ fix: FixIt, gutter: Int) -> String {
        let pad = String(repeating: " ", count: gutter + 1)
        let kind = fix.applicability == .safe ? "fix:" : "fix (needs review):"
        var out = "\(pad)\(paint("=", .dim)) \(paint(kind, .bold)) \(VisibleText.line(fix.title))\n"
        let preview = FixPreview(fix)
        let width = max(gutter, preview.lines.map { String($0.number).count }.max() ?? 0)
        for line in preview.lines {
            let number = String(line.number)
            let mark = (line.isRemoved ? "-" : "+") + (line.text.isEmpty ? "" : " " + line.text)
            let space = String(repeating: " ", count: width - number.count)
            out += "\(space)\(paint(number, .dim)) \(paint(mark, line.isRemoved ? .removed : .added))\n"
        }
        if preview.hiddenCount > 0 { out += "\(pad)\(paint("… \(preview.hiddenCount) more lines", .dim))\n" }
        return out
    }

    private var bar: String { " " + paint("|", .dim) }

    // MARK: Colour

    private enum Style: String {
        case red = "1;31"
        case yellow = "1;33"
        case blue = "1;34"
        case bold = "1"
        case dim = "2"
        case removed = "31"
        case added = "32"
    }

    private func severityStyle(_ severity: Severity) -> Style {
        switch severity {
        case .error: .red
        case .warning: .yellow
        case .note: .blue
        }
    }

    private func paint(_ text: String, _ style: Style) -> String {
        colour ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}
