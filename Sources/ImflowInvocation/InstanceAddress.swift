import ImflowHTTP

/// Where the server of a warm instance answers.
struct InstanceAddress: Sendable {
    /// `http://HOST:PORT`.
    let baseURL: String
    /// The path of a unix socket that leads there; nil: the host itself is asked.
    let socket: String?

    init(of instance: any ModelInstance) {
        baseURL = instance.baseURL ?? ""
        socket = instance.socket
    }

    /// A request for a path of the server, with or without its leading slash.
    func request(_ method: String, _ path: String) -> HTTPRequest {
        var request = HTTPRequest(method, baseURL + (path.hasPrefix("/") ? path : "/" + path), unixSocket: socket)
        request.isDirect = socket == nil
        return request
    }
}
