import Glibc
import ImflowExecution
import ImflowHTTP
import ImflowJSON
import ImflowPlan
import Synchronization

/// A Docker engine, spoken to by the Engine API (docs.docker.com/engine/api).
/// The API's version is agreed on with the first request.
final class EngineClient: Sendable {
    /// The newest version this client was written for, and the oldest that has all it needs.
    static let newest = APIVersion(major: 1, minor: 43)
    static let oldest = APIVersion(major: 1, minor: 41)
    /// Of requests that do not wait for a program: an engine under load takes seconds to start a container.
    static let patience = TimeSpan(seconds: 120)
    /// An engine that says nothing for so long does not pull any more: a large layer takes a while to unpack.
    static let pullPatience = TimeSpan(seconds: 900)

    private let routes: EngineRoutes
    private let client: HTTPClient
    /// Exchanges that last as long as a container; they would starve the short ones of connections.
    private let lasting = HTTPClient(maximumConnections: 1024)
    /// Disks are read and written on its thread.
    let files = HTTPClient(maximumConnections: 16)
    private let agreed = Mutex<(version: APIVersion, isPodman: Bool)?>(nil)
    private let initProcess = Mutex<Bool?>(nil)

    init(address: Result<EngineAddress, Failure>, client: HTTPClient) {
        routes = EngineRoutes(address)
        self.client = client
    }

    var address: Result<EngineAddress, Failure> { routes.address }

    /// Where it is, for messages.
    var place: String { routes.place }

    /// Ends what was started to reach the engine.
    func close() { routes.close() }

    /// One request and its whole answer. `purpose` completes "The Docker engine … while".
    func call(
        _ method: String, _ path: String, query: [(String, String)] = [], body: JSONValue? = nil, lasting: Bool = false,
        authorisation: String? = nil, purpose: String
    ) async throws(Failure) -> EngineAnswer {
        var request = try await request(method, path, query: query, body: body, purpose: purpose)
        if let authorisation { request.headers.append(("X-Registry-Auth", authorisation)) }
        if !lasting { request.timeout = Self.patience }
        do {
            let response = try await (lasting ? self.lasting : client).send(request)
            return EngineAnswer(status: response.status, body: response.body)
        } catch {
            throw failure(error, purpose: purpose)
        }
    }

