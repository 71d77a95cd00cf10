import ImflowContent
import ImflowExecution
import Testing

@testable import ImflowData

/// What URLs of an input may not lead to. The server listens on 127.0.0.1 only.
@Suite(.timeLimit(.minutes(10)))
struct FetchGuardTests {
    private static let started = Result { try FetchServer() }
    private let server: FetchServer

    init() throws { server = try Self.started.get() }

    /// However the address is written: what counts is where the connection would go.
    @Test(arguments: [
        "127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "0", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[fe80::1]", "[fc00::1]", "[64:ff9b::7f00:1]",
    ])
    func privateAddressesAreRefused(host: String) async throws {
        let bench = try FetchBench(allowed: PrivateAddresses())
        let failure = try #require(await bench.failure("http://\(host):\(server.port)/bytes/1/guarded"))
        #expect(failure.cause == .app)
        #expect(failure.message.contains("leads to the private address "), "\(failure.message)")
        #expect(failure.message.contains("--allow-private"))
        #expect(try await server.hits("/bytes/1/guarded") == 0)
    }

    @Test(arguments: ["http", "ipfs", "s3"])
    func whatStaysOffTheNetworkAsksNobody(scheme: String) async throws {
        let bench = try FetchBench(
            environment: ["IMFLOW_IPFS_GATEWAY": server.url("/offline")], reachesNetwork: false)
        let url = scheme == "http" ? server.url("/bytes/1/offline") : "\(scheme)://offline/bytes"
        let failure = try #require(await bench.failure(url))
        #expect(failure.cause == .infra)
        #expect(failure.message.contains("is on the network, which is not to be used here"), "\(failure.message)")
        #expect(try await server.hits("/bytes/1/offline") == 0)
        #expect(bench.content.size(of: try await bench.fetcher.fetch("data:,abc").hash) == 3)
    }

    @Test(arguments: ["all", "127.0.0.1", "127.0.0.0/8", "10.0.0.0/8, localhost"])
    func whatIsAllowedIsFetched(text: String) async throws {
        let bench = try FetchBench(allowed: try PrivateAddresses(text))
        #expect(bench.content.size(of: try await bench.fetcher.fetch(server.url("/bytes/5/allowed")).hash) == 5)
    }

    @Test(arguments: [
        ("http://127.0.0.2:1/x", "leads to the private address 127.0.0.2"),
        ("http://169.254.169.254/latest/meta-data", "leads to the private address 169.254.169.254"),
        ("file:///etc/passwd", "redirected to a URL that is no http or https URL"),
        ("gopher://127.0.0.1/x", "redirected to a URL that is no http or https URL"),
    ])
    func redirectsAreGuardedToo(target: String, text: String) async throws {
        let bench = try FetchBench(allowed: try PrivateAddresses("127.0.0.1"))
        let encoded = target.replacing("/", with: "%2F")
        let failure = try #require(await bench.failure(server.url("/to/x?" + encoded)))
        #expect(failure.cause == .app)
        #expect(failure.message.contains(text), "\(failure.message)")
    }

    @Test func credentialsStayWithTheirHost() async throws {
        let bench = try FetchBench()
        let own = "http://user:word@127.0.0.1:\(server.port)"
        _ = try await bench.fetcher.fetch(own + "/to/a?/bytes/1/same-host")
        #expect(try await server.heads("/bytes/1/same-host") == ["- - Basic dXNlcjp3b3Jk"])
        _ = try await bench.fetcher.fetch(own + "/to/b?http://localhost:\(server.port)/bytes/1/other-host")
        #expect(try await server.heads("/bytes/1/other-host") == ["- - -"])
    }

    @Test(arguments: ["10.0.0.0/33", "1.2.3", "a b/c", "fe80::/129", "http://x", "*"])
    func whatIsNoAddress(text: String) { #expect(throws: PrivateAddresses.Mistake.self) { try PrivateAddresses(text) } }
}
