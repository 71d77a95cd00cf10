/// The bounds of a ``SocketServer``.
package struct ServerLimits: Sendable {
    /// Of a request line and its header fields, in bytes.
    package var headBytes: Int
    /// Header fields of one request.
    package var fields: Int
    /// Of one request's body.
    package var bodyBytes: Int
    /// Of all bodies that are being read at once.
    package var bodyBytesAtOnce: Int
    /// Connections served at once; further ones wait to be accepted.
    package var connections: Int
    /// A request must have come whole within this time, and its answer must have been taken within as much again.
    package var patience: Duration

    package init(
        headBytes: Int = 16 << 10, fields: Int = 64, bodyBytes: Int = 4 << 20, bodyBytesAtOnce: Int = 64 << 20,
        connections: Int = 1024, patience: Duration = .seconds(30)
    ) {
        self.headBytes = headBytes
        self.fields = fields
        self.bodyBytes = bodyBytes
        self.bodyBytesAtOnce = bodyBytesAtOnce
        self.connections = connections
        self.patience = patience
    }
}
