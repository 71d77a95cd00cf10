internal import ImflowHTTP

/// Where a server that the user named answers: a base URL without a final slash.
package struct ServerURL: Sendable, Hashable {
    package let url: String

    /// `http://127.0.0.1:5001`, with or without a path, or what Kubo writes into `$IPFS_PATH/api`:
    /// `/ip4/127.0.0.1/tcp/5001`. Nil when the text is neither.
    package init?(_ text: String) {
        var url = text.hasPrefix("/") ? Self.url(ofMultiaddress: text) ?? "" : text
        while url.hasSuffix("/"), !url.hasSuffix("://") { url.removeLast() }
        let scheme = FetchURL(url)?.scheme
        guard scheme == "http" || scheme == "https", AddressGuard.host(ofURL: url) != nil,
            !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F || "?#".utf8.contains($0) })
        else { return nil }
        self.url = url
    }

    var host: String { AddressGuard.host(ofURL: url) ?? "" }

    /// For messages: without user and password.
    var shown: String { FetchURL(url)?.shown ?? "" }

    private static func url(ofMultiaddress text: String) -> String? {
        let parts = text.split(separator: "/").map(String.init)
        guard parts.count >= 4, parts[2] == "tcp", let port = UInt16(parts[3]) else { return nil }
        let scheme = parts.dropFirst(4).contains { $0 == "https" || $0 == "tls" } ? "https" : "http"
        switch parts[0] {
        case "ip4", "dns", "dns4", "dns6": return "\(scheme)://\(parts[1]):\(port)"
        case "ip6": return "\(scheme)://[\(parts[1])]:\(port)"
        default: return nil
        }
    }
}
