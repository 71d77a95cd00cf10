internal import ImflowExecution

/// What `ipfs://CID/NAME/…` names: a block, and names to follow from it.
struct IPFSPath {
    let root: CID
    let names: [[UInt8]]
    /// Of the file, as the URL gives it: its last component, or `?filename=`.
    let fileName: String
    let shown: String

    private static let namesLimit = 128

    init(_ url: FetchURL) throws(Failure) {
        shown = url.shown
        let wayOut = "give ipfs://CID or ipfs://CID/PATH"
        guard url.rest.hasPrefix("//") else { throw Failure(.app, "\(url.shown) names no file; \(wayOut)") }
        let bare = url.rest.dropFirst(2).prefix { $0 != "?" && $0 != "#" }
        let parts = bare.split(separator: "/", omittingEmptySubsequences: true)
        guard let first = parts.first, let root = CID(first) else {
            throw Failure(.app, "\(url.shown): '\(bare.prefix { $0 != "/" }.prefix(80))' is no CID; \(wayOut)")
        }
        if let obstacle = root.obstacle { throw Failure(.app, "\(url.shown): the CID \(obstacle)") }
        guard parts.count <= Self.namesLimit else {
            throw Failure(.app, "\(url.shown) has more than \(Self.namesLimit) names in its path")
        }
        var names: [[UInt8]] = []
        for part in parts.dropFirst() {
            guard let name = PercentEncoding.decode(part) else {
                throw Failure(.app, "\(url.shown) has a percent sign that encodes nothing; write '%' as %25")
            }
            names.append(name)
        }
        self.root = root
        self.names = names
        fileName = Self.queried(url.rest) ?? names.last.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The `filename` of the URL's query, as gateways know it.
    private static func queried(_ rest: Substring) -> String? {
        guard let mark = rest.firstIndex(of: "?") else { return nil }
        let query = rest[rest.index(after: mark)...].prefix { $0 != "#" }
        for member in query.split(separator: "&") where member.hasPrefix("filename=") {
            return PercentEncoding.decode(member.dropFirst("filename=".count)).map { String(decoding: $0, as: UTF8.self) }
        }
        return nil
    }
}
