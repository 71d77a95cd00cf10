import Foundation
import ImflowJSON
import Testing

/// A client of the Language Server Protocol that talks to a running `imflow lsp`.
final class EditorClient {
    /// What has gone wrong between the two.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Milliseconds without a word after which a server counts as hung.
    private static let patience: Int32 = 60_000

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var pending = Data()
    private var nextID = 1
    /// Messages that came while others were waited for, in their order.
    private var kept: [JSONValue] = []

    /// Starts the server in `place`.
    init(_ place: Workplace, _ arguments: [String] = []) throws {
        process.executableURL = URL(filePath: Workplace.binary)
        process.arguments = ["lsp"] + arguments
        process.currentDirectoryURL = URL(filePath: place.path)
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    // MARK: - Bytes and messages

    func write(_ bytes: some Sequence<UInt8>) throws { try input.fileHandleForWriting.write(contentsOf: Data(bytes)) }

    static func frame(_ message: JSONValue) -> [UInt8] {
        let body = Array(message.text.utf8)
        return Array("Content-Length: \(body.count)\r\n\r\n".utf8) + body
    }

    func send(_ message: JSONValue) throws { try write(Self.frame(message)) }

    func notify(_ method: String, _ params: JSONValue) throws {
        try send(["jsonrpc": "2.0", "method": .string(method), "params": params])
    }

    /// The next message, as it comes.
    private func receive() throws -> JSONValue {
        while true {
            if let end = pending.firstRange(of: Data("\r\n\r\n".utf8)) {
                let header = String(decoding: pending[pending.startIndex..<end.lowerBound], as: UTF8.self)
                guard let length = Int(header.dropFirst("Content-Length: ".count)) else {
                    throw Failure(description: "bad header: \(header)")
                }
                if pending.endIndex - end.upperBound >= length {
                    let body = pending[end.upperBound..<end.upperBound + length]
                    pending = Data(pending[(end.upperBound + length)...])
                    return try JSONValue.parse(Array(body))
                }
            }
            // A message that never comes fails its test, and does not hold up the others.
            var descriptor = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, Self.patience) > 0 else {
                throw Failure(description: "no message in \(Self.patience) ms; kept: \(kept.suffix(3).map(\.text))")
            }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { throw Failure(description: "the server has closed its output") }
            pending += more
        }
    }

    /// The first message, kept or to come, that is wanted.
    func wait(_ isWanted: (JSONValue) -> Bool) throws -> JSONValue {
        if let index = kept.firstIndex(where: isWanted) { return kept.remove(at: index) }
        while true {
            let message = try receive()
            if isWanted(message) { return message }
            kept.append(message)
        }
    }

    /// The response to a request; the whole message.
    func response(_ id: JSONValue) throws -> JSONValue {
        try wait { $0["method"] == nil && $0["id"] == id }
    }

    @discardableResult
    func send(request method: String, _ params: JSONValue) throws -> JSONValue {
        let id = JSONValue.int(Int64(nextID))
        nextID += 1
        try send(["jsonrpc": "2.0", "id": id, "method": .string(method), "params": params])
        return id
    }

    /// The result of a request. Throws when it is answered by an error.
    @discardableResult
    func request(_ method: String, _ params: JSONValue) throws -> JSONValue {
        let response = try response(try send(request: method, params))
        guard let result = response["result"] else { throw Failure(description: response.text) }
        return result
    }

    /// The code of the error by which a request is answered; nil: it has a result.
    func errorCode(_ method: String, _ params: JSONValue) throws -> Int? {
        try response(try send(request: method, params))["error"]?["code"]?.intValue
    }

    // MARK: - A session

    static let abilities: JSONValue = [
        "textDocument": [
            "publishDiagnostics": ["relatedInformation": true, "tagSupport": ["valueSet": [1, 2]]],
            "documentSymbol": ["hierarchicalDocumentSymbolSupport": true],
            "codeAction": ["codeActionLiteralSupport": ["codeActionKind": ["valueSet": ["quickfix"]]]],
            "hover": ["contentFormat": ["markdown"]], "rename": ["prepareSupport": true],
        ]
    ]

    /// Initializes the session in folders; the server's capabilities.
    @discardableResult
    func start(_ folders: [String] = [], encodings: [String]? = nil) throws -> JSONValue {
        var abilities = Self.abilities.objectValue ?? [:]
        if let encodings { abilities["general"] = ["positionEncodings": .array(encodings.map { .string($0) })] }
        let workspace = folders.map { ["uri": .string(Self.uri($0)), "name": .string($0)] as JSONValue }
        let result = try request(
            "initialize",
            ["processId": nil, "capabilities": .object(abilities), "workspaceFolders": .array(workspace)])
        try notify("initialized", [:])
        return result["capabilities"] ?? .null
    }

    /// Ends the session as an editor does; the program's exit code.
    func end() throws -> Int32 {
        try request("shutdown", nil)
        try notify("exit", nil)
        return exitCode()
    }

    /// Waits for the program's end.
    func exitCode() -> Int32 {
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }

    func closeInput() throws { try input.fileHandleForWriting.close() }

    static func uri(_ path: String) -> String { URL(filePath: path).absoluteString }

    func open(_ path: String, _ text: String, version: Int = 1) throws {
        try notify(
            "textDocument/didOpen",
            [
                "textDocument": [
                    "uri": .string(Self.uri(path)), "languageId": "yaml", "version": .int(Int64(version)),
                    "text": .string(text),
                ]
            ])
    }

    func change(_ path: String, version: Int, _ changes: [JSONValue]) throws {
        try notify(
            "textDocument/didChange",
            [
                "textDocument": ["uri": .string(Self.uri(path)), "version": .int(Int64(version))],
                "contentChanges": .array(changes),
            ])
    }

    /// The diagnostics that are published next for a file; of a version, if one is given.
    func diagnostics(_ path: String, version: Int? = nil) throws -> [JSONValue] {
        let message = try wait { message in
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]?["uri"]?.stringValue == Self.uri(path)
                && (version == nil || message["params"]?["version"]?.intValue == version)
        }
        return message["params"]?["diagnostics"]?.arrayValue ?? []
    }
}

/// A text with a `‸` where the cursor is.
struct Marked {
    var text: String
    /// Of the cursor; characters are UTF-16 units.
    var line: Int
    var character: Int

    init(_ marked: String) {
        let parts = marked.components(separatedBy: "‸")
        text = parts.joined()
        let before = parts[0].utf16.split(separator: 0x0A, omittingEmptySubsequences: false)
        line = before.count - 1
        character = before[line].count
    }

    var position: JSONValue { ["line": .int(Int64(line)), "character": .int(Int64(character))] }

    /// The parameters of a request about the cursor's place.
    func params(_ path: String, _ more: JSONObject = [:]) -> JSONValue {
        let own: JSONObject = ["textDocument": ["uri": .string(EditorClient.uri(path))], "position": position]
        return .object(own.merging(more) { _, new in new })
    }
}
