import Glibc
import ImflowDocker
import ImflowExecution
import ImflowHTTP
import ImflowJSON
import Testing

/// An engine that tests run on, and how they look at it past the code under test.
struct TestEngine: Sendable {
    var address: Result<EngineAddress, Failure>
    /// Put before an image's name where the engine calls it so.
    var imagePrefix = ""

    /// The one that the docker command would use.
    static let usual = TestEngine(address: EngineAddress.chosen())

    static func unix(_ path: String) -> TestEngine { TestEngine(address: .success(.unix(path: path))) }

    var busybox: String { imagePrefix + "imflow-test/busybox:1" }
    var python: String { imagePrefix + "imflow-test/python:3.11" }

    /// - Parameter path: with the API's version.
    func request(_ method: String, _ path: String) throws -> HTTPRequest {
        switch try address.get() {
        case .unix(let socket):
            return HTTPRequest(method, "http://docker/v1.41\(path)", unixSocket: socket)
        case .tcp(let host, let port, let certificates):
            let scheme = certificates == nil ? "http" : "https"
            return HTTPRequest(
                method, "\(scheme)://\(host):\(port)/v1.41\(path)", certificates: certificates)
        case .ssh:
            // It leads to this machine's engine.
            return HTTPRequest(method, "http://docker/v1.41\(path)", unixSocket: EngineAddress.standardSocket)
        }
    }

    var answers: Bool {
        guard case .success(.unix(let path)) = address else { return false }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return DockerBench.withUnixAddress(path) { connect(descriptor, $0, $1) == 0 }
    }
}
