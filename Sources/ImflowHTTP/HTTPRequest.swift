package import ImflowPlan

/// One HTTP/1.1 request (RFC 9110, RFC 9112), over TCP, TLS or a unix socket.
package struct HTTPRequest: Sendable {
    package var method: String
    /// `http` or `https`.
    package var url: String
    /// The path of a unix socket to talk over; the URL's host is then only the `Host` header: `http://docker/v1.41/info`.
    package var unixSocket: String?
    /// Sent as they are, beside `Host`, `Accept` and `Content-Length`. Line breaks in them are refused.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]?
    /// For the whole exchange, waiting for a free connection included; nil: none.
    package var timeout: TimeSpan?
    package var connectTimeout: TimeSpan
    /// An exchange in which no byte moves for so long has timed out (whole seconds, rounded up); nil: never.
    package var stallTimeout: TimeSpan?
    /// A longer answer is ``HTTPError/bodyTooLarge(limit:)``.
    package var maximumBodyBytes: Int
    /// At most ``redirectLimit``, and to `http` and `https` only.
    package var followRedirects: Bool
    /// A body in place of ``body``; the method is then `POST`.
    package var form: HTTPForm?
    /// A body in place of ``body`` that is made while it is sent; such a request goes once, over a connection of its own.
    package var supply: (any HTTPSupply)?
    /// Which addresses may be connected to, those of redirects too; nil: any. What shares a client with guarded requests
    /// must be guarded as well, because connections are kept.
    package var addresses: AddressGuard?
    /// Only to a network that this machine is in, past every gateway and proxy: for a server beside it, whose address may be
    /// somebody else's when it has gone. Otherwise ``HTTPError/cannotConnect(_:)``.
    package var isDirect = false
    package var signing: AWSSigning?
    /// For `https`: by whom the two sides know each other; nil: the system's authorities, and no certificate of ours. The
    /// server is then asked without a proxy.
    package var certificates: TLSCertificates?

    package static let redirectLimit = 10
    package static let defaultMaximumBodyBytes = 64 * 1024 * 1024

    package init(
        _ method: String = "GET", _ url: String, unixSocket: String? = nil,
        headers: [(name: String, value: String)] = [], body: [UInt8]? = nil, timeout: TimeSpan? = nil,
        connectTimeout: TimeSpan = TimeSpan(seconds: 10), stallTimeout: TimeSpan? = nil,
        maximumBodyBytes: Int = HTTPRequest.defaultMaximumBodyBytes, followRedirects: Bool = false,
        form: HTTPForm? = nil, addresses: AddressGuard? = nil, signing: AWSSigning? = nil,
        certificates: TLSCertificates? = nil
    ) {
        self.method = method
        self.url = url
        self.unixSocket = unixSocket
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.stallTimeout = stallTimeout
        self.maximumBodyBytes = maximumBodyBytes
        self.followRedirects = followRedirects
        self.form = form
        self.addresses = addresses
        self.signing = signing
        self.certificates = certificates
    }

    /// What is wrong with the request itself; nil: it may be sent.
    var mistake: String? {
        if method.isEmpty || !method.utf8.allSatisfy(Self.isTokenByte) { return "'\(method)' is no HTTP method" }
        if url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
            return "\(method): the URL has a blank or a control character"
        }
        if let unixSocket, unixSocket.isEmpty || unixSocket.utf8.contains(0) {
            return "the socket's path is not usable"
        }
        if let mistake = certificates?.mistake { return mistake }
        for (name, value) in headers {
            if name.isEmpty || !name.utf8.allSatisfy(Self.isTokenByte) { return "'\(name)' is no header name" }
            if value.utf8.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) {
                return "the value of header \(name) has a line break"
            }
        }
        return nil
    }

    /// The end of the time for the whole exchange when it starts now.
    var deadline: ContinuousClock.Instant? { timeout.map { .now + Self.bounded($0).duration } }

    /// Between 1 ms and 24 days, which every timer can count.
    static func bounded(_ span: TimeSpan) -> TimeSpan {
        TimeSpan(milliseconds: min(max(span.milliseconds, 1), Int64(Int32.max)))
    }

    /// The method and the URL without user, password, query and fragment, which may hold secrets; for messages.
    var place: String {
        var text = Substring(url)
        if let end = text.firstIndex(where: { $0 == "?" || $0 == "#" }) { text = text[..<end] }
        if let scheme = text.firstRange(of: "://") {
            let authorityEnd = text[scheme.upperBound...].firstIndex(of: "/") ?? text.endIndex
            if let at = text[scheme.upperBound..<authorityEnd].lastIndex(of: "@") {
                text.removeSubrange(scheme.upperBound...at)
            }
        }
        let socket = unixSocket.map { " over \($0)" } ?? ""
        return "\(method) \(text.prefix(200))\(socket)"
    }

    /// RFC 9110, section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
