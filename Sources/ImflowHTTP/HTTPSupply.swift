/// A request's body of any length, made while it is sent: it never lies in memory as a whole.
package protocol HTTPSupply: Sendable {
    /// Fills the buffer, as far as there is something, on the client's thread; 0: that was all; nil: give up, and the
    /// exchange fails with ``HTTPError/other(_:)`` (whoever supplies knows why).
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int?
}
