import Glibc
import ImflowContent
import ImflowData
import ImflowExecution
import ImflowHTTP
import ImflowInvocation
import ImflowPlan
import ImflowProcess
import ImflowTestKit
import Testing

/// This machine's processes over a state folder of their own, which goes with the fixture.
final class ProcessFixture: ConformanceFixture {
    let root: String
    let state: StateFolder
    let content: ContentStore
    let host: any ModelHost
    let staging: any InputStaging
    let protocols: Set<CallProtocol> = [.exec, .rest, .jsonl, .oip, .cog]
    let patience = TimeSpan(seconds: 120)

    /// - Parameter parent: whose children the processes are.
    init(_ parent: ProcessParent = .host) throws {
        root = try TemporaryFolder.make("process")
        state = StateFolder(root: root + "/state")
        try state.create()
        content = try ContentStore(folder: state.content)
        host = ProcessHost(
            node: "0x" + String(repeating: "ab", count: 20), stateRoot: state.root, keeper: parent.keeper)
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
        // Warm instances are no job's; their folders are the fixture's own.
        ProcessLedger.commands { variables in
            variables.contains("IMFLOW_JOB_ID=\(job)")
                || variables.contains { $0.hasPrefix("IMFLOW_WORKDIR=\(state.root)/work/~warm-") }
        }
    }

    func remains() async throws -> [String] {
        ProcessLedger.keepers(of: state.root) + TemporaryFolder.names(in: state.keepers).map { "socket " + $0 }
    }
}

/// Whose children a host's processes are: both hold the same promises.
enum ProcessParent: CaseIterable, CustomTestStringConvertible {
    case host
    case keeper

    var testDescription: String { self == .host ? "of this process" : "of a keeper" }

    /// The program that a host is to start its keeper from: what the build put beside the tests, or `$IMFLOW_BINARY`.
    var keeper: String? { self == .keeper ? Self.program : nil }

    private static let program: String = {
        if let path = getenv("IMFLOW_BINARY") { return String(cString: path) }
        let own = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? "/proc/self/exe"
        guard let real = realpath(own, nil) else { return "imflow" }
        defer { free(real) }
        return String(cString: real).split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/imflow"
    }()
}

/// What runs on this machine, read from /proc without any help of what is tested.
enum ProcessLedger {
    /// The process id and command line of each live process whose environment holds.
    static func commands(where holds: ([String]) -> Bool) -> [String] {
        TemporaryFolder.names(in: "/proc").filter { Int($0) != nil && holds(fields(of: "/proc/\($0)/environ")) }
            .map { $0 + " " + fields(of: "/proc/\($0)/cmdline").joined(separator: " ") }
    }

    /// The keepers of the state folder, as ``commands(where:)`` tells of processes.
    static func keepers(of stateRoot: String) -> [String] {
        let root = realpath(stateRoot, nil)
        defer { free(root) }
        let words = ["keeper", "--state", root.map { String(cString: $0) } ?? stateRoot]
        return TemporaryFolder.names(in: "/proc").filter { Int($0) != nil }.compactMap { name in
            let command = fields(of: "/proc/\(name)/cmdline")
            return Array(command.dropFirst()) == words ? name + " " + command.joined(separator: " ") : nil
        }
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

    /// What the folder holds; nothing when there is none.
    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func remove(_ path: String) {
        if unlink(path) == 0 || rmdir(path) == 0 { return }
        for name in names(in: path) { remove(path + "/" + name) }
        rmdir(path)
    }
}
