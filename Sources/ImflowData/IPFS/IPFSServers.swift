internal import ImflowExecution
internal import ImflowHTTP

/// The servers that IPFS is read from: a node's RPC API, a gateway, or both, the node first.
struct IPFSServers {
    enum Server {
        /// Kubo's RPC API (docs.ipfs.tech/reference/kubo/rpc).
        case node(ServerURL)
        /// A trustless gateway (specs.ipfs.tech/http-gateways/trustless-gateway).
        case gateway(ServerURL)

        var url: ServerURL {
            switch self {
            case .node(let url), .gateway(let url): url
            }
        }

        var shown: String {
            switch self {
            case .node(let url): "the IPFS node \(url.shown)"
            case .gateway(let url): "the IPFS gateway \(url.shown)"
            }
        }
    }

    let servers: [Server]

    /// - Throws: ``Failure`` of cause `app` when there is none, or the URL is none; it says how to set one.
    init(_ environment: [String: String], for url: FetchURL) throws(Failure) {
        _ = try IPFSPath(url)
        var found: [Server] = []
        for (name, server) in [("IMFLOW_IPFS_API", Server.node), ("IMFLOW_IPFS_GATEWAY", Server.gateway)] {
            guard let text = environment[name], !text.isEmpty else { continue }
            guard let place = ServerURL(text) else {
                throw Failure(.app, "\(name) is '\(text.prefix(80))', which is no http or https URL")
            }
            found.append(server(place))
        }
        guard !found.isEmpty else {
            throw Failure(
                .app, "\(url.shown): no IPFS server is set; set IMFLOW_IPFS_API to a node's RPC API, as in "
                    + "http://127.0.0.1:5001, or IMFLOW_IPFS_GATEWAY to a gateway, as in https://ipfs.io")
        }
        servers = found
    }
}

extension IPFSServers.Server {
    /// The request for one block.
    func request(block cid: CID) -> HTTPRequest {
        switch self {
        case .node(let url): HTTPRequest("POST", "\(url.url)/api/v0/block/get?arg=\(cid.text)")
        case .gateway(let url):
            HTTPRequest(
                "GET", "\(url.url)/ipfs/\(cid.text)?format=raw", headers: [("Accept", "application/vnd.ipld.raw")],
                followRedirects: true)
        }
    }

    /// The request for a file's blocks, all in one CAR.
    func request(car cid: CID) -> HTTPRequest {
        switch self {
        case .node(let url): HTTPRequest("POST", "\(url.url)/api/v0/dag/export?arg=\(cid.text)&progress=false")
        case .gateway(let url):
            HTTPRequest(
                "GET", "\(url.url)/ipfs/\(cid.text)?format=car&dag-scope=entity",
                headers: [("Accept", "application/vnd.ipld.car; version=1; order=dfs; dups=n")], followRedirects: true)
        }
    }
}
