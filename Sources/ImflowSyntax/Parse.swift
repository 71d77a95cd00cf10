package import ImflowDiagnostics

/// What reading a text gives: a tree of all that could be read, and what is wrong with the text.
package typealias SyntaxResult = (tree: SyntaxTree, diagnostics: [Diagnostic])

/// Reads a text by its name: `*.json` is JSON, all else YAML 1.2.
package func parse(_ source: Source, limits: SyntaxLimits = SyntaxLimits()) -> SyntaxResult {
    source.name.lowercased().hasSuffix(".json")
        ? parseJSON(source, limits: limits) : parseYAML(source, limits: limits)
}
