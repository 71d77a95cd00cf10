import Glibc
package import ImflowContent
package import ImflowExecution
package import ImflowHTTP
internal import ImflowJSON
internal import ImflowPlan

/// Adds files to an IPFS node by Kubo's RPC API (docs.ipfs.tech/reference/kubo/rpc), and checks the CIDs that it answers.
package struct KuboClient: Sendable {
    private let endpoint: ServerURL
    private let client: HTTPClient

    /// A node pins and links what it was given before it answers: so long without a byte it may take.
    private static let patience = TimeSpan(seconds: 600)
    private static let answerLimit = 1 << 20

    /// - Parameter endpoint: of the node's RPC API, which its owner trusts: it is asked at whatever address it has.
    package init(endpoint: ServerURL, client: HTTPClient) {
        self.endpoint = endpoint
        self.client = client
    }

    /// The node that `IMFLOW_IPFS_API` names.
    /// - Throws: ``Failure`` of cause `app` that says how to set it.
    package init(environment: [String: String], client: HTTPClient) throws(Failure) {
        let text = environment["IMFLOW_IPFS_API"] ?? ""
        guard let endpoint = ServerURL(text) else {
            let problem = text.isEmpty ? "no IPFS node is named" : "IMFLOW_IPFS_API is no http or https URL"
            throw Failure(.app, "\(problem): set IMFLOW_IPFS_API to the RPC API of one, as in http://127.0.0.1:5001")
        }
        self.init(endpoint: endpoint, client: client)
    }

    /// Adds and pins bytes; answers their CID, which was computed here as well.
    /// - Parameter name: what the node's answer and messages call it.
    /// - Throws: ``Failure`` of cause `infra` when the node cannot be asked, refuses, or answers another CID than the bytes have.
    package func add(_ bytes: [UInt8], name: String) async throws(Failure) -> String {
        let answer = try await post(HTTPForm(fileName: name, content: .bytes(bytes)))
        try check(answer, name: name) { layout throws(Failure) in
            var builder = UnixFSBuilder(layout)
            builder.add(bytes)
            return builder.finish()
        }
        return answer.text
    }

    /// As ``add(_:name:)``, of a regular file that does not change meanwhile. It is sent while it is read, and read again for
    /// the check: its size is no matter.
    package func add(fileAt path: String, name: String) async throws(Failure) -> String {
        guard access(path, R_OK) == 0 else { throw Failure(.infra, "\(path) cannot be read, so it was not added to IPFS") }
        let answer = try await post(HTTPForm(fileName: name, content: .file(path)))
        try check(answer, name: name) { layout throws(Failure) in try Self.cid(ofFile: path, layout) }
        return answer.text
    }

    /// As ``add(fileAt:name:)``, of what the store has under the hash.
    package func add(_ hash: ContentHash, of content: ContentStore, name: String) async throws(Failure) -> String {
        guard content.contains(hash) else { throw Failure(.infra, "the content store lacks \(hash), to be added to IPFS") }
        return try await add(fileAt: content.path(of: hash), name: name)
    }

    private func post(_ form: HTTPForm) async throws(Failure) -> CID {
        let query = "pin=true&cid-version=1&raw-leaves=true&chunker=size-\(UnixFSBuilder.chunkSize)&progress=false"
        let request = HTTPRequest(
            "POST", "\(endpoint.url)/api/v0/add?\(query)", stallTimeout: Self.patience,
            maximumBodyBytes: Self.answerLimit, form: form)
        let response: HTTPResponse
        do throws(HTTPError) { response = try await client.send(request) } catch {
            if error == .cancelled { throw Failure(.cancelled, "adding \(form.fileName) to IPFS was cancelled") }
            throw Failure(.infra, "\(form.fileName) could not be added to IPFS: \(error)")
        }
        guard response.isSuccess else {
            throw Failure(
                .infra, "the IPFS node \(endpoint.shown) refused \(form.fileName) with status \(response.status)"
                    + Self.reason(response))
        }
        // A line of JSON for each thing that was added, the file last.
        let lines = response.body.split(separator: UInt8(ascii: "\n"))
        guard let line = lines.last, let json = try? JSONValue.parse(Array(line)),
            let cid = json["Hash"]?.stringValue.flatMap({ CID($0) })
        else {
            throw Failure(.infra, "the IPFS node \(endpoint.shown) answered no CID for \(form.fileName)")
        }
        return cid
    }

    /// What Kubo says in its error, short enough to be shown.
    static func reason(_ response: HTTPResponse) -> String {
        guard let message = try? JSONValue.parse(response.body)["Message"]?.stringValue, !message.isEmpty else { return "" }
        return ": " + message.prefix(200)
    }

    /// An old node may know version 0 only.
    private func check(
        _ answer: CID, name: String, _ compute: (UnixFSBuilder.Layout) throws(Failure) -> CID
    ) throws(Failure) {
        let own = try compute(answer.version == 0 ? .version0 : .rawLeaves)
        guard own == answer else {
            throw Failure(
                .infra, "the IPFS node \(endpoint.shown) answered the CID \(answer.text) for \(name), whose bytes have "
                    + "the CID \(own.text): it keeps other bytes, or its Import settings differ from Kubo's defaults")
        }
    }

    private static func cid(ofFile path: String, _ layout: UnixFSBuilder.Layout) throws(Failure) -> CID {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(.infra, "\(path) cannot be read: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var builder = UnixFSBuilder(layout)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(.infra, "\(path) cannot be read: \(String(cString: strerror(errno)))") }
            if count == 0 { return builder.finish() }
            builder.add(buffer[..<count])
        }
    }
}
