/// What a ``SocketServer`` serves.
package protocol RequestHandler: Sendable {
    /// Asked as soon as the head is there, before any of the body is read: an answer ends the request. Must not wait.
    func refusal(of head: RequestHead) -> APIResponse?

    /// Its task is cancelled when the client has gone.
    func answer(_ request: APIRequest) async -> APIResponse
}
