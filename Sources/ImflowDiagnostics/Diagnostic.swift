/// How grave a finding is. Errors stop a compilation; notes never change an exit code.
package enum Severity: String, Sendable, Comparable {
    case note, warning, error

    package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
    private var rank: Int {
        switch self {
        case .note: 0;
        case .warning: 1;
        case .error: 2
        }
    }
}

/// A permanent number and a readable slug, such as `unknown-key [IMF0101]`. Numbers are never reused.
package struct DiagnosticCode: Sendable, Hashable, CustomStringConvertible {
    /// The permanent number, 1 to 9999.
    package let number: Int
    /// The readable name, `unknown-key`.
    package let slug: String
    /// What a finding with this code is by default.
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

    /// Whether a comment in the file may silence it: not when the text itself cannot be read (00xx), nor what is said
    /// of such comments (09xx).
    package var isIgnorable: Bool { (100..<900).contains(number) }

    package var description: String { "\(slug) [\(id)]" }
}

/// A span with a few words about it.
package struct Label: Sendable, Equatable {
    /// The place.
    package var span: Span
    /// The words; may be empty.
    package var text: String

    package init(_ span: Span, _ text: String = "") {
        self.span = span
        self.text = text
    }
}

/// A change to the text that would mend the finding.
package struct FixIt: Sendable, Equatable {
    /// `safe` keeps the meaning that the author surely had; `needsReview` is a guess that a person must look at.
    package enum Applicability: String, Sendable { case safe, needsReview }

    /// One replacement of text; an empty span inserts.
    package struct Edit: Sendable, Equatable {
        /// What is replaced.
        package var span: Span
        /// What stands there then.
        package var replacement: String

        package init(_ span: Span, replacement: String) {
            self.span = span
            self.replacement = replacement
        }
    }

    /// What it does, in the imperative: `replace "tile_sise" by "tile_size"`.
    package var title: String
    /// Whether it may be applied unasked.
    package var applicability: Applicability
    /// Disjoint edits, applied together.
    package var edits: [Edit]

    package init(_ title: String, _ applicability: Applicability, edits: [Edit]) {
        self.title = title
        self.applicability = applicability
        self.edits = edits
    }
}

/// One finding about the author's text. Collected, never thrown.
package struct Diagnostic: Sendable, Equatable {
    /// Which finding it is.
    package var code: DiagnosticCode
    /// How grave it is here; the code's own severity unless a caller raises or lowers it.
    package var severity: Severity
    /// One line that stands alone, without the place.
    package var headline: String
    /// The place to look at, and what is wrong there in a few words.
    package var primary: Label
    /// Other places that explain it: `first defined here`.
    package var secondary: [Label]
    /// Facts that explain it.
    package var notes: [String]
    /// The way out.
    package var help: String?
    /// Changes that would mend it; they exclude one another.
    package var fixes: [FixIt]
    /// Secrets in the text around the labels, which no report may show.
    package var hidden: [Span] = []

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
