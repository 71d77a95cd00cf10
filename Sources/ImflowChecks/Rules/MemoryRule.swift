package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// `memory_max` is more than `memory`, and attempts that ran out of memory are tried again.
package struct MemoryRule: Rule {
    package static let codes: [DiagnosticCode] = [.memoryMaxTooSmall, .memoryMaxUnused]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let manifest = scope.model?.manifest, let most = manifest.resources.memoryMax else { return }
        guard let memory = manifest.resources.memory else {
            findings.add(
                Diagnostic(
                    .memoryMaxUnused, "`memory_max` does nothing without `memory`: nothing is limited", at: most.keySpan,
                    help: "add `memory`, which the first attempt gets"))
            return
        }
        if most.value < memory.value {
            findings.add(
                Diagnostic(
                    .memoryMaxTooSmall, "`memory_max` is less than `memory`", at: most.span,
                    secondary: [Label(memory.span, "what every attempt gets")],
                    help: "`memory_max` is what an attempt may get after others ran out of memory: give it more"))
            return
        }
        let retry = manifest.policies.retry
        if retry?.isBroken == true { return }
        let causes = retry?.retryOn?.value ?? RetryPolicy().retryOn
        let attempts = retry?.maximumAttempts?.value ?? RetryPolicy().maximumAttempts
        guard attempts < 2 || !causes.contains(.oom) || most.value == memory.value else { return }
        let why =
            most.value == memory.value
            ? "it is as much as `memory`" : attempts < 2 ? "there is one attempt" : "`retry_on` leaves out `oom`"
        let place = most.value == memory.value ? memory.span : retry?.span.firstLine
        findings.add(
            Diagnostic(
                .memoryMaxUnused, "`memory_max` does nothing: \(why)", at: most.keySpan,
                secondary: place.map { [Label($0, "this says so")] } ?? [],
                help: "it is for `retry: {maximum_attempts: 3, retry_on: [oom]}`, or with other causes beside `oom`"))
    }
}
