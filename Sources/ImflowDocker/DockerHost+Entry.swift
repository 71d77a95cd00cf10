package import ImflowHTTP

extension DockerHost {
    /// One engine of several.
    package convenience init(_ entry: EngineEntry, client: HTTPClient, node: String, stateRoot: String) {
        let isUnix = entry.address.hasPrefix("unix://")
        self.init(
            socket: isUnix ? String(entry.address.dropFirst("unix://".count)) : entry.address, client: client, node: node,
            stateRoot: stateRoot, files: entry.files ?? (isUnix ? .bind : .archive),
            isHere: isUnix || entry.files == .bind)
    }
}
