package import ImflowDiagnostics
package import ImflowIR
import ImflowJSON

/// No secret is written in a file that is shared. Its value is shown nowhere.
package struct SecretLiteralRule: Rule {
    package static let codes: [DiagnosticCode] = [.secretLiteral]

    /// Levels of an input that are looked at.
    private static let maximumDepth = 32

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        switch scope.subject {
        case .model(let model): Self.check(model.manifest, into: &findings)
        case .job(let job): Self.check(job.job, into: &findings)
        }
    }

    /// The secrets of a manifest.
    package static func check(_ manifest: Manifest, into findings: inout FindingList) {
        for (name, value) in manifest.environment {
            guard let kind = SecretText.kind(of: value.value, under: name) else { continue }
            findings.add(finding(kind, name, "`env`", [value.span], manifest: true))
        }
        check(manifest.chainedModels?.value ?? [], into: &findings)
    }

    /// The secrets of a job.
    package static func check(_ job: Job, into findings: inout FindingList) {
        if let input = job.input { check(input, job.inputPlaces, into: &findings) }
        check(job.stages?.value ?? [], into: &findings)
    }

    private static func check(_ stages: [StageDeclaration], into findings: inout FindingList) {
        for stage in stages { if let input = stage.input { check(input, stage.inputPlaces, into: &findings) } }
    }

    private static func check(_ input: Located<JSONValue>, _ places: ValuePlaces, into findings: inout FindingList) {
        for (name, value) in input.value.objectValue ?? [:] where !findings.isFull {
            check(value, name, { places[name] ?? input.span }, depth: 0, into: &findings)
        }
    }

    private static func check(
        _ value: JSONValue, _ name: String, _ place: () -> Span, depth: Int, into findings: inout FindingList
    ) {
        guard depth < maximumDepth, !findings.isFull else { return }
        switch value {
        case .string(let text):
            guard let kind = SecretText.kind(of: text, under: name) else { return }
            findings.add(finding(kind, name, "`input`", places(of: text, in: place()), manifest: false))
        case .array(let items):
            for item in items { check(item, name, place, depth: depth + 1, into: &findings) }
        case .object(let members):
            for (key, item) in members { check(item, key, place, depth: depth + 1, into: &findings) }
        default: return
        }
    }

    /// Where the text stands as it is; all of `place` where it is written otherwise.
    private static func places(of text: String, in place: Span) -> [Span] {
        let bytes = place.source.bytes[place.range]
        let wanted = Array(text.utf8)
        var found: [Span] = []
        var start = bytes.startIndex
        while let first = wanted.first, let next = bytes[start...].firstIndex(of: first) {
            if bytes[next...].starts(with: wanted) {
                found.append(Span(place.source, next..<next + wanted.count))
                start = next + wanted.count
            } else {
                start = next + 1
            }
        }
        return found.isEmpty ? [place] : found
    }

    private static func finding(
        _ kind: SecretText.Kind, _ name: String, _ block: String, _ places: [Span], manifest: Bool
    ) -> Diagnostic {
        let what = if case .token(let what) = kind { what } else { "a secret" }
        // A name that is itself a secret is not repeated either.
        let shown = SecretText.kind(of: name, under: "") == nil ? "`\(printable(name))`" : "a member"
        var finding = Diagnostic(
            .secretLiteral, "\(shown) in \(block) looks like \(what)", at: places[0].firstLine,
            notes: ["who may read this file may use it; its value is not shown here"],
            help: manifest
                ? "take it from the submitter's environment, `${\(variable(name))}`, and have this one replaced"
                : "have the model read it from its environment, and have this one replaced")
        finding.hidden = places
        return finding
    }

    private static func variable(_ name: String) -> String {
        let isName = name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == UInt8(ascii: "_")
        }
        return isName && SecretText.kind(of: name, under: "") == nil ? name : "NAME"
    }
}
