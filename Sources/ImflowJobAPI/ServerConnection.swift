import Glibc

/// One client.
struct ServerConnection {
    enum Phase {
        case reading(RequestParser)
        case answering(Task<Void, Never>)
        case writing(ArraySlice<UInt8>)
        /// The answer is out. What the client still sends is thrown away, so that it comes to read the answer.
        case draining
    }

    let descriptor: Int32
    var phase: Phase
    /// When it is given up; nil while an answer is being made.
    var deadline: ContinuousClock.Instant?
    /// What its body has of the bytes that may be read at once.
    var reserved = 0
    /// The handler has been asked about the head.
    var isAdmitted = false

    /// What `poll` is to wait for; 0: that the client goes away.
    var interest: Int16 {
        switch phase {
        case .reading, .draining: Int16(POLLIN)
        case .answering: 0
        case .writing: Int16(POLLOUT)
        }
    }
}
