package import ImflowExecution
package import ImflowHTTP

/// Where a Docker engine, or Podman's service of the same API, listens. Written as the docker command writes it.
package enum EngineAddress: Sendable, Hashable, CustomStringConvertible {
    /// Absolute.
    case unix(path: String)
    /// `host` is a name or an address without brackets. Without certificates the connection is open to all who are between.
    case tcp(host: String, port: Int, certificates: TLSCertificates?)
    case ssh(SSHDestination)

    package static let standardSocket = "/var/run/docker.sock"
    package static let plainPort = 2375
    package static let securePort = 2376

    /// A unix socket's path, else the URL; for messages and for people.
    package var description: String {
        switch self {
        case .unix(let path): path
        case .tcp(let host, let port, _): "tcp://\(Self.bracketed(host)):\(port)"
        case .ssh(let destination): destination.description
        }
    }

    /// Whether what this machine has in a folder is also there for the engine's containers, as far as the address tells.
    package var sharesDisk: Bool {
        if case .unix = self { true } else { false }
    }

    /// - Parameters:
    ///   - text: `unix:///path`, `tcp://HOST[:PORT]` or `ssh://[USER@]HOST[:PORT][/path/of/socket]`.
    ///   - certificates: for `tcp`; nil: an open connection, which only leads to this machine.
    ///   - allowsPlain: an open connection may lead elsewhere.
    /// - Throws: ``Failure`` with cause `infra`, which says what is wrong with the address.
    package init(
        _ text: String, certificates: TLSCertificates? = nil, allowsPlain: Bool = false
    ) throws(Failure) {
        guard let mark = text.firstRange(of: "://") else {
            throw Self.wrong(text, "it has no scheme: unix:///path, tcp://HOST:PORT or ssh://USER@HOST")
        }
        let rest = String(text[mark.upperBound...])
        switch text[..<mark.lowerBound] {
        case "unix": self = try Self.unix(rest, text)
        case "tcp": self = try Self.tcp(rest, text, certificates, allowsPlain: allowsPlain)
        case "ssh": self = .ssh(try SSHDestination(rest, of: text))
        default: throw Self.wrong(text, "imflow reaches engines by unix://, tcp:// and ssh://")
        }
    }

    static func wrong(_ text: String, _ reason: String) -> Failure {
        Failure(.infra, "the address \(text.prefix(200)) of a Docker engine cannot be used: \(reason)")
    }

    private static func unix(_ path: String, _ text: String) throws(Failure) -> EngineAddress {
        if path.isEmpty { return .unix(path: standardSocket) }
        guard path.hasPrefix("/"), !path.utf8.contains(0) else { throw wrong(text, "the socket's path is not absolute") }
        return .unix(path: path)
    }

    private static func tcp(
        _ rest: String, _ text: String, _ certificates: TLSCertificates?, allowsPlain: Bool
    ) throws(Failure) -> EngineAddress {
        let authority = rest.hasSuffix("/") ? String(rest.dropLast()) : rest
        let standard = certificates == nil ? plainPort : securePort
        guard let (host, port) = parts(of: authority, port: standard) else {
            throw wrong(text, "it is not tcp://HOST:PORT with a port from 1 to 65535")
        }
        guard certificates != nil || allowsPlain || isLoopback(host) else {
            throw wrong(
                text,
                "the connection would be open to all who are between, and who commands an engine commands its machine; "
                    + "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, use ssh://, or, where the network is yours alone, "
                    + "IMFLOW_DOCKER_PLAIN_TCP=1")
        }
        return .tcp(host: host, port: port, certificates: certificates)
    }

    /// `HOST`, `HOST:PORT`, `[V6]` or `[V6]:PORT`; no host is this machine. Nil: it is none of these.
    static func parts(of authority: String, port standard: Int) -> (host: String, port: Int)? {
        var host = Substring(authority)
        var after = Substring()
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            after = authority[authority.index(after: end)...]
            guard host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }), !host.isEmpty else { return nil }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            after = authority[colon...]
        }
        guard authority.hasPrefix("[") || host.utf8.allSatisfy(isNameByte) else { return nil }
        if after.isEmpty { return (host.isEmpty ? "localhost" : String(host), standard) }
        guard after.first == ":", let port = Int(after.dropFirst()), (1...65535).contains(port) else { return nil }
        return (host.isEmpty ? "localhost" : String(host), port)
    }

    static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
