package import ImflowDiagnostics

/// What can be wrong with a text before anyone asks what it means.
extension DiagnosticCode {
    /// The text is not YAML, or not JSON.
    package static let invalidSyntax = DiagnosticCode(1, "invalid-syntax")
    /// The bytes are not UTF-8.
    package static let notUTF8 = DiagnosticCode(2, "not-utf8")
    /// More bytes than ``SyntaxLimits/bytes``.
    package static let tooLarge = DiagnosticCode(3, "too-large")
    /// Nested deeper than ``SyntaxLimits/depth``.
    package static let tooDeep = DiagnosticCode(4, "too-deep")
    /// Aliases that grow beyond ``SyntaxLimits/expandedNodes``.
    package static let aliasLimit = DiagnosticCode(5, "alias-limit")
    /// `*name` without an earlier `&name`.
    package static let undefinedAlias = DiagnosticCode(6, "undefined-alias")
    /// More than one YAML document in a file.
    package static let severalDocuments = DiagnosticCode(7, "several-documents")
    /// Nothing but space and comments.
    package static let emptyDocument = DiagnosticCode(8, "empty-document")
    /// A NUL byte: not a text at all.
    package static let nulByte = DiagnosticCode(9, "nul-byte")
    /// More keys and values than ``SyntaxLimits/nodes``.
    package static let tooManyNodes = DiagnosticCode(10, "too-many-nodes")
    /// `*name` inside the value that `&name` marks.
    package static let aliasCycle = DiagnosticCode(11, "alias-cycle")
    /// A tag that is unknown, or that its value does not fit.
    package static let invalidTag = DiagnosticCode(12, "invalid-tag")
    /// A `<<` whose value is neither a mapping nor a list of mappings.
    package static let invalidMerge = DiagnosticCode(13, "invalid-merge")
    /// A `<<`: it works, though YAML 1.2 has no longer a word on it.
    package static let mergeKey = DiagnosticCode(14, "merge-key", .note)
    /// A key that its mapping has already.
    package static let duplicateKey = DiagnosticCode(102, "duplicate-key")

    /// Every code that reading a text can give.
    package static let textCodes = [
        invalidSyntax, notUTF8, tooLarge, tooDeep, aliasLimit, undefinedAlias, severalDocuments, emptyDocument, nulByte,
        tooManyNodes, aliasCycle, invalidTag, invalidMerge, mergeKey, duplicateKey,
    ]
}
