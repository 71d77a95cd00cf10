package import ImflowHTTP

/// Where the server of a warm instance answers.
package struct InstanceAddress: Sendable {
    /// `http://HOST:PORT`.
    package let baseURL: String
    /// The path of a unix socket that leads there; nil: the host itself is asked.
    package let socket: String?

    package init(baseURL: String, socket: String? = nil) {
        self.baseURL = baseURL
        self.socket = socket
    }

    init(of instance: any ModelInstance) {
        self.init(baseURL: instance.baseURL ?? "", socket: instance.socket)
    }

    /// A request for a path of the server, with or without its leading slash.
    package func request(_ method: String, _ path: String) -> HTTPRequest {
        HTTPRequest(method, baseURL + (path.hasPrefix("/") ? path : "/" + path), unixSocket: socket)
    }
}
