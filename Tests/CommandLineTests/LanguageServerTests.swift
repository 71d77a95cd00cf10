import Foundation
import ImflowJSON
import Testing

/// The life of an `imflow lsp`, and what it makes of bytes that are no messages.
@Suite("Language server: sessions", .onThreads, .timeLimit(.minutes(10)))
struct LanguageServerSessionTests {
    private let place: Workplace

    init() throws { place = try Workplace() }

    private static let manifest = "name: a\nentrypoint: [./run]\nprot: 1\n"

    @Test("a session ends with 0 after shutdown and exit, else with 1")
    func exitCodes() throws {
        let polite = try EditorClient(place)
        let capabilities = try polite.start()
        #expect(capabilities["textDocumentSync"]?["change"] == 2)
        #expect(try polite.end() == 0)

        let hasty = try EditorClient(place, ["--stdio"])
        try hasty.start()
        try hasty.notify("exit", nil)
        #expect(hasty.exitCode() == 1)

        let gone = try EditorClient(place)
        try gone.start()
        try gone.closeInput()
        #expect(gone.exitCode() == 1)

        let closed = try EditorClient(place)
        try closed.start()
        try closed.request("shutdown", nil)
        try closed.closeInput()
        #expect(closed.exitCode() == 0)
    }

    @Test("the life cycle is kept: nothing before initialize, nothing after shutdown")
    func lifecycle() throws {
        let client = try EditorClient(place)
        #expect(try client.errorCode("textDocument/hover", [:]) == -32002)
        // A notification before initialize is dropped; the document is not open later.
        try client.open(place.path + "/model.yaml", Self.manifest)
        try client.start()
        #expect(try client.errorCode("initialize", [:]) == -32600)
        #expect(try client.errorCode("no/such/method", [:]) == -32601)
        #expect(try client.errorCode("textDocument/implementation", [:]) == -32601)
        let hover: JSONValue = [
            "textDocument": ["uri": .string(EditorClient.uri(place.path + "/model.yaml"))],
            "position": ["line": 0, "character": 0],
        ]
        #expect(try client.errorCode("textDocument/hover", hover) == -32602)
        try client.request("shutdown", nil)
        #expect(try client.errorCode("textDocument/hover", hover) == -32600)
        try client.notify("exit", nil)
        #expect(client.exitCode() == 0)
    }

