import ArgumentParser

/// Where a job's results are published.
enum PersistTarget: String, Codable, CaseIterable, ExpressibleByArgument {
    /// An IPFS node, by Kubo's RPC API.
    case ipfs
}
