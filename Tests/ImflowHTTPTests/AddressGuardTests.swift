import Glibc
import Testing

@testable import ImflowHTTP

struct AddressGuardTests {
    @Test(arguments: [
        "0.0.0.0", "0.255.1.1", "10.0.0.0", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1",
        "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1",
        "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::",
        "2002:a00:1::1", "100::1",
    ])
    func privateOnes(text: String) throws { #expect(try #require(NetworkAddress(text)).isPrivate) }

    @Test(arguments: [
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1", "169.253.1.1",
        "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255", "2001:4860:4860::8888",
        "::ffff:8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1",
    ])
    func publicOnes(text: String) throws { #expect(try !#require(NetworkAddress(text)).isPrivate) }

    @Test func ranges() throws {
        let range = try #require(AddressRange("172.16.0.0/12"))
        #expect(range.contains(try #require(NetworkAddress("172.31.0.1"))))
        #expect(range.contains(try #require(NetworkAddress("::ffff:172.16.0.1"))))
        #expect(!range.contains(try #require(NetworkAddress("172.32.0.0"))))
        #expect(try #require(AddressRange("fd00::/8")).contains(try #require(NetworkAddress("fd12::1"))))
        #expect(try #require(AddressRange("10.0.0.1")).contains(try #require(NetworkAddress("10.0.0.1"))))
        for text in ["", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/33", "::/129", "x/8", "10.0.0/8"] {
            #expect(AddressRange(text) == nil, "\(text)")
        }
        #expect(AddressGuard(ranges: [try #require(AddressRange("10.0.0.0/8"))]).allows(try #require(NetworkAddress("10.1.1.1"))))
        #expect(!AddressGuard().allows(try #require(NetworkAddress("10.1.1.1"))))
        #expect(AddressGuard(names: ["localhost"]).allows(try #require(NetworkAddress("127.0.0.1"))))
    }

    @Test(arguments: [
        ("http://proxy.example:3128", "proxy.example"), ("proxy:8080/", "proxy"), ("http://u:p@[::1]:1/x", "[::1]"),
        ("https://a.b", "a.b"),
    ])
    func hosts(url: String, host: String) {
        #expect(AddressGuard.host(ofURL: url) == host)
        #expect(AddressGuard.proxyHosts(["https_proxy": url]) == [host])
    }

    /// An address that is refused is never connected to.
    @Test func nobodyIsConnectedTo() async throws {
        let server = try ScriptedServer { connection, _ in connection.answerAll("x") }
        let client = HTTPClient()
        let outcome = await failure { () throws(HTTPError) in
            try await client.send(HTTPRequest("GET", server.url("/"), addresses: AddressGuard()))
        }
        #expect(outcome == .refusedAddress("127.0.0.1"))
        #expect(server.accepted == 0)
        server.stop()
    }

    @Test func aFormIsSentFromAFile() async throws {
        let folder = try TemporaryFolder()
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        _ = try #require(FileWriter.write(bytes, to: folder("f")))
        let server = try ScriptedServer { connection, _ in
            guard let request = connection.readRequest() else { return }
            connection.answer(request.body, headers: "X-Type: \(request.headers["content-type"] ?? "")\r\n")
        }
        let form = HTTPForm(fileName: "a \"b\".bin", content: .file(folder("f")))
        let response = try await HTTPClient().send(HTTPRequest("POST", server.url("/"), form: form))
        #expect(response.header("X-Type")?.hasPrefix("multipart/form-data; boundary=") == true)
        #expect(response.body.count > bytes.count)
        let start = try #require(response.body.firstRange(of: Array("\r\n\r\n".utf8)))
        #expect(Array(response.body[start.upperBound...].prefix(bytes.count)) == bytes)
        server.stop()
    }
}

private enum FileWriter {
    static func write(_ bytes: [UInt8], to path: String) -> Int? {
        guard let file = fopen(path, "w") else { return nil }
        defer { fclose(file) }
        return fwrite(bytes, 1, bytes.count, file)
    }
}
