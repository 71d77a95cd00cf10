import ImflowExecution
import ImflowHTTP
import ImflowPlan

extension EngineClient {
    /// An exchange that carries files has failed when nothing moved for so long.
    static let stall = TimeSpan(seconds: 60)

    /// `PUT /containers/{id}/archive`: unpacks what `archive` makes in a folder of the container.
    func upload(
        _ archive: FolderArchive, to container: String, folder: String, purpose: String
    ) async throws(Failure) -> EngineAnswer {
        var request = try await request(
            "PUT", "/containers/\(container)/archive", query: [("path", folder)], body: nil, purpose: purpose)
        request.headers = [("Content-Type", "application/x-tar")]
        request.supply = archive
        request.stallTimeout = Self.stall
        do {
            let response = try await files.send(request)
            return EngineAnswer(status: response.status, body: response.body)
        } catch {
            if let problem = archive.problem { throw Failure(.infra, "\(problem) (while \(purpose))") }
            throw failure(error, purpose: purpose)
        }
    }

    /// `GET /containers/{id}/archive`: one path of the container, as a tar archive.
    /// - Parameter limit: most bytes of the archive.
    func download(
        _ path: String, of container: String, into file: ReceivedFile, limit: Int, purpose: String
    ) async throws(Failure) -> EngineAnswer {
        var request = try await request(
            "GET", "/containers/\(container)/archive", query: [("path", path)], body: nil, purpose: purpose)
        request.maximumBodyBytes = limit
        request.stallTimeout = Self.stall
        do {
            let response = try await files.download(request) { file.write($0) }
            return EngineAnswer(status: response.status, body: response.body)
        } catch {
            // Where the file wanted no more, it knows why.
            if file.result != .nothing, case .other = error { return EngineAnswer(status: 200, body: []) }
            throw failure(error, purpose: purpose)
        }
    }
}
