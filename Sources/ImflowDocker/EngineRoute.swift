import Glibc
import ImflowExecution
import ImflowHTTP

/// How HTTP reaches an engine at the moment.
struct EngineRoute: Sendable {
    /// `http://docker` or `https://HOST:PORT`.
    var base: String
    var unixSocket: String?
    var certificates: TLSCertificates?
}

/// Finds the way to an engine's address, and keeps a tunnel up where it needs one.
final class EngineRoutes: Sendable {
    let address: Result<EngineAddress, Failure>
    private let tunnel: SSHTunnel?

    init(_ address: Result<EngineAddress, Failure>) {
        self.address = address
        tunnel = if case .success(.ssh(let destination)) = address { SSHTunnel(to: destination) } else { nil }
    }

    /// For messages.
    var place: String {
        switch address {
        case .success(let address): address.description
        case .failure: "no usable address"
        }
    }

    /// - Parameter deadline: for a tunnel that must be made first; nil: its own patience.
    /// - Throws: ``Failure`` with cause `infra`: the address is none, its certificates cannot be read, ssh does not connect;
    ///   `cancelled` when the calling task is while it waits for ssh.
    func route(until deadline: ContinuousClock.Instant? = nil) async throws(Failure) -> EngineRoute {
        switch try address.get() {
        case .unix(let path): return EngineRoute(base: "http://docker", unixSocket: path)
        case .tcp(let host, let port, let certificates):
            if let certificates { try Self.require(certificates) }
            let scheme = certificates == nil ? "http" : "https"
            return EngineRoute(
                base: "\(scheme)://\(EngineAddress.bracketed(host)):\(port)", certificates: certificates)
        case .ssh:
            let line = try await tunnelOrFailure().line(until: deadline)
            return EngineRoute(base: "http://docker", unixSocket: line.socket)
        }
    }

    /// A way to a port of the engine's machine, or of a container's network there.
    /// - Throws: ``Failure`` with cause `infra`.
    func forward(host: String, port: Int) async throws(Failure) -> SSHForward {
        try await SSHForward.open(over: tunnelOrFailure().line(), host: host, port: port)
    }

    private func tunnelOrFailure() throws(Failure) -> SSHTunnel {
        guard let tunnel else { throw Failure(.infra, "there is no tunnel to \(place)") }
        return tunnel
    }

    /// The number of the tunnel's connection; 0: there is no tunnel.
    var connection: Int { tunnel?.number ?? 0 }

    /// Whether the tunnel's connection with this number has ended.
    func hasBroken(_ connection: Int) async -> Bool { await tunnel?.hasBroken(connection) ?? false }

    /// What ssh said last.
    var complaint: String? { tunnel?.complaint }

    /// Ends what was started to reach the engine; the next request starts it again.
    func close() { tunnel?.close() }

    /// Ends what was started to reach the engine; later requests that need it fail at once, and so do those that wait for it.
    func abandon(_ reason: String) { tunnel?.end(Failure(.infra, reason)) }

    private static func require(_ certificates: TLSCertificates) throws(Failure) {
        for path in [certificates.authority, certificates.certificate, certificates.key].compactMap({ $0 }) {
            guard access(path, R_OK) != 0 else { continue }
            let reason = String(cString: strerror(errno)).lowercased()
            throw Failure(
                .infra,
                "\(path) cannot be read (\(reason)): the engine is reached over TLS by the ca.pem, cert.pem and key.pem "
                    + "in DOCKER_CERT_PATH")
        }
    }
}
