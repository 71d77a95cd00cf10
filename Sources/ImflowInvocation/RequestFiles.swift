import Glibc
import ImflowContent
import ImflowExecution

/// The files of one request, for protocols that carry bytes and not paths: what was staged is read, and what the model
/// answers in bytes is written. A warm model may write in these folders meanwhile, so every file that is opened must
/// lie in the job's work folder when it is open.
struct RequestFiles: Sendable {
    /// Files of an answer.
    static let writtenLimit = 1000

    let folder: UnitFolder
    let state: StateFolder
    let job: String

    init(of request: WarmRequest) {
        folder = request.folder
        state = request.attempt.state
        job = request.attempt.order.job
    }

    /// The path on this machine of a file that was staged for the request; nil: the text names none.
    func staged(_ text: String) -> String? {
        let prefix = "file://" + folder.guestInput + "/"
        guard text.hasPrefix("file://"), let plain = Self.decoded(text), plain.hasPrefix(prefix) else { return nil }
        let name = plain.dropFirst(prefix.count)
        guard !name.isEmpty, !name.split(separator: "/").contains("..") else { return nil }
        return folder.input + "/" + name
    }

    /// - Parameter limit: most bytes.
    func bytes(of path: String, limit: Int, name: String) throws(Failure) -> [UInt8] {
        guard isOurs(path), let bytes = try WorkFile.contents(of: path, limit: limit, name: name) else {
            throw Failure(.app, "\(name) is not there any more: the model must leave its input alone")
        }
        return bytes
    }

    /// Writes a file beside the request's and answers its URL as the model would tell it.
    func write(_ bytes: [UInt8], named name: String) throws(Failure) -> String {
        let path = folder.path + "/" + name
        guard isOurs(folder.path) else {
            throw Failure(.app, "the model moved its work folder away, and its answer cannot be kept there")
        }
        try WorkFile.write(bytes, to: path)
        return "file://" + folder.guest + "/" + name
    }

    /// Whether the path, links followed, lies in the job's work folder.
    private func isOurs(_ path: String) -> Bool {
        guard let real = Self.real(path), let root = Self.real(state.work(job: job)) ?? Self.real(state.root) else {
            return false
        }
        return real.hasPrefix(root + "/")
    }

    private static func real(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    /// With `%41` as `A` (RFC 3986); nil: that is no text.
    private static func decoded(_ text: String) -> String? {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.first {
            rest = rest.dropFirst()
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