    /// Hands on the answer's bytes as they come, until `onChunk` answers false.
    func stream(
        _ method: String, _ path: String, query: [(String, String)] = [], body: JSONValue? = nil, purpose: String,
        onChunk: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(Failure) -> EngineAnswer {
        let request = try await request(method, path, query: query, body: body, purpose: purpose)
        do {
            let response = try await lasting.stream(request, onChunk: onChunk)
            return EngineAnswer(status: response.status, body: response.body)
        } catch {
            throw failure(error, purpose: purpose)
        }
    }

    /// Writes `input` to a container's standard input and closes it, and hands on what it writes, as frames; returns when
    /// the engine closes the stream, which is when the container has ended and all was handed on.
    /// - Parameters:
    ///   - opened: called once, when nothing that the container writes from now on is missed.
    ///   - written: called once, as soon as all of `input` is on its way.
    func attach(
        _ container: String, input: [UInt8], purpose: String, opened: @escaping @Sendable () -> Void,
        written: @escaping @Sendable () -> Void, onChunk: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(Failure) -> EngineAnswer {
        let request = try await request(
            "POST", "/containers/\(container)/attach",
            query: [("stream", "1"), ("stdin", "1"), ("stdout", "1"), ("stderr", "1")], body: nil, purpose: purpose)
        do {
            let response = try await lasting.hijack(
                request, input: input, onOpen: opened, onSent: written, onChunk: onChunk)
            return EngineAnswer(status: response.status, body: response.body)
        } catch {
            throw failure(error, purpose: purpose)
        }
    }

    /// A container's standard input and output, open until they are let go.
    func openLine(_ container: String, purpose: String) async throws(Failure) -> HijackedLine {
        let request = try await request(
            "POST", "/containers/\(container)/attach", query: [("stream", "1"), ("stdin", "1"), ("stdout", "1")],
            body: nil, purpose: purpose)
        let opening: HijackedLine.Opening
        do { opening = try await lasting.openLine(request) } catch { throw failure(error, purpose: purpose) }
        switch opening {
        case .opened(let line): return line
        case .refused(let response):
            let answer = EngineAnswer(status: response.status, body: response.body)
            throw Failure(.infra, "the Docker engine at \(place) failed while \(purpose): \(answer.message)")
        }
    }

    /// Whether it is Podman that answers.
    func isPodman() async throws(Failure) -> Bool {
        _ = try await version(over: try await routes.route(), purpose: "asking what it is")
        return agreed.withLock { $0?.isPodman } ?? false
    }

    /// Has the engine get an image, and hands on what it says meanwhile.
    /// - Parameter authorisation: the value of `X-Registry-Auth`.
    func pull(
        query: [(String, String)], authorisation: String?, purpose: String, onChunk: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(Failure) -> EngineAnswer {
        var request = try await request("POST", "/images/create", query: query, body: nil, purpose: purpose)
        if let authorisation { request.headers.append(("X-Registry-Auth", authorisation)) }
        request.stallTimeout = Self.pullPatience
        do {
            let response = try await lasting.stream(request) {
                onChunk($0)
                return true
            }
            return EngineAnswer(status: response.status, body: response.body)
        } catch {
            throw failure(error, purpose: purpose)
        }
    }

    /// What it says of its machine.
    func info() async throws(Failure) -> EngineInfo {
        let answer = try await call("GET", "/info", purpose: "asking what it has")
        guard answer.isSuccess, let info = EngineInfo(answer.json) else {
            throw Failure(.infra, "the Docker engine at \(place) does not say what it has: \(answer.message)")
        }
        return info
    }

    /// Whether it answers at all within the time.
    func answersPing(within patience: TimeSpan) async -> Bool {
        let deadline = ContinuousClock.now + patience.duration
        guard let route = try? await routes.route(until: deadline) else { return false }
        let ping = HTTPRequest(
            "GET", route.base + "/_ping", unixSocket: route.unixSocket, timeout: patience, connectTimeout: patience,
            certificates: route.certificates)
        // Among the lasting exchanges it waits behind none.
        return (try? await lasting.send(ping))?.isSuccess == true
    }

    /// Whether the engine has its init process (`docker-init`), which distributions package apart.
    func hasInit() async throws(Failure) -> Bool {
        if let known = initProcess.withLock({ $0 }) { return known }
        let answer = try await call("GET", "/info", purpose: "asking what it can do")
        let commit = answer.json["InitCommit"]?["ID"]?.stringValue
        let has = answer.isSuccess && commit != nil && commit != "N/A"
        initProcess.withLock { $0 = has }
        return has
    }

    /// Ends every exchange under way, and every later one at once: the engine is known to have gone.
    func abandon() {
        let reason = "the Docker engine at \(place) does not answer any more"
        for each in [client, lasting, files] { each.abandon(reason) }
        routes.abandon(reason)
    }

    /// A way to a port in a container's network, where the engine is reached by ssh; nil: that is not so.
    func forward(host: String, port: Int) async throws(Failure) -> SSHForward? {
        guard case .success(.ssh) = routes.address else { return nil }
        return try await routes.forward(host: host, port: port)
    }

    /// The number of the connection that carries all exchanges; 0: each has its own.
    var connection: Int { routes.connection }

    func hasBroken(_ connection: Int) async -> Bool { await routes.hasBroken(connection) }

    /// The engine's word for an init process that it does not have after all.
    func lacksInit() { initProcess.withLock { $0 = false } }

    func request(
        _ method: String, _ path: String, query: [(String, String)], body: JSONValue?, purpose: String
    ) async throws(Failure) -> HTTPRequest {
        let route = try await routes.route()
        let version = try await version(over: route, purpose: purpose)
        let text = query.map { "\($0)=\(Self.escaped($1))" }.joined(separator: "&")
        let url = "\(route.base)/v\(version)\(path)" + (text.isEmpty ? "" : "?" + text)
        var request = HTTPRequest(
            method, url, unixSocket: route.unixSocket, certificates: route.certificates)
        if let body {
            request.headers = [("Content-Type", "application/json")]
            request.body = Array(body.text.utf8)
        } else if method == "POST" {
            request.body = []
        }
        return request
    }

    private func version(over route: EngineRoute, purpose: String) async throws(Failure) -> APIVersion {
        if let version = agreed.withLock({ $0?.version }) { return version }
        let response: HTTPResponse
        do {
            response = try await client.send(
                HTTPRequest(
                    "GET", route.base + "/_ping", unixSocket: route.unixSocket, timeout: TimeSpan(seconds: 30),
                    certificates: route.certificates))
        } catch {
            throw failure(error, purpose: purpose)
        }
        let version = try agree(on: response)
        let isPodman = response.header("Libpod-API-Version") != nil
        agreed.withLock { $0 = (version, isPodman) }
        return version
    }

    private func agree(on response: HTTPResponse) throws(Failure) -> APIVersion {
        guard response.isSuccess, let offered = response.header("Api-Version").flatMap(APIVersion.init) else {
            throw Failure(.infra, "what answers at \(place) (status \(response.status)) is no Docker engine")
        }
        guard offered >= Self.oldest else {
            throw Failure(
                .infra,
                "the Docker engine at \(place) speaks API \(offered), and \(Self.oldest) (Docker 20.10) or newer is "
                    + "needed: update it"
            )
        }
        return min(offered, Self.newest)
    }

    func failure(_ error: HTTPError, purpose: String) -> Failure {
        switch error {
        case .cancelled: Failure(.cancelled, "cancelled")
        case .cannotConnect: Failure(.infra, unreachable() + remark(error))
        case .connectionClosed:
            Failure(
                .infra,
                "the Docker engine at \(place) broke off while \(purpose): see that it runs, then resume\(remark(error))")
        case .timedOut:
            Failure(.infra, "the Docker engine at \(place) did not answer in time while \(purpose)")
        case .bodyTooLarge(let limit):
            Failure(.infra, "the Docker engine at \(place) answered more than \(limit) bytes while \(purpose)")
        case .other(let text), .refusedAddress(let text):
            Failure(.infra, "the Docker engine at \(place) failed while \(purpose): \(text)")
        }
    }

    /// What is known beside it: of a network, why it did not connect; of a tunnel, what ssh said.
    private func remark(_ error: HTTPError) -> String {
        switch routes.address {
        case .success(.tcp): " (\(error.description))"
        case .success(.ssh): routes.complaint.map { " (ssh: \($0))" } ?? ""
        default: ""
        }
    }

    private func unreachable() -> String {
        if case .success(.unix(let path)) = routes.address, access(path, R_OK | W_OK) != 0, errno == EACCES {
            return "no permission to use the Docker engine at \(path): join the socket's group (usually docker), "
                + "or choose --executor process"
        }
        return "no Docker engine answers at \(place): start it, or choose --executor process"
    }

    /// RFC 3986: everything but unreserved characters as %XX.
    static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
