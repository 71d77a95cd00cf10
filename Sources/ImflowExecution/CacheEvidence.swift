/// What the result cache did for one attempt. Holds names and digests, never values.
package struct CacheEvidence: Sendable, Codable, Equatable {
    package enum Outcome: String, Sendable, Codable {
        /// The result was taken from the cache; the model was not called.
        case hit
        /// Nothing was there: the model was called.
        case missed
        /// What was there was not to be read: the model was called.
        case refreshed
        /// What was there was damaged: it was dropped, and the model called.
        case damaged
        /// The run was not to use the cache.
        case off
        /// No key could be made, or the cache could not be used.
        case unavailable
    }

    package var outcome: Outcome
    /// Nil when no key was made.
    package var key: ContentHash?
    /// The key's fields.
    package var fields: [String: ContentHash]?
    /// `JOB/TASK` of whoever made the result that a hit took.
    package var from: String?
    /// `JOB/TASK` whose call for the same key this attempt waited for.
    package var waitedFor: String?
    /// Why it was unavailable, or why the result was not kept.
    package var note: String?

    package init(
        _ outcome: Outcome, key: CacheKey? = nil, from: String? = nil, waitedFor: String? = nil, note: String? = nil
    ) {
        self.outcome = outcome
        self.key = key?.hash
        fields = key?.fields
        self.from = from
        self.waitedFor = waitedFor
        self.note = note
    }
}
