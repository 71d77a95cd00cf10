import Foundation
import Glibc
import ImflowJSON
import Testing

/// A client of a unix socket, byte by byte.
final class Client: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let descriptor = descriptor
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if code != 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    deinit { close(descriptor) }

    /// False when the other end has closed.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Everything up to the end. Waits on a thread of its own: those of the tasks are few, and the server's answers need them.
    func receiveAll() async -> String { await onThread { Self.receiveAll($0) } }

    func receive(_ count: Int) async -> String { await onThread { Self.receive($0, count) } }

    private func onThread(_ body: @escaping @Sendable (Int32) -> String) async -> String {
        let descriptor = descriptor
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body(descriptor)) }
        }
    }

    private static func receiveAll(_ descriptor: Int32) -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { return String(decoding: all, as: UTF8.self) }
            all += buffer[..<count]
        }
    }

    private static func receive(_ descriptor: Int32, _ count: Int) -> String {
        var buffer = [UInt8](repeating: 0, count: count)
        let got = recv(descriptor, &buffer, count, Int32(MSG_WAITALL))
        return String(decoding: buffer[..<max(0, got)], as: UTF8.self)
    }

    func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// The status and the body of the answer.
    func answer() async throws -> (status: Int, body: JSONValue) {
        let text = await receiveAll()
        let parts = text.components(separatedBy: "\r\n\r\n")
        let status = try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) }, "\(text)")
        return (status, try JSONValue.parse(try #require(parts.last)))
    }
}

/// A folder for a socket; gone when the test is.
final class Place: Sendable {
    let path = FileManager.default.temporaryDirectory.path + "/imflow-api-" + UUID().uuidString.prefix(8)

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var socket: String { path + "/s" }
}
