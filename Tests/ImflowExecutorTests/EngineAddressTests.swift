import FoundationEssentials
import ImflowContent
import ImflowExecution
import ImflowHTTP
import Testing

@testable import ImflowDocker

@Suite final class EngineAddressTests {
    let folder: String

    init() throws { folder = try TemporaryFolder.make("engine-address") }

    deinit { TemporaryFolder.remove(folder) }

    private func chosen(_ variables: [String: String]) -> Result<EngineAddress, Failure> {
        let all = ["DOCKER_CONFIG": folder].merging(variables) { $1 }
        return EngineAddress.chosen { all[$0] }
    }

    private func refusal(_ variables: [String: String]) -> String {
        switch chosen(variables) {
        case .success(let address): return "taken: \(address)"
        case .failure(let failure): return failure.cause == .infra ? failure.message : "\(failure)"
        }
    }

    private func write(_ text: String, to path: String) throws {
        let url = URL(filePath: folder + "/" + path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func context(_ name: String, _ endpoint: String) throws {
        let hash = ContentHash(of: Array(name.utf8)).hex
        try write(
            #"{"Name":"\#(name)","Metadata":{},"Endpoints":{"docker":\#(endpoint)}}"#,
            to: "contexts/meta/\(hash)/meta.json")
    }

    @Test(arguments: [
        ("unix:///run/user/1000/podman.sock", "/run/user/1000/podman.sock"), ("unix://", "/var/run/docker.sock"),
        ("tcp://127.0.0.1:12378", "tcp://127.0.0.1:12378"), ("tcp://", "tcp://localhost:2375"),
        ("tcp://localhost/", "tcp://localhost:2375"), ("tcp://[::1]:99", "tcp://[::1]:99"),
        ("ssh://build", "ssh://build"), ("ssh://ann@10.0.0.7:2222", "ssh://ann@10.0.0.7:2222"),
        ("ssh://ann@build/run/podman/podman.sock", "ssh://ann@build/run/podman/podman.sock"),
    ])
    func addressesAreReadAsDockerWritesThem(text: String, description: String) {
        #expect((try? chosen(["DOCKER_HOST": text]).get())?.description == description)
    }

    @Test(arguments: [
        "npipe:////./pipe/x", "fd://", "docker.sock", "http://127.0.0.1:1", "unix://relative.sock", "tcp://a:b",
        "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:2375/x", "tcp://user@127.0.0.1", "tcp://[::1",
        "tcp://[g]:1", "tcp://127.0.0.1:2375\r\nX: y", "ssh://", "ssh://-oProxyCommand=x", "ssh://-l@h", "ssh://a b",
        "ssh://u@h:22:33", "ssh://u@h/a:b", "ssh://u@/x", "://", "tcp:\u{2F}\u{2F}127.0.0.1:\u{661}",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(refusal(["DOCKER_HOST": text]).contains("cannot be used"))
    }

    @Test func passwordsAreNotRepeated() {
        let message = refusal(["DOCKER_HOST": "ssh://ann:s3cr3t@host"])
        #expect(message.contains("cannot be used") && !message.contains("s3cr3t"))
    }

    @Test func openConnectionsLeadNowhereElseUnlessTold() {
        for host in ["10.0.0.7:2375", "example.com", "127.0.0.1.example.com", "[fe80::1]:2375", "127.1"] {
            #expect(refusal(["DOCKER_HOST": "tcp://\(host)"]).contains("IMFLOW_DOCKER_PLAIN_TCP=1"))
        }
        let told = chosen(["DOCKER_HOST": "tcp://10.0.0.7", "IMFLOW_DOCKER_PLAIN_TCP": "1"])
        #expect(told == .success(.tcp(host: "10.0.0.7", port: 2375, certificates: nil)))
    }

    @Test func certificatesAreThoseOfTheEnvironment() {
        let files = TLSCertificates(authority: "/c/ca.pem", certificate: "/c/cert.pem", key: "/c/key.pem")
        let tls = ["DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/c"]
        #expect(
            chosen(tls.merging(["DOCKER_HOST": "tcp://10.0.0.7"]) { $1 })
                == .success(.tcp(host: "10.0.0.7", port: 2376, certificates: files)))
        #expect(chosen(tls) == .success(.tcp(host: "localhost", port: 2376, certificates: files)))
        guard case .success(.tcp(_, _, let own?)) = chosen(["DOCKER_TLS_VERIFY": "1", "DOCKER_HOST": "tcp://a"]) else {
            Issue.record("no certificates")
            return
        }
        #expect(own.authority == folder + "/ca.pem")
    }

    @Test func contextsAreChosenAsDockerDoes() throws {
        #expect(chosen([:]) == .success(.unix(path: "/var/run/docker.sock")))
        try context("far", #"{"Host":"ssh://ann@far","SkipTLSVerify":false}"#)
        try context("near", #"{"Host":"unix:///near.sock"}"#)
        try write(#"{"currentContext":"near","auths":{}}"#, to: "config.json")
        #expect((try? chosen([:]).get())?.description == "/near.sock")
        #expect((try? chosen(["DOCKER_CONTEXT": "far"]).get())?.description == "ssh://ann@far")
        #expect((try? chosen(["DOCKER_CONTEXT": "default"]).get())?.description == "/var/run/docker.sock")
        let both = chosen(["DOCKER_CONTEXT": "far", "DOCKER_HOST": "unix:///host.sock"])
        #expect((try? both.get())?.description == "/host.sock")
    }

    @Test func contextsBringTheirCertificates() throws {
        try context("secure", #"{"Host":"tcp://10.0.0.9:2376"}"#)
        #expect(refusal(["DOCKER_CONTEXT": "secure"]).contains("open to all"))
        let hash = ContentHash(of: Array("secure".utf8)).hex
        for name in ["ca", "cert", "key"] { try write("", to: "contexts/tls/\(hash)/docker/\(name).pem") }
        let tls = "\(folder)/contexts/tls/\(hash)/docker"
        let files = TLSCertificates(
            authority: tls + "/ca.pem", certificate: tls + "/cert.pem", key: tls + "/key.pem")
        #expect(
            chosen(["DOCKER_CONTEXT": "secure"]) == .success(.tcp(host: "10.0.0.9", port: 2376, certificates: files)))
        try context("blind", #"{"Host":"tcp://10.0.0.9:2376","SkipTLSVerify":true}"#)
        #expect(refusal(["DOCKER_CONTEXT": "blind"]).contains("skips the check"))
    }

    @Test func brokenConfigurationIsNamed() throws {
        #expect(refusal(["DOCKER_CONTEXT": "gone"]).contains("there is no Docker context gone"))
        #expect(refusal(["DOCKER_CONTEXT": "../../x"]).contains("there is no Docker context"))
        try context("empty", "{}")
        #expect(refusal(["DOCKER_CONTEXT": "empty"]).contains("names no engine"))
        try write("{", to: "config.json")
        #expect(refusal([:]).contains("config.json cannot be read: it is no JSON"))
        // An address of one's own needs none of it.
        #expect((try? chosen(["DOCKER_HOST": "unix:///a"]).get()) == .unix(path: "/a"))
    }
}
