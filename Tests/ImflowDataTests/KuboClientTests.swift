import Foundation
import ImflowContent
import ImflowExecution
import ImflowHTTP
import Testing

@testable import ImflowData

@Suite(.enabled(if: TestServers.hasKubo, "no Kubo here: run Tools/test-servers"), .timeLimit(.minutes(10)))
struct KuboClientTests {
    private let node: KuboNode
    private let kubo: KuboClient
    private let bench: FetchBench

    init() throws {
        node = try KuboNode.shared.get()
        kubo = try KuboClient(environment: ["IMFLOW_IPFS_API": node.api], client: HTTPClient())
        bench = try FetchBench()
    }

    /// The node computes the CID from the same bytes, and it must be the one computed here: an empty file, one block, one
    /// that is just full, two, and more than one node's links.
    @Test(arguments: [0, 1, 262_144, 262_145, 1_000_000, 174 * 262_144 + 1])
    func theNodeAndWeAgree(size: Int) async throws {
        // Zeros are made fast.
        let bytes = size > 2_000_000 ? [UInt8](repeating: 0, count: size) : Self.bytes(size)
        let hash = try bench.content.put(bytes)
        let cid = try await kubo.add(hash, of: bench.content, name: "a \"strange\" näme.bin")
        var builder = UnixFSBuilder(.version0)
        builder.add(bytes[...])
        #expect(builder.finish().text == cid)
        #expect(try await pins().contains(cid))
    }

    @Test func bytesAreAddedAsTheyAre() async throws {
        let cid = try await kubo.add(Array("hello imflow\n".utf8), name: "hello.txt")
        #expect(cid == "QmZYk1R6Ev5SUwgQrpHcrMhCNmZjxzmXhPmFEwdFpWHeAZ")
    }

    @Test func aFileThatIsGoneIsNotAdded() async throws {
        let failure = await failure { _ = try await kubo.add(fileAt: bench.folder + "/nowhere", name: "x") }
        #expect(failure?.message.contains("cannot be read") == true)
    }

    private func pins() async throws -> String {
        let response = try await HTTPClient().send(HTTPRequest("POST", node.api + "/api/v0/pin/ls"))
        return String(decoding: response.body, as: UTF8.self)
    }

    /// Not the same in any two blocks.
    static func bytes(_ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) } }
}

/// Nodes that lie or refuse.
struct FalseKuboTests {
    @Test(arguments: [
        ("{\"Name\":\"x\",\"Hash\":\"bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku\"}", "answered the CID bafkreihd"),
        ("{\"Name\":\"x\",\"Hash\":\"QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH\"}", "whose bytes have the CID Qm"),
        ("{\"Name\":\"x\"}", "answered no CID"), ("<html>", "answered no CID"), ("", "answered no CID"),
    ])
    func anotherCIDIsNotBelieved(answer: String, text: String) async throws {
        let server = try AnswerServer("200 OK", answer)
        let kubo = try KuboClient(environment: ["IMFLOW_IPFS_API": server.url], client: HTTPClient())
        let failure = await failure { _ = try await kubo.add(Array("hello world".utf8), name: "x") }
        #expect(failure?.cause == .infra)
        #expect(failure?.message.contains(text) == true, "\(failure?.message ?? "")")
    }

    /// The CID of version 1 of a file of one block is that of its bytes.
    @Test func theRightOneIs() async throws {
        let cid = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
        let server = try AnswerServer("200 OK", "{\"Name\":\"x\",\"Hash\":\"\(cid)\"}\n")
        let kubo = try KuboClient(environment: ["IMFLOW_IPFS_API": server.url], client: HTTPClient())
        #expect(try await kubo.add(Array("hello world".utf8), name: "x") == cid)
    }

    @Test func aRefusalIsPassedOn() async throws {
        let server = try AnswerServer("500 No", "{\"Message\":\"disk quota exceeded\",\"Code\":0}")
        let kubo = try KuboClient(environment: ["IMFLOW_IPFS_API": server.url], client: HTTPClient())
        let failure = await failure { _ = try await kubo.add([1], name: "x") }
        #expect(failure?.message.contains("refused x with status 500: disk quota exceeded") == true)
    }

    @Test(arguments: ["", "localhost:5001", "ftp://x", "http://", "/ip4/1.2.3.4/udp/1"])
    func itSaysHowToNameANode(text: String) async throws {
        let failure = await failure { _ = try KuboClient(environment: ["IMFLOW_IPFS_API": text], client: HTTPClient()) }
        #expect(failure?.cause == .app)
        #expect(failure?.message.contains("set IMFLOW_IPFS_API to the RPC API of one") == true)
    }

    @Test(arguments: [
        ("/ip4/127.0.0.1/tcp/5001", "http://127.0.0.1:5001"), ("/ip6/::1/tcp/1", "http://[::1]:1"),
        ("/dns/node.example/tcp/443/https", "https://node.example:443"), ("http://h:1/base/", "http://h:1/base"),
    ])
    func endpoints(text: String, url: String) { #expect(ServerURL(text)?.url == url) }
}

/// Answers every request with the same, on a free port of loopback.
final class AnswerServer: Sendable {
    private let process: ServerProcess
    var url: String { "http://127.0.0.1:\(process.ports[0])" }

    init(_ status: String, _ body: String) throws {
        process = try ServerProcess(["-I", "-S", "-c", Self.script, status, body])
    }

    private static let script = """
        import os, sys, threading
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        status, reason = sys.argv[1].split(" ", 1)
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.do_GET()
            def do_GET(self):
                self.send_response(int(status), reason)
                body = sys.argv[2].encode()
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *arguments): pass
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        sys.stdin.read()
        os._exit(0)
        """
}
