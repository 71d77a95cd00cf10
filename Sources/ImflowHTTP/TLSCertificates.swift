/// Paths of PEM files by which two sides of a TLS connection know each other.
package struct TLSCertificates: Sendable, Hashable {
    /// Who vouches for the server, and nobody else; nil: the system's authorities.
    package var authority: String?
    /// Ours, and its key; nil: none is shown.
    package var certificate: String?
    package var key: String?

    package init(authority: String?, certificate: String?, key: String?) {
        self.authority = authority
        self.certificate = certificate
        self.key = key
    }

    var mistake: String? {
        [authority, certificate, key].contains { $0.map { $0.isEmpty || $0.utf8.contains(0) } ?? false }
            ? "the path of a certificate is not usable" : nil
    }
}
