package import ImflowExecution
package import ImflowPlan

/// How warm instances outlive their engine, where they do.
package struct HandOver: Sendable {
    /// At the end of the run they stay for so long; nil: they are stopped. What a killed engine leaves stays for a while in
    /// any case.
    package var keepWarm: TimeSpan?
    /// Of a variable's value; not to be found out by trying values.
    package var secretDigest: @Sendable (String) -> ContentHash

    package init(keepWarm: TimeSpan? = nil, secretDigest: @escaping @Sendable (String) -> ContentHash) {
        self.keepWarm = keepWarm
        self.secretDigest = secretDigest
    }
}
