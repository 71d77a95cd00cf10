/// Takes apart the engine's stream of a container without a terminal: frames of an 8-byte header (stream, three zero
/// bytes, the length as a big-endian 32-bit number) and the payload. Payloads are handed on as they come, never
/// collected.
package struct FrameReader: Sendable {
    package enum Stream: Sendable { case output, error }

    private var header: [UInt8] = []
    private var remaining = 0
    private var stream = Stream.output

    /// Frames that began so far.
    package private(set) var frames = 0

    package init() {}

    /// Hands each piece of payload in `chunk` to `take`, in order.
    package mutating func read(_ chunk: [UInt8], _ take: (Stream, ArraySlice<UInt8>) -> Void) {
        var rest = chunk[...]
        while !rest.isEmpty {
            if remaining == 0 {
                let missing = rest.prefix(8 - header.count)
                header += missing
                rest = rest.dropFirst(missing.count)
                if header.count == 8 { beginFrame() }
            } else {
                let payload = rest.prefix(remaining)
                rest = rest.dropFirst(payload.count)
                remaining -= payload.count
                take(stream, payload)
            }
        }
    }

    private mutating func beginFrame() {
        stream = header[0] == 2 ? .error : .output
        remaining = header[4...7].reduce(0) { $0 << 8 | Int($1) }
        header.removeAll(keepingCapacity: true)
        frames += 1
    }
}
