package enum Severity: String, Sendable, Comparable {
    case note, warning, error

    package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
    private var rank: Int { switch self { case .note: 0; case .warning: 1; case .error: 2 } }
}

/// A permanent number and a readable slug, such as `unknown-key [IMF0101]`. Numbers are never reused.
package struct DiagnosticCode: Sendable, Hashable, CustomStringConvertible {
    package let number: Int
    package let slug: String
    package let severity: Severity

    package init(_ number: Int, _ slug: String, _ severity: Severity = .error) {
        self.number = number
        self.slug = slug
        self.severity = severity
    }

    /// `IMF0101`
    package var id: String {
        let digits = String(number)
        return "IMF" + String(repeating: "0", count: Swift.max(0, 4 - digits.count)) + digits
    }

    package var description: String { "\(slug) [\(id)]" }
}

/// A span with a few words about it.
package struct Label: Sendable, Equatable {
    package var span: Span
    package var text: String

    package init(_ span: Span, _ text: String = "") {
        self.span = span
        self.text = text
    }
}

/// A change to the text that would mend the finding.
package struct FixIt: Sendable, Equatable {
    package enum Applicability: String, Sendable { case safe, needsReview }

    package struct Edit: Sendable, Equatable {
        package var span: Span
        package var replacement: String

        package init(_ span: Span, replacement: String) {
            self.span = span
            self.replacement = replacement
        }
    }

    /// What it does, in the imperative: `replace "tile_sise" by "tile_size"`.
    package var title: String
    package var applicability: Applicability
    package var edits: [Edit]

    package init(_ title: String, _ applicability: Applicability, edits: [Edit]) {
        self.title = title
        self.applicability = applicability
        self.edits = edits
    }
}

/// One finding about the author's text. Collected, never thrown.
package struct Diagnostic: Sendable, Equatable {
    package var code: DiagnosticCode
    package var severity: Severity
    /// One line that stands alone, without the place.
    package var headline: String
    package var primary: Label
    package var secondary: [Label]
    package var notes: [String]
    package var help: String?
    package var fixes: [FixIt]

    package init(
        _ code: DiagnosticCode, _ headline: String, at span: Span, label: String = "", secondary: [Label] = [],
        notes: [String] = [], help: String? = nil, fixes: [FixIt] = []
    ) {
        self.code = code
        severity = code.severity
        self.headline = headline
        primary = Label(span, label)
        self.secondary = secondary
        self.notes = notes
        self.help = help
        self.fixes = fixes
    }
}
