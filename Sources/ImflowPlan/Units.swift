/// A length of time in whole milliseconds.
package struct TimeSpan: Sendable, Hashable, Codable, Comparable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package init(seconds: Double) { milliseconds = Int64((seconds * 1000).rounded()) }
    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    package var seconds: Double { Double(milliseconds) / 1000 }
    package var duration: Duration { .milliseconds(milliseconds) }
    package static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.milliseconds < right.milliseconds }
}

/// An amount of memory or disk in bytes.
package struct ByteCount: Sendable, Hashable, Codable, Comparable {
    package var bytes: Int64

    package init(bytes: Int64) { self.bytes = bytes }
    package init(from decoder: any Decoder) throws { bytes = try decoder.singleValueContainer().decode(Int64.self) }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes)
    }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
}
