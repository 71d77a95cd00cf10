import FoundationEssentials
import Glibc
import ImflowContent
import ImflowExecution
import ImflowJSON

/// A result, or a file that one names, that others can get by its CID.
struct PublishedResult: Hashable {
    /// As a receipt calls it, such as `bd92-e3f1-06`.
    var task: String
    /// The file's, as the result names it; nil: the result itself.
    var name: String?
    var hash: ContentHash
    var cid: String

    init(task: String, name: String?, hash: ContentHash, cid: String) {
        (self.task, self.name, self.hash, self.cid) = (task, name, hash, cid)
    }

    init?(_ json: JSONValue) {
        guard let task = json["task"]?.stringValue, let cid = json["cid"]?.stringValue,
            let hash = json["hash"]?.stringValue.flatMap({ ContentHash(hex: String($0.dropFirst(2))) })
        else { return nil }
        self.init(task: task, name: json["name"]?.stringValue, hash: hash, cid: cid)
    }

    var json: JSONValue {
        var members: JSONObject = ["task": .string(task), "hash": .string(hash.description), "cid": .string(cid)]
        if let name { members["name"] = .string(name) }
        return .object(members)
    }

    var text: String { "ipfs://\(cid)  \(task)\(name.map { " \($0)" } ?? "")" }
}

/// What of a job is published, a line of JSON each: it is written down before anything else is published, so that nothing is
/// twice after a kill.
struct PublishedResults {
    private let path: String

    init(_ folder: StateFolder, job: String) { path = folder.published(job: job) }

    /// In the order in which they were published. A line that was cut off is none.
    func read() -> [PublishedResult] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        var seen: Set<PublishedResult> = []
        return data.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let json = try? JSONValue.parse(Array(line)), let item = PublishedResult(json),
                seen.insert(item).inserted
            else { return nil }
            return item
        }
    }

    /// - Throws: ``CommandFailure`` when it cannot be written down.
    func append(_ item: PublishedResult) throws {
        let folder = URL(filePath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure }
        defer { close(descriptor) }
        // The line before may have been cut off by a kill: an empty one does no harm.
        let line = "\n" + String(decoding: item.json.canonicalBytes(), as: UTF8.self) + "\n"
        do { try Console.writeAll(Array(line.utf8), to: descriptor) } catch { throw failure }
        guard fsync(descriptor) == 0 else { throw failure }
    }

    private var failure: CommandFailure {
        CommandFailure(.infrastructure, "cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
