/// Reads one HTTP/1.1 request (RFC 9112) out of bytes that come in pieces. Strict where leniency lets two readers
/// disagree: lines end in CR LF, no folded lines, one length, no transfer coding.
package struct RequestParser: Sendable {
    package enum Progress: Sendable, Equatable {
        /// More bytes are needed.
        case incomplete
        case complete(APIRequest)
        /// What follows cannot be understood: answer, and close.
        case refused(APIResponse)
    }

    private let limits: ServerLimits
    private var buffer: [UInt8] = []
    /// Where the search for the head's end goes on.
    private var searched = 0
    /// Of the request that is being read; nil until its head is there.
    package private(set) var head: RequestHead?

    package init(limits: ServerLimits = ServerLimits()) { self.limits = limits }

    /// How many bytes more could be of use.
    package var appetite: Int {
        guard let head else { return limits.headBytes + 4 - buffer.count }
        return head.contentLength - buffer.count
    }

    /// Takes the next bytes. What follows a whole request is dropped: every connection serves one.
    package mutating func take(_ bytes: some Collection<UInt8>) -> Progress {
        buffer += bytes
        if head == nil {
            if searched == 0, buffer.starts(with: [0x0D, 0x0A]) { buffer.removeFirst(2) }
            guard let end = headEnd() else {
                return buffer.count > limits.headBytes ? .refused(tooLarge) : .incomplete
            }
            guard end <= limits.headBytes else { return .refused(tooLarge) }
            do throws(APIResponse) {
                head = try HeadReader(Array(buffer[..<end]), limits: limits).head()
            } catch { return .refused(error) }
            buffer.removeFirst(end + 4)
        }
        guard let head, buffer.count >= head.contentLength else { return .incomplete }
        return .complete(APIRequest(head: head, body: Array(buffer[..<head.contentLength])))
    }

    private var tooLarge: APIResponse {
        .problem(431, "the request line and its header fields have more than \(limits.headBytes) bytes")
    }

    /// Where the empty line begins.
    private mutating func headEnd() -> Int? {
        var at = max(0, searched - 3)
        while at + 3 < buffer.count {
            if buffer[at] == 0x0D, buffer[at + 1] == 0x0A, buffer[at + 2] == 0x0D, buffer[at + 3] == 0x0A { return at }
            at += 1
        }
        searched = buffer.count
        return nil
    }
}
