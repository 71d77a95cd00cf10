/// One line a finding, as compilers write it and editors parse it.
enum ConciseFormat {
    static func render(_ diagnostics: [Diagnostic]) -> String {
        diagnostics.map { diagnostic in
            let (line, column) = diagnostic.primary.span.start
            let name = VisibleText.line(diagnostic.primary.span.source.name)
            let headline = VisibleText.line(diagnostic.headline)
            return "\(name):\(line):\(column): \(diagnostic.severity): \(headline) [\(diagnostic.code.id)]\n"
        }.joined()
    }
}
