package import ImflowCompiler
import ImflowJSON

/// A language server: bytes of the Language Server Protocol 3.17 in, bytes out. It reads only through its
/// ``FileReader``, and does nothing by itself: ``step()`` carries out one thing at a time.
package struct LanguageServer {
    private enum Phase { case fresh, running, shutDown }

    /// More messages than this do not wait; the client's next ones are read when some are answered.
    package static let maximumQueue = 10_000
    /// Open documents; more are not looked at.
    package static let maximumDocuments = 2000
    /// So much that is no frame, and the other side speaks another language.
    private static let maximumMalformed = 100

    private let version: String
    private var phase = Phase.fresh
    private var frames = FrameReader()
    private var queue: [RPCMessage] = []
    private var malformed = 0
    private var output: [UInt8] = []

    var client = ClientAbilities()
    var session: CheckSession
    /// By URI.
    var documents: [String: Document] = [:]
    /// URIs of open documents, the last changed last.
    var recent: [String] = []
    /// Absolute paths of the workspace's folders.
    var folders: [String] = []
    /// What was told of each URI, less the version.
    var told: [String: JSONValue] = [:]
    /// For each open document the errors that it sees in files which are not open, by their paths.
    var elsewhere: [String: [String: JSONValue]] = [:]

    /// The program's exit code, once the client has ended the session.
    package private(set) var exitCode: Int32?

    /// - Parameters:
    ///   - loop: how the reading of many files is spread.
    ///   - version: imflow's own.
    package init(
        _ reader: any FileReader, options: CompileOptions, loop: @escaping ParallelLoop = serialLoop, version: String
    ) {
        session = CheckSession(reader, options: options, loop: loop)
        self.version = version
    }

    // MARK: - The two ends

    /// Whether more input is welcome.
    package var wantsInput: Bool {
        exitCode == nil && queue.count < Self.maximumQueue && frames.pendingBytes <= 2 * FrameReader.maximumBody
    }

    /// Whether ``step()`` has something to do.
    package var isBusy: Bool { exitCode == nil && (!queue.isEmpty || nextUntold != nil) }

    /// What is to be sent, once.
    package mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// The other side is gone. Without `shutdown` and `exit` before, that is an error.
    package mutating func inputEnded() { exitCode = exitCode ?? (phase == .shutDown ? 0 : 1) }

    /// Takes what was read.
    package mutating func receive(_ bytes: some Sequence<UInt8>) {
        frames.append(bytes)
        while let frame = frames.next() {
            switch frame {
            case .malformed(let problem):
                malformed += 1
                send(RPCMessage.failure(id: .null, RPCError(.parseError, problem)))
                if malformed >= Self.maximumMalformed {
                    exitCode = 1
                    return
                }
            case .body(let body):
                do throws(RPCError) {
                    enqueue(try RPCMessage(body))
                } catch {
                    send(RPCMessage.failure(id: .null, error))
                }
            }
        }
    }

    /// A request that waits is withdrawn at once; one that is answered already stays answered.
    private mutating func enqueue(_ message: RPCMessage) {
        guard case .notification("$/cancelRequest", let params) = message else { return queue.append(message) }
        let found = queue.firstIndex { waiting in
            if case .request(let id, _, _) = waiting { id == params["id"] } else { false }
        }
        guard let found, case .request(let id, _, _) = queue[found] else { return }
        queue.remove(at: found)
        send(RPCMessage.failure(id: id, RPCError(.requestCancelled, "the client has cancelled the request")))
    }

    /// Carries out the next message, or, when none waits, one check of a document that has changed.
    package mutating func step() {
        guard !queue.isEmpty else {
            if let uri = nextUntold { tell(uri) }
            return
        }
        switch queue.removeFirst() {
        case .request(let id, let method, let params):
            do throws(RPCError) {
                let result = try answer(method, params)
                send(RPCMessage.response(id: id, result))
            } catch {
                send(RPCMessage.failure(id: id, error))
            }
        case .notification(let method, let params): take(method, params)
        case .response: break
        }
    }

    mutating func send(_ message: JSONValue) { output += RPCMessage.frame(message) }

    /// Tells the person something that no answer can.
    mutating func log(_ message: String) {
        send(RPCMessage.notification("window/logMessage", ["type": 2, "message": .string(message)]))
    }

    // MARK: - The life of a session

    private mutating func answer(_ method: String, _ params: JSONValue) throws(RPCError) -> JSONValue {
        switch phase {
        case .fresh:
            guard method == "initialize" else {
                throw RPCError(.serverNotInitialized, "the first request is `initialize`")
            }
            return initialize(params)
        case .shutDown: throw RPCError(.invalidRequest, "the server is shut down")
        case .running: break
        }
        switch method {
        case "initialize": throw RPCError(.invalidRequest, "the server is initialized already")
        case "shutdown":
            phase = .shutDown
            return .null
        default: return try answerFeature(method, params)
        }
    }

    private mutating func take(_ method: String, _ params: JSONValue) {
        if method == "exit" {
            exitCode = phase == .shutDown ? 0 : 1
            return
        }
        guard phase == .running else { return }
        if method == "initialized" { return watchFiles() }
        takeChange(method, params)
    }

    private mutating func initialize(_ params: JSONValue) -> JSONValue {
        phase = .running
        client = ClientAbilities(params["capabilities"])
        folders = (params["workspaceFolders"]?.arrayValue ?? []).compactMap { folder($0["uri"]) }
        if folders.isEmpty { folders = [folder(params["rootUri"])].compactMap { $0 } }
        return [
            "serverInfo": ["name": "imflow", "version": .string(version)],
            "capabilities": [
                "positionEncoding": .string(client.encoding.rawValue),
                "textDocumentSync": ["openClose": true, "change": 2, "save": true],
                "hoverProvider": true,
                "completionProvider": ["triggerCharacters": [" ", "\"", "@", "[", ","]],
                "definitionProvider": true,
                "referencesProvider": true,
                "documentSymbolProvider": true,
                "documentFormattingProvider": true,
                "codeActionProvider": ["codeActionKinds": ["quickfix"]],
                "renameProvider": client.preparesRenames ? ["prepareProvider": true] : true,
                "workspace": ["workspaceFolders": ["supported": true, "changeNotifications": true]],
            ],
        ]
    }

    func folder(_ uri: JSONValue?) -> String? {
        uri?.stringValue.flatMap(DocumentURI.path).map { session.identity(of: $0) }
    }

    /// Asks the client to tell of manifests and jobs that change on the disk.
    private mutating func watchFiles() {
        guard client.watchesFiles else { return }
        let globs = ["**/{model,imflow}.yaml", "**/*.imflow.yaml", "**/{job,*.job}.{json,yaml}", "**/.imflow.yaml"]
        let watchers = globs.map { ["globPattern": .string($0)] as JSONValue }
        let registration: JSONValue = [
            "id": "imflow-files", "method": "workspace/didChangeWatchedFiles",
            "registerOptions": ["watchers": .array(watchers)],
        ]
        send(
            RPCMessage.request(
                id: "imflow-1", "client/registerCapability", ["registrations": .array([registration])]))
    }
}
