import ImflowContent
import ImflowEngine
import ImflowExecution
import ImflowInvocation
import ImflowJobAPI
import Synchronization

/// The API by which the models of a family submit jobs: its socket, which is made when the first model could use it, and
/// its tokens.
final class ModelJobs: ModelAPI {
    private enum Listening {
        case not
        case at(SocketFolder, SocketServer)
        /// Why it could not be made; tried once.
        case failed(String)
    }

    private struct Place {
        let folder: SocketFolder
        let server: SocketServer
    }

    private let root: String
    private let state: StateFolder
    private let folder: String
    private let node: NodeIdentity
    private let secret: String
    private let staging: any InputStaging
    private let listening = Mutex(Listening.not)
    /// Of warm instances, by their names.
    private let places = Mutex<[String: Place]>([:])
    private let sessions = Mutex<[String: ModelSession]>([:])
    private let family = Mutex<ChildFamily?>(nil)

    init(root: String, folder: StateFolder, node: NodeIdentity, staging: any InputStaging) {
        self.root = root
        state = folder
        self.folder = folder.api(job: root)
        self.node = node
        self.staging = staging
        // The node's: a warm instance outlives its family, and its log hides one secret.
        secret = Self.digits(node, "imflow child jobs")
    }

    /// Without it nothing is offered.
    func serve(_ family: ChildFamily, root machine: JobMachine, _ conductor: Conductor) {
        family.members.enrol(
            root,
            FamilyMembers.Member(
                depth: 0, priority: 0, modelFolders: ChildFamily.modelFolders(machine.plan), conductor: conductor))
        self.family.withLock { $0 = family }
    }

    func endpoint(for order: WorkOrder) -> APIEndpoint? {
        guard family.withLock({ $0 != nil }) else { return nil }
        return listening.withLock { listening in
            if case .not = listening { listening = listen(in: folder) }
            guard case .at(let place, _) = listening else { return nil }
            return endpoint(in: place)
        }
    }

    func endpoint(ofInstance name: String) -> APIEndpoint? {
        guard family.withLock({ $0 != nil }) else { return nil }
        return places.withLock { places in
            if let known = places[name] { return endpoint(in: known.folder) }
            guard case .at(let folder, let server) = listen(in: state.api(job: name)) else { return nil }
            places[name] = Place(folder: folder, server: server)
            return endpoint(in: folder)
        }
    }

    func closeEndpoint(ofInstance name: String) async {
        guard let place = places.withLock({ $0.removeValue(forKey: name) }) else { return }
        await place.server.stop()
        place.folder.remove()
    }

    private func endpoint(in place: SocketFolder) -> APIEndpoint {
        APIEndpoint(folder: place.path, socket: SocketFolder.socketName, secret: secret)
    }

    private func listen(in folder: String) -> Listening {
        do throws(SocketFolder.Problem) {
            let place = try SocketFolder(folder, name: String(ContentHash(of: Array(folder.utf8)).hex.prefix(16)))
            do throws(SocketServer.Problem) {
                return .at(place, try SocketServer(path: place.socket, handler: JobAPI(self)))
            } catch { return .failed(error.message) }
        } catch { return .failed(error.message) }
    }

    /// Why models can submit nothing, where they should; nil: they can, or none wanted to.
    var problem: String? {
        listening.withLock { if case .failed(let reason) = $0 { reason } else { nil } }
    }

    func open(_ call: APICall) -> String {
        let order = call.order
        let token =
            secret
            + Self.digits(node, "\(root)/\(order.job)/\(order.task)/\(order.attempt)/\(order.token)/\(call.unit)")
        sessions.withLock { $0[token] = ModelSession(token: token, call: call) }
        return token
    }

    func close(_ token: String) { sessions.withLock { $0[token] = nil } }

    /// Nothing listens any more, and no instance that is still there is served. The socket's folder stays when containers
    /// that outlive this process may be using it.
    func close(removingFolder: Bool) async {
        family.withLock { $0 = nil }
        let last = listening.withLock { listening in
            defer { listening = .not }
            return listening
        }
        for place in places.withLock({ Array($0.values) }) { await place.server.stop() }
        guard case .at(let place, let server) = last else { return }
        await server.stop()
        if removingFolder { place.remove() }
    }

    /// 32 hexadecimal digits: 128 bits that none but this node can tell.
    private static func digits(_ node: NodeIdentity, _ label: String) -> String {
        node.secret(label).prefix(16).map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0" + text : text
        }.joined()
    }
}

extension ModelJobs: JobCallHandler {
    func isKnown(_ token: String) -> Bool { session(token) != nil }

    /// Every session's token is compared, and all of its bytes, so that the time tells nothing of them.
    private func session(_ token: String) -> ModelSession? {
        let bytes = Array(token.utf8)
        return sessions.withLock { sessions in
            var found: ModelSession?
            for session in sessions.values where Self.equal(Array(session.token.utf8), bytes) { found = session }
            return found
        }
    }

    private static func equal(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        var difference = UInt8(one.count == other.count ? 0 : 1)
        for index in one.indices { difference |= one[index] ^ (index < other.count ? other[index] : 0xFF) }
        return difference == 0
    }

    func answer(_ call: JobCall, wait: Int, token: String) async -> APIResponse {
        guard let session = session(token), let family = family.withLock({ $0 }) else {
            return .problem(401, "the attempt that had this token has ended")
        }
        do throws(APIResponse) {
            switch call {
            case .submit(let bytes, let key, let priority):
                let body = try await ChildBody(bytes, of: session.call, staging: staging)
                let key = try session.key(given: key, bodyHash: body.hash)
                let (job, isNew) = try await family.submit(body, key: key, priority: priority, session: session)
                var response = try await family.view(of: job, wait: wait, session: session)
                response.status = isNew ? 201 : 200
                response.fields["Location"] = "/v1/jobs/\(job)"
                return response
            case .look(let job): return try await family.view(of: job, wait: wait, session: session)
            case .list: return try await family.list(session)
            case .cancel(let job): return try await family.cancel(job, session: session)
            }
        } catch { return error }
    }
}
