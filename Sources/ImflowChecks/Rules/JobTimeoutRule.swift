package import ImflowDiagnostics
package import ImflowIR
import ImflowPlan

/// A job lasts at least as long as what the same file allows inside it.
package struct JobTimeoutRule: Rule {
    package static let codes: [DiagnosticCode] = [.jobTimeoutTooShort]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        // A stage's `job_timeout` says nothing of the job.
        guard let policies = scope.job?.job.policies ?? scope.model?.manifest.policies, let whole = policies.jobTimeout
        else { return }
        for own in scope.ownPolicies where !findings.isFull {
            if let timeout = own.timeout, timeout.value > whole.value {
                findings.add(
                    finding(
                        whole, timeout.span,
                        "`job_timeout` is \(whole.value.text), and one attempt may take \(timeout.value.text)",
                        "the attempt", "give the whole job more than one attempt"))
            } else if let finding = backOff(own.retry, whole) {
                findings.add(finding)
            }
        }
    }

    private func backOff(_ retry: RetryDeclaration?, _ whole: Located<TimeSpan>) -> Diagnostic? {
        guard let retry, retry.maximumAttempts?.value ?? 1 > 1, let initial = retry.initialInterval else { return nil }
        let longest = retry.maximumInterval?.value ?? RetryPolicy().maximumInterval
        // Back-off varies by a fifth: what is said here holds for the shortest wait, too.
        let wait = Swift.min(initial.value, longest)
        guard wait.milliseconds - wait.milliseconds / 5 >= whole.value.milliseconds else { return nil }
        return finding(
            whole, initial.span,
            "`job_timeout` is \(whole.value.text), and a retry waits \(wait.text): it never comes",
            "the wait before the second attempt", "give the whole job more time, or a retry less to wait")
    }

    private func finding(
        _ whole: Located<TimeSpan>, _ place: Span, _ headline: String, _ label: String, _ help: String
    ) -> Diagnostic {
        Diagnostic(
            .jobTimeoutTooShort, headline, at: whole.span, secondary: [Label(place, label)], help: help)
    }
}
