package import ImflowPlan

/// What one fetch may cost.
package struct FetchLimits: Sendable {
    /// A larger file is refused.
    package var maximumSize: ByteCount
    package var connectTimeout: TimeSpan
    /// A transfer in which no byte moves for so long is given up.
    package var stallTimeout: TimeSpan
    /// Of one URL, the first try included.
    package var tries: Int
    /// Before the second try; doubled before each further one.
    package var retryInterval: TimeSpan
    /// The longest wait that a server may ask for by `Retry-After`; one that asks for more is not waited for longer.
    package var maximumRetryInterval: TimeSpan
    /// Different files fetched at a time.
    package var concurrency: Int
    /// Blocks that one file of IPFS may have, those that are linked many times counted each time.
    package var blocks: Int

    package init(
        maximumSize: ByteCount = ByteCount(bytes: 64 << 30), connectTimeout: TimeSpan = TimeSpan(seconds: 10),
        stallTimeout: TimeSpan = TimeSpan(seconds: 60), tries: Int = 4,
        retryInterval: TimeSpan = TimeSpan(milliseconds: 250),
        maximumRetryInterval: TimeSpan = TimeSpan(seconds: 10), concurrency: Int = 8,
        blocks: Int = 1 << 22
    ) {
        self.maximumSize = maximumSize
        self.connectTimeout = connectTimeout
        self.stallTimeout = stallTimeout
        self.tries = tries
        self.retryInterval = retryInterval
        self.maximumRetryInterval = maximumRetryInterval
        self.concurrency = concurrency
        self.blocks = blocks
    }

    /// `64 GiB`, or bytes when it is no whole number of a larger unit; for messages.
    var shownMaximum: String {
        let bytes = maximumSize.bytes
        for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] where bytes > 0 && bytes % (1 << shift) == 0 {
            return "\(bytes >> Int64(shift)) \(unit)"
        }
        return "\(bytes) bytes"
    }
}
