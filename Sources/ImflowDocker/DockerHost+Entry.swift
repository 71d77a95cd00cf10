package import ImflowExecution
package import ImflowHTTP

extension DockerHost {
    /// One engine of several.
    package convenience init(_ entry: EngineEntry, client: HTTPClient, node: String, stateRoot: String) {
        self.init(address: entry.location, client: client, node: node, stateRoot: stateRoot, files: entry.files)
    }
}

extension EngineEntry {
    /// Where it is, or what is wrong with the address.
    package var location: Result<EngineAddress, Failure> {
        if let known { return .success(known) }
        do throws(Failure) {
            guard let certificates else { return .success(try EngineAddress.named(address)) }
            return .success(try EngineAddress(address, certificates: TLSCertificates(in: certificates)))
        } catch {
            return .failure(error)
        }
    }
}