    @Test("bad parameters are answered by an error, and the server lives on")
    func badParameters() throws {
        let client = try EditorClient(place)
        try client.start()
        let path = place.path + "/model.yaml"
        try client.open(path, Self.manifest)
        _ = try client.diagnostics(path, version: 1)
        let uri = JSONValue.string(EditorClient.uri(path))
        let bad: [JSONValue] = [
            nil, [], 1, [:], ["textDocument": 1], ["textDocument": ["uri": uri]],
            ["textDocument": ["uri": uri], "position": ["line": -1, "character": 0]],
            ["textDocument": ["uri": uri], "position": ["line": "0", "character": 0]],
            ["textDocument": ["uri": uri], "position": ["line": 1e300, "character": 0]],
        ]
        let methods = ["hover", "completion", "definition", "references", "prepareRename", "rename"]
        for params in bad {
            for method in methods { #expect(try client.errorCode("textDocument/" + method, params) == -32602) }
        }
        for params in bad.prefix(5) {
            #expect(try client.errorCode("textDocument/documentSymbol", params) == -32602)
            for method in ["didOpen", "didChange", "didClose", "didSave"] {
                try client.notify("textDocument/" + method, params)
            }
        }
        // Changes that make no sense leave the text as it was.
        let far = Int64.max
        try client.change(path, version: 2, [["range": ["start": 1], "text": "x"], ["text": 5]])
        let place = ["line": .int(far), "character": .int(far)] as JSONValue
        try client.change(path, version: 3, [["range": ["start": place, "end": place], "text": "x-end: 1\n"]])
        #expect(try client.diagnostics(path, version: 3).count == 1)
        #expect(try client.end() == 0)
    }

    @Test("what is no message gets an error, and the next message an answer")
    func garbage() throws {
        let client = try EditorClient(place)
        try client.start()
        let garbage: [(bytes: [UInt8], code: Int64)] = [
            (Array("GET / HTTP/1.1\r\n\r\n".utf8), -32700), (Array("Content-Length: x\r\n\r\n".utf8), -32700),
            (Array("Content-Length: 3\r\n\r\n{{{".utf8), -32700), (Array("Content-Length: 0\r\n\r\n".utf8), -32700),
            (Array("Content-Length: 2\r\n\r\n".utf8) + [0xFF, 0xFE], -32700),
            (EditorClient.frame([]), -32600), (EditorClient.frame(["jsonrpc": "1.0", "id": 1, "method": "x"]), -32600),
            (EditorClient.frame(["jsonrpc": "2.0"]), -32600),
            (EditorClient.frame(["jsonrpc": "2.0", "id": [], "method": "x"]), -32600),
            (Array("Content-Length: 3000\r\n\r\n".utf8) + [UInt8](repeating: 0x5B, count: 3000), -32700),
        ]
        for (bytes, code) in garbage {
            try client.write(bytes)
            let answer = try client.response(.null)
            #expect(answer["error"]?["code"] == .int(code), "\(answer.text)")
            #expect(try client.errorCode("no/such/method", nil) == -32601)
        }
        // An answer to a question that nobody asked.
        try client.send(["jsonrpc": "2.0", "id": 7, "result": nil])
        #expect(try client.end() == 0)
    }

    @Test("a client that speaks something else is left")
    func endlessGarbage() throws {
        let client = try EditorClient(place)
        try client.start()
        for _ in 0..<100 { try client.write(Array("Content-Length: no\r\n\r\n".utf8)) }
        #expect(client.exitCode() == 1)
    }

    @Test("a request that waits can be cancelled, and is answered once")
    func cancelling() throws {
        let client = try EditorClient(place)
        try client.start()
        let path = place.path + "/model.yaml"
        try client.open(path, Self.manifest)
        let symbols: JSONValue = ["textDocument": ["uri": .string(EditorClient.uri(path))]]
        func request(_ id: JSONValue) -> [UInt8] {
            EditorClient.frame(
                ["jsonrpc": "2.0", "id": id, "method": "textDocument/documentSymbol", "params": symbols])
        }
        let cancel = EditorClient.frame(["jsonrpc": "2.0", "method": "$/cancelRequest", "params": ["id": "b"]])
        // In one write, so that the server has them together.
        try client.write(request("a") + request("b") + cancel + request("c"))
        #expect(try client.response("b")["error"]?["code"] == -32800)
        #expect(try client.response("a")["result"]?.arrayValue?.count == 3)
        #expect(try client.response("c")["result"]?.arrayValue?.count == 3)
        // Of what is answered, or was never asked, nothing comes.
        for id in ["a", "never"] as [JSONValue] { try client.notify("$/cancelRequest", ["id": id]) }
        #expect(try client.end() == 0)
    }

    @Test("a client that watches files is asked to")
    func watching() throws {
        let client = try EditorClient(place)
        let capabilities: JSONValue = ["workspace": ["didChangeWatchedFiles": ["dynamicRegistration": true]]]
        try client.request("initialize", ["capabilities": capabilities])
        try client.notify("initialized", [:])
        let message = try client.wait { $0["method"] == "client/registerCapability" }
        let registration = message["params"]?["registrations"]?.arrayValue?.first
        #expect(registration?["method"] == "workspace/didChangeWatchedFiles")
        #expect(registration?["registerOptions"]?["watchers"]?.arrayValue?.count == 4)
        try client.send(["jsonrpc": "2.0", "id": message["id"] ?? nil, "result": nil])
        #expect(try client.end() == 0)
    }
}
