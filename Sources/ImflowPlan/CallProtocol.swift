/// How a model is called (SPEC section 6).
package enum CallProtocol: String, Sendable, Codable, CaseIterable {
    case rest, exec, jsonl, oip, cog

    /// Whether an instance listens, stays up between requests, and may take several at once.
    package var isHTTP: Bool {
        switch self {
        case .rest, .oip, .cog: true
        case .exec, .jsonl: false
        }
    }

    /// Where servers of the protocol listen when the manifest has no `port`: what MLServer, KServe and Cog do.
    package var defaultPort: Int {
        switch self {
        case .oip: 8080
        case .cog: 5000
        case .rest, .exec, .jsonl: 9000
        }
    }

    /// Where a server takes requests when the manifest has no `path`.
    /// - Parameter model: its name, by which a server of the Open Inference Protocol knows it.
    package func defaultPath(of model: String) -> String {
        switch self {
        case .oip: "/v2/models/" + model
        case .cog: "/predictions"
        case .rest, .exec, .jsonl: "/inference"
        }
    }

    /// What is asked whether a server is ready when the manifest has no `health`.
    package var defaultHealth: String {
        switch self {
        case .oip: "/v2/health/ready"
        case .cog: "/health-check"
        case .rest, .exec, .jsonl: "/health"
        }
    }
}
