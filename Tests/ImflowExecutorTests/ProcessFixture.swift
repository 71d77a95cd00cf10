import Glibc
import ImflowContent
import ImflowData
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowPlan
import ImflowProcess
import ImflowTestKit

/// This machine's processes over a state folder of their own, which goes with the fixture.
final class ProcessFixture: ConformanceFixture {
    let root: String
    let state: StateFolder
    let content: ContentStore
    let host: any ModelHost
    let staging: any InputStaging
    let protocols: Set<CallProtocol> = [.exec, .rest, .jsonl, .oip, .cog]
    let patience = TimeSpan(seconds: 20)

    init() throws {
        root = try TemporaryFolder.make("process")
        state = StateFolder(root: root + "/state")
        try state.create()
        content = try ContentStore(folder: state.content)
        host = ProcessHost(node: "0x" + String(repeating: "ab", count: 20), stateRoot: state.root)
        staging = DataStaging(content: content, fetcher: Fetcher(content: content, client: HTTPClient()))
    }

    deinit { TemporaryFolder.remove(root) }

    func model(running program: ModelProgram) async throws -> ModelPlan {
        let folder = root + "/model-" + String(UInt64.random(in: .min ... .max), radix: 16)
        mkdir(folder, 0o700)
        let interpreter = program.language == .shell ? "sh" : "python3"
        try TemporaryFolder.write(program.source, to: folder + "/program")
        return ModelPlan(
            name: "probe", folder: folder, command: [interpreter, "program"], callProtocol: program.callProtocol,
            port: Int.random(in: 20000..<30000), path: program.callProtocol.defaultPath(of: "probe"),
            health: program.callProtocol.defaultHealth, concurrency: program.concurrency, environment: program.environment)
    }

    func leftovers(of job: String) async throws -> [String] {
        ProcessLedger.commands { $0.contains("IMFLOW_JOB_ID=\(job)") }
    }
}

/// What runs on this machine, read from /proc without any help of what is tested.
enum ProcessLedger {
    /// The process id and command line of each live process whose environment holds.
    static func commands(where holds: ([String]) -> Bool) -> [String] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var found: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard Int(name) != nil, holds(fields(of: "/proc/\(name)/environ")) else { continue }
            found.append(name + " " + fields(of: "/proc/\(name)/cmdline").joined(separator: " "))
        }
        return found
    }

    private static func fields(of path: String) -> [String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        let most = 1 << 18
        let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            count = 0
            while count < most {
                let got = read(descriptor, buffer.baseAddress.map { $0 + count }, most - count)
                guard got > 0 else { break }
                count += got
            }
        }
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Folders of a test's own.
enum TemporaryFolder {
    static func make(_ name: String) throws -> String {
        var template = Array("/tmp/imflow-\(name)-XXXXXX".utf8CString)
        guard let path = template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap(mkdtemp) }) else {
            throw ConformanceViolation("no temporary folder can be made: errno \(errno)")
        }
        return String(cString: path)
    }

    static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw ConformanceViolation("cannot write \(path): errno \(errno)")
        }
    }

    static func remove(_ path: String) {
        if unlink(path) == 0 || rmdir(path) == 0 { return }
        guard let folder = opendir(path) else { return }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        closedir(folder)
        for name in names where name != "." && name != ".." { remove(path + "/" + name) }
        rmdir(path)
    }
}
