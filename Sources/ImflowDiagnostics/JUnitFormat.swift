/// A JUnit report: one test case for each checked file. Findings that fail the check are its failure, with the text of
/// the full format; others stand in its output.
struct JUnitFormat {
    let context: ReportContext

    func render(_ diagnostics: [Diagnostic]) -> String {
        let found = Dictionary(grouping: diagnostics) { $0.primary.span.source.name }
        // A called model is not checked itself, and its errors count all the same.
        let names = Set(context.files).union(found.keys).sorted()
        let failures = found.values.count { $0.contains(where: isFailure) }
        let counts = "tests=\"\(names.count)\" failures=\"\(failures)\" errors=\"0\""
        var out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"imflow check\" \(counts)>\n"
        out += "  <testsuite name=\"imflow check\" \(counts)>\n"
        for name in names { out += testCase(name, found[name] ?? []) }
        return out + "  </testsuite>\n</testsuites>\n"
    }

    private func isFailure(_ diagnostic: Diagnostic) -> Bool { diagnostic.severity >= context.failingFrom }

    private func testCase(_ name: String, _ diagnostics: [Diagnostic]) -> String {
        let path = Self.escaped(VisibleText.line(context.path(of: name), limit: 4096))
        let head = "    <testcase classname=\"imflow.check\" name=\"\(path)\" file=\"\(path)\""
        if diagnostics.isEmpty { return head + "/>\n" }
        var out = head + ">\n"
        let failures = diagnostics.filter(isFailure)
        if let first = failures.first {
            let more = failures.count > 1 ? " (and \(failures.count - 1) more)" : ""
            let message = Self.escaped(VisibleText.line(first.headline) + more)
            out += "      <failure message=\"\(message)\" type=\"\(first.code.id)\">"
            out += Self.escaped(FullFormat(colour: false).render(failures)) + "</failure>\n"
        }
        let others = diagnostics.filter { !isFailure($0) }
        if !others.isEmpty {
            out += "      <system-out>\(Self.escaped(FullFormat(colour: false).render(others)))</system-out>\n"
        }
        return out + "    </testcase>\n"
    }

    /// For text and attributes; what XML 1.0 has no character for becomes U+FFFD.
    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "\r": out += "&#13;"
            case "\n", "\t": out.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: out += "\u{FFFD}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
