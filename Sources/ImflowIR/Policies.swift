package import ImflowDiagnostics
package import ImflowPlan

/// The policies that a model, a stage or a job declares (SPEC section 5); nil: not said here.
package struct Policies: Sendable {
    package var timeout: Located<TimeSpan>?
    package var queueTimeout: Located<TimeSpan>?
    package var jobTimeout: Located<TimeSpan>?
    package var retry: RetryDeclaration?
    package var hedge: HedgeDeclaration?
    package var onFailure: Located<FailurePolicy>?
    package var minSuccessRatio: Located<Double>?
    package var cache: Located<Bool>?

    /// Nothing declared.
    package init() {}

    init(_ fields: Fields) {
        timeout = fields.duration("timeout")
        queueTimeout = fields.duration("queue_timeout")
        jobTimeout = fields.duration("job_timeout")
        retry = fields.fields("retry").map { RetryDeclaration($0.value) }
        hedge = HedgeDeclaration(fields)
        onFailure = fields.choice("on_failure", FailurePolicy.self)
        minSuccessRatio = fields.number("min_success_ratio")
        cache = fields.boolean("cache")
    }

    /// These policies where they say something, else `weaker`'s. `retry` and `hedge` are laid over member by member.
    package func over(_ weaker: Policies) -> Policies {
        var merged = self
        merged.timeout = timeout ?? weaker.timeout
        merged.queueTimeout = queueTimeout ?? weaker.queueTimeout
        merged.jobTimeout = jobTimeout ?? weaker.jobTimeout
        merged.retry = retry.map { own in weaker.retry.map(own.over) ?? own } ?? weaker.retry
        merged.hedge = hedge.map { own in weaker.hedge.map(own.over) ?? own } ?? weaker.hedge
        merged.onFailure = onFailure ?? weaker.onFailure
        merged.minSuccessRatio = minSuccessRatio ?? weaker.minSuccessRatio
        merged.cache = cache ?? weaker.cache
        return merged
    }

    /// With the defaults where nothing is said.
    package var lowered: StagePolicy {
        let defaults = StagePolicy()
        return StagePolicy(
            timeout: timeout?.value, queueTimeout: queueTimeout?.value, retry: retry?.lowered ?? defaults.retry,
            onFailure: onFailure?.value ?? defaults.onFailure,
            minSuccessRatio: minSuccessRatio?.value ?? defaults.minSuccessRatio,
            cache: cache?.value ?? defaults.cache, hedge: hedge?.lowered)
    }
}

/// `retry`, as written.
package struct RetryDeclaration: Sendable {
    /// The place of the block.
    package var span: Span
    package var maximumAttempts: Located<Int>?
    package var initialInterval: Located<TimeSpan>?
    package var backoffCoefficient: Located<Double>?
    package var maximumInterval: Located<TimeSpan>?
    package var retryOn: Located<[Cause]>?
    /// Whether a value in it was reported: what it was to say is not known.
    package var isBroken: Bool

    init(_ fields: Fields) {
        span = fields.span
        maximumAttempts = fields.integer("maximum_attempts")
        initialInterval = fields.duration("initial_interval")
        backoffCoefficient = fields.number("backoff_coefficient")
        maximumInterval = fields.duration("maximum_interval")
        retryOn = fields.choices("retry_on", Cause.self)
        isBroken = !fields.broken.isEmpty
    }

    func over(_ weaker: RetryDeclaration) -> RetryDeclaration {
        var merged = self
        merged.maximumAttempts = maximumAttempts ?? weaker.maximumAttempts
        merged.initialInterval = initialInterval ?? weaker.initialInterval
        merged.backoffCoefficient = backoffCoefficient ?? weaker.backoffCoefficient
        merged.maximumInterval = maximumInterval ?? weaker.maximumInterval
        merged.retryOn = retryOn ?? weaker.retryOn
        return merged
    }

    var lowered: RetryPolicy {
        let defaults = RetryPolicy()
        return RetryPolicy(
            maximumAttempts: maximumAttempts?.value ?? defaults.maximumAttempts,
            initialInterval: initialInterval?.value ?? defaults.initialInterval,
            backoffCoefficient: backoffCoefficient?.value ?? defaults.backoffCoefficient,
            maximumInterval: maximumInterval?.value ?? defaults.maximumInterval,
            retryOn: retryOn?.value ?? defaults.retryOn)
    }
}

/// `hedge`, as written.
package struct HedgeDeclaration: Sendable {
    /// The place of the key.
    package var keySpan: Span
    /// The place of the value.
    package var span: Span
    /// False only where it says `false`.
    package var isOn: Bool
    package var factor: Located<Double>?
    package var quantile: Located<Double>?
    package var budget: Located<Double>?

    /// Nil: there is no `hedge`.
    init?(_ fields: Fields) {
        if let flag = fields.boolean("hedge") {
            (keySpan, span, isOn) = (flag.keySpan, flag.span, flag.value)
        } else if let block = fields.fields("hedge") {
            (keySpan, span, isOn) = (block.keySpan, block.span, true)
            factor = block.value.number("factor")
            quantile = block.value.number("quantile")
            budget = block.value.number("budget")
        } else {
            return nil
        }
    }

    func over(_ weaker: HedgeDeclaration) -> HedgeDeclaration {
        var merged = self
        merged.factor = factor ?? weaker.factor
        merged.quantile = quantile ?? weaker.quantile
        merged.budget = budget ?? weaker.budget
        return merged
    }

    var lowered: HedgePolicy? {
        guard isOn else { return nil }
        let defaults = HedgePolicy()
        return HedgePolicy(
            factor: factor?.value ?? defaults.factor, quantile: quantile?.value ?? defaults.quantile,
            budget: budget?.value ?? defaults.budget)
    }
}
