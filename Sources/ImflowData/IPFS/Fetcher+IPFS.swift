internal import ImflowContent
internal import ImflowExecution

extension Fetcher {
    /// What a CID names never changes: what was fetched once is taken again from the content store, and no server is asked.
    func bringIPFS(_ url: FetchURL) async throws(Failure) -> ContentReference {
        let path = try IPFSPath(url)
        let servers = try IPFSServers(access.environment, for: url)
        let names = path.names.map { name in name.map { String($0, radix: 16) }.joined(separator: " ") }
        let key = (["ipfs", path.root.text] + names).joined(separator: "/")
        let reference = try await shared(key, isForever: true) { [self] (_: String?) throws(Failure) in
            let blocks = IPFSBlocks(
                servers: servers.servers, client: services, limits: limits, access: access, reporter: reporter,
                shown: path.shown)
            var reader = UnixFSReader(blocks: blocks, content: content, limits: limits, shown: path.shown)
            let file = try TemporaryFile(in: content)
            try await reader.write(try await reader.resolve(path), to: file)
            let hash = try await blocking { () throws(Failure) in try file.store() }
            return ContentReference(hash: hash, name: "file")
        }
        return ContentReference(hash: reference.hash, name: FetchedName.make(path.fileName, mediaType: nil))
    }
}
