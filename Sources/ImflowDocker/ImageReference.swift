/// The name of an image: `[REGISTRY/]PATH[:TAG][@DIGEST]`.
struct ImageReference: Sendable, Equatable {
    static let hub = "docker.io"

    /// `docker.io`, or a host with or without a port.
    let registry: String
    /// With the registry where the name has one: what the engine is asked for.
    let repository: String
    /// Nil beside a digest.
    let tag: String?
    /// `sha256:…`.
    let digest: String?

    init(_ name: String) {
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        digest = parts.count == 2 ? parts[1] : nil
        var repository = parts[0]
        var tag: String?
        // A colon before the last slash is a port's.
        if let colon = repository.lastIndex(of: ":"), !repository[colon...].contains("/") {
            tag = String(repository[repository.index(after: colon)...])
            repository = String(repository[..<colon])
        }
        self.repository = repository
        self.tag = digest == nil ? tag ?? "latest" : nil
        registry = Self.host(of: repository) ?? Self.hub
    }

    /// Whether the name says where the image comes from.
    var namesRegistry: Bool { Self.host(of: repository) != nil }

    private static func host(of repository: String) -> String? {
        guard let slash = repository.firstIndex(of: "/") else { return nil }
        let first = repository[..<slash]
        return first == "localhost" || first.contains(".") || first.contains(":") ? String(first) : nil
    }
}
