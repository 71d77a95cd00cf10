import ImflowDiagnostics

/// libyaml's terse problems in the author's terms.
struct YAMLProblem {
    private let failure: YAMLFailure

    init(_ failure: YAMLFailure) { self.failure = failure }

    func diagnostic(in source: Source, offsets: CharacterOffsets) -> Diagnostic {
        let place = offsets.offset(of: failure.offset)
        let context = failure.context.flatMap { Self.contexts[$0] }
        let opening = offsets.offset(of: failure.contextOffset)
        if let (headline, help) = Self.problemsOfTheOpening[failure.problem] {
            return Diagnostic(.invalidSyntax, headline, at: source.characterSpan(at: opening), help: help)
        }
        var secondary: [Label] = []
        if let context, opening != place { secondary = [Label(source.characterSpan(at: opening), context)] }
        let character = source.characterSpan(at: place)
        if failure.problem == "found character that cannot start any token" {
            return cannotStart(character, secondary)
        }
        let (headline, help) = Self.problems[failure.problem] ?? ("invalid YAML: \(failure.problem)", nil)
        return Diagnostic(.invalidSyntax, headline, at: character, secondary: secondary, help: help)
    }

    private func cannotStart(_ span: Span, _ secondary: [Label]) -> Diagnostic {
        let character = String(decoding: span.source.bytes[span.range], as: UTF8.self)
        guard character != "\t" else {
            return Diagnostic(
                .invalidSyntax, "a tab cannot indent YAML", at: span, secondary: secondary, help: "indent with spaces")
        }
        return Diagnostic(
            .invalidSyntax, "a plain value cannot start with `\(character)`", at: span, secondary: secondary,
            help: "put the value in quotes")
    }

    private static let contexts: [String: String] = [
        "while parsing a block mapping": "in the mapping that starts here",
        "while parsing a block collection": "in the list that starts here",
        "while parsing a flow mapping": "in the mapping that this opens",
        "while parsing a flow sequence": "in the list that this opens",
        "while parsing a block node": "in the value that starts here",
        "while parsing a flow node": "in the value that starts here",
        "while scanning a simple key": "this would be the key",
        "while scanning a block scalar": "in the text block that starts here",
        "while scanning a quoted scalar": "in the quoted text that starts here",
        "while scanning a plain scalar": "in the text that starts here",
        "while scanning an anchor": "in this anchor",
        "while scanning an alias": "in this alias",
        "while scanning a tag": "in this tag",
    ]

    private static let colonHelp = "a key is `key: value` on one line; put a value that has `: ` in quotes"
    private static let indentHelp = "check the indentation: members of one mapping start in the same column"

    /// Where the place to mend is not where libyaml stopped but where the thing began.
    private static let problemsOfTheOpening: [String: (headline: String, help: String)] = [
        "found unexpected end of stream": ("the quoted text never ends", "close it with the quote that it opens with"),
        "did not find expected alphabetic or numeric character": (
            "a name must follow `&` and `*`", "put a value that starts with `&` or `*` in quotes"
        ),
    ]

    private static let problems: [String: (headline: String, help: String?)] = [
        "mapping values are not allowed in this context": ("a `:` that no key can take stands here", colonHelp),
        "could not find expected ':'": ("a key without `:`", colonHelp),
        "did not find expected key": ("this is neither a key of the mapping nor its end", indentHelp),
        "did not find expected '-' indicator": ("this is neither an item of the list nor its end", indentHelp),
        "did not find expected ',' or ']'": ("the list needs a `,` or a `]` here", nil),
        "did not find expected ',' or '}'": ("the mapping needs a `,` or a `}` here", nil),
        "did not find expected node content": ("a value is expected here", nil),
        "block sequence entries are not allowed in this context": (
            "a list cannot start here", "begin the list on a line of its own, below its key"
        ),
        "mapping keys are not allowed in this context": ("a mapping cannot start here", nil),
        "found unknown escape character": (
            "unknown escape in double quotes", "write `\\\\` for a backslash, or use single quotes"
        ),
        "found invalid Unicode character escape code": (
            "this escape is no character", "YAML has no surrogate pairs: write the character itself or `\\U0001F600`"
        ),
        "did not find expected hexdecimal number": ("hexadecimal digits must follow this escape", nil),
        "found undefined tag handle": ("this tag has a handle that no `%TAG` line defines", "remove the tag"),
        "found a tab character where an indentation space is expected": (
            "a tab cannot indent YAML", "indent with spaces"
        ),
        "found a tab character that violates indentation": ("a tab cannot indent YAML", "indent with spaces"),
        "did not find expected <document start>": (
            "text that belongs to no key", "a file is one mapping, `key: value` on every line"
        ),
        "found incompatible YAML document": ("this version of YAML is not supported", "write `%YAML 1.2` or nothing"),
        "found unexpected document indicator": ("a document mark inside quoted text", "indent the line"),
    ]
}
