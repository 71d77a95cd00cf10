import ImflowDiagnostics
import Synchronization
import Testing

@testable import ImflowCompiler

/// A disk that tests change, and that counts what is read.
private final class ChangingFiles: FileReader {
    private let files: Mutex<MemoryFiles>
    private let counts = Mutex<[String: Int]>([:])

    init(_ files: MemoryFiles) { self.files = Mutex(files) }

    var currentFolder: String { files.withLock { $0.currentFolder } }

    func write(_ path: String, _ text: String?) { files.withLock { $0.files[path] = text.map { Array($0.utf8) } } }

    /// How often each file was read since the last call.
    func takeCounts() -> [String: Int] {
        counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
    }

    private var snapshot: MemoryFiles { files.withLock { $0 } }

    func read(_ path: String) throws(FileProblem) -> [UInt8] {
        counts.withLock { $0[path, default: 0] += 1 }
        return try snapshot.read(path)
    }

    func readStandardInput() throws(FileProblem) -> [UInt8] { [] }
    func kind(of path: String) -> FileKind? { snapshot.kind(of: path) }
    func entries(of folder: String) throws(FileProblem) -> [FileEntry] { try snapshot.entries(of: folder) }
    func identity(of path: String) -> String { path }
}

@Suite("Check sessions")
struct CheckSessionTests {
    private static let model = "name: asr\nentrypoint: [./run]\n"
    private static let pipeline = "name: p\nchained_models:\n  - model_id: asr\n"

    private static func session(_ files: [String: String]) -> (CheckSession, ChangingFiles) {
        let disk = ChangingFiles(MemoryFiles(files))
        return (CheckSession(disk), disk)
    }

    private static func codes(_ session: inout CheckSession, _ path: String) -> [String] {
        session.check(path).own.map(\.code.id)
    }

    @Test(
        "says what a check of the file says, for every file of the corpus",
        arguments: ["ok", "err", "examples", "lower"].flatMap { Corpus.cases($0) })
    func agreesWithCheck(_ corpusCase: Corpus.Case) {
        let files = corpusCase.files
        var session = CheckSession(files)
        let paths = files.files.keys.filter {
            FileNames.isManifest(PathText.last($0)) || FileNames.isJob(PathText.last($0))
        }
        for path in paths.sorted() {
            let report = session.check(path)
            let expected = Compiler(files).check([PathText.shown(path, from: "/repo")]).diagnostics
            let said = (report.own + report.elsewhere).sortedForReport()
            #expect(said.map(Self.line) == expected.map(Self.line), "\(path)")
            // A text that is shown as it is on the disk changes nothing.
            session.show(files.files[path], at: path)
            #expect(session.check(path).own.map(Self.line) == report.own.map(Self.line), "\(path)")
            session.show(nil, at: path)
        }
    }

    private static func line(_ diagnostic: Diagnostic) -> String {
        "\(diagnostic.primary.span) \(diagnostic.code) \(diagnostic.severity) \(diagnostic.headline) "
            + "\(diagnostic.fixes.count)"
    }

    @Test("a name that changes in an open text is found at once, and the disk's when it is closed")
    func overlays() {
        var (session, _) = Self.session(["models/asr/model.yaml": Self.model, "p/model.yaml": Self.pipeline])
        #expect(Self.codes(&session, "/repo/p/model.yaml").isEmpty)
        session.show(Array("name: other\nentrypoint: [./run]\n".utf8), at: "/repo/models/asr/model.yaml")
        #expect(Self.codes(&session, "/repo/p/model.yaml") == ["IMF0201"])
        session.show(nil, at: "/repo/models/asr/model.yaml")
        #expect(Self.codes(&session, "/repo/p/model.yaml").isEmpty)
        // A manifest that was never saved, in a folder that is not there.
        session.show(Array("name: new\nentrypoint: [./run]\n".utf8), at: "/repo/models/new/deep/model.yaml")
        session.show(Array("name: p\nchained_models:\n  - model_id: new\n".utf8), at: "/repo/p/model.yaml")
        #expect(Self.codes(&session, "/repo/p/model.yaml").isEmpty)
    }

    @Test("what has changed is read again, and nothing else")
    func reads() {
        var models: [String: String] = ["p/model.yaml": Self.pipeline]
        for index in 0..<20 { models["models/m\(index)/model.yaml"] = "name: m\(index)\nentrypoint: [./run]\n" }
        models["models/asr/model.yaml"] = Self.model
        var (session, disk) = Self.session(models)
        #expect(Self.codes(&session, "/repo/p/model.yaml").isEmpty)
        #expect(disk.takeCounts().values.allSatisfy { $0 == 1 })
        for number in 0..<5 {
            session.show(Array((Self.pipeline + "    priority: \(number)\n").utf8), at: "/repo/p/model.yaml")
            #expect(Self.codes(&session, "/repo/p/model.yaml").isEmpty)
        }
        #expect(disk.takeCounts().isEmpty)
        disk.write("/repo/models/asr/model.yaml", "name: asr\nprot: 1\n")
        let before = session.check("/repo/p/model.yaml").elsewhere
        #expect(before.isEmpty)
        session.diskChanged(["/repo/models/asr/model.yaml"])
        let after = session.check("/repo/p/model.yaml").elsewhere
        #expect(after.map(\.code.id).contains("IMF0101"))
        #expect(disk.takeCounts() == ["/repo/models/asr/model.yaml": 1])
    }

    @Test("files come and go on the disk")
    func disk() {
        var (session, disk) = Self.session(["p/model.yaml": Self.pipeline])
        #expect(Self.codes(&session, "/repo/p/model.yaml") == ["IMF0201"])
        disk.write("/repo/models/asr/model.yaml", Self.model)
        session.diskChanged(["/repo/models/asr/model.yaml"])
        #expect(Self.codes(&session, "/repo/p/model.yaml").isEmpty)
        let listed = session.files(in: "/repo")
        #expect(listed == ["/repo/models/asr/model.yaml", "/repo/p/model.yaml"])
        disk.write("/repo/models/asr/model.yaml", nil)
        session.forgetAll()
        #expect(Self.codes(&session, "/repo/p/model.yaml") == ["IMF0201"])
        let gone = session.file("/repo/models/asr/model.yaml")
        #expect(gone?.source.name == nil)
    }

    @Test("references, and the manifests that can be named")
    func references() {
        var (session, _) = Self.session([
            "models/asr/model.yaml": Self.model, "models/b/model.yaml": "name: b\nmulti_node: {reducer: asr}\n",
            "p/model.yaml": Self.pipeline, "p/x.job.json": "{\"model\": \"p\"}",
        ])
        let names = session.manifests(from: "/repo/p").map(\.name)
        #expect(names == ["p", "asr", "b"])
        let reducing = session.file("/repo/models/b/model.yaml")
        #expect(reducing?.references.map(\.value.id) == ["asr"])
        let job = session.file("/repo/p/x.job.json")
        #expect(job?.references.map(\.value.id) == ["p"])
        let root = session.repository(of: "/repo/p/x.job.json")
        #expect(root == "/repo")
    }
}
