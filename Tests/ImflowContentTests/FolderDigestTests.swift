import Glibc
import ImflowExecution
import Testing

@testable import ImflowContent

@Suite("Digests of models")
struct FolderDigestTests {
    private let folder: TemporaryFolder
    private var model: String { folder.path + "/model" }
    private var memo: String { folder.path + "/memo" }

    init() throws {
        folder = try TemporaryFolder()
        for name in ["model", "model/sub", "model/state"] { mkdir(folder.path + "/" + name, 0o755) }
        _ = try folder.file("model/serve.py", Array("print(1)".utf8))
        _ = try folder.file("model/sub/weights", [1, 2, 3])
        symlink("sub/weights", model + "/latest")
    }

    private func listing() throws -> FolderListing {
        try FolderDigest(folder: model, excluding: [model + "/state"], memo: memo).listing()
    }

    private func settle(_ name: String) {
        let old = timespec(tv_sec: 1_000_000, tv_nsec: 0)
        utimensat(AT_FDCWD, model + "/" + name, [old, old], AT_SYMLINK_NOFOLLOW)
    }

    @Test("bytes, names, links and the right to be executed count")
    func whatCounts() throws {
        let before = try listing()
        #expect(Set(before.files.keys) == ["serve.py", "sub/weights", "latest"])
        #expect(before.files["latest"] == "-> sub/weights")
        func expect(_ paths: [String], _ change: () throws -> Void) throws {
            let before = try listing()
            try change()
            let after = try listing()
            #expect(before.digest != after.digest, "\(paths)")
            #expect(before.difference(to: after) == paths)
        }
        try expect(["serve.py"]) { _ = try folder.file("model/serve.py", Array("print(2)".utf8)) }
        try expect(["sub/weights"]) { chmod(model + "/sub/weights", 0o755) }
        try expect(["a", "sub/weights"]) { rename(model + "/sub/weights", model + "/a") }
        try expect(["latest"]) {
            unlink(model + "/latest")
            symlink("a", model + "/latest")
        }
        try expect(["sub/b"]) { _ = try folder.file("model/sub/b", []) }
    }

    @Test("times, and what is made beside a program, do not")
    func whatDoesNotCount() throws {
        let before = try listing()
        settle("serve.py")
        _ = try folder.file("model/state/imflow.db", [1])
        mkdir(model + "/sub/__pycache__", 0o755)
        _ = try folder.file("model/sub/__pycache__/a.pyc", [1])
        mkdir(model + "/.git", 0o755)
        _ = try folder.file("model/.git/HEAD", [1])
        mkfifo(model + "/pipe", 0o600)
        mkdir(model + "/empty", 0o755)
        #expect(try listing() == before)
    }

    @Test("a file that was hashed long after it was written is not read again; one that changed is")
    func memory() throws {
        for name in ["serve.py", "sub/weights"] { settle(name) }
        // The times of the last change of a name cannot be set: they are of this moment, so nothing is remembered yet.
        let first = try listing()
        _ = try listing()
        #expect(try listing() == first)
        for _ in 0..<3 {
            _ = try folder.file("model/serve.py", Array("print(3)".utf8))
            let one = try listing()
            _ = try folder.file("model/serve.py", Array("print(4)".utf8))
            #expect(try listing().difference(to: one) == ["serve.py"])
        }
    }

    @Test("a memory that is damaged is no memory", arguments: ["", "{", #"{"schema":"imflow.file-hashes/v1","files":[]}"#])
    func damagedMemory(text: String) throws {
        let first = try listing()
        _ = try folder.file("memo", Array(text.utf8))
        #expect(try listing() == first)
    }

    @Test("what cannot be read is named")
    func unreadable() throws {
        #expect(throws: ContentError.self) {
            try FolderDigest(folder: folder.path + "/none", excluding: [], memo: memo).listing()
        }
        #expect(throws: ContentError.self) {
            try FolderDigest(folder: model, excluding: [], memo: memo).listing(isCancelled: { true })
        }
        var path = model
        for _ in 0...FolderDigest.depthLimit {
            path += "/d"
            mkdir(path, 0o755)
        }
        let error = #expect(throws: ContentError.self) { try listing() }
        #expect(error?.sentence.contains("deeper") == true)
    }

    @Test("a model that changes has no digest any more in that run")
    func changes() async throws {
        let content = try ContentStore(folder: folder.path + "/cas")
        let models = try ModelContents(content: content, folder: folder.path + "/models", excluding: [])
        let origin = ModelOrigin.folder(model, program: "/bin/sh")
        let digests = try await models.digests(of: origin, model: "m")
        #expect(Set(digests.keys) == ["model", "program"])
        #expect(content.contains(try #require(digests["model"])))
        try await models.requireUnchanged(origin, since: digests, model: "m")
        let other = try ModelContents(content: content, folder: folder.path + "/models", excluding: [])
        #expect(try await other.digests(of: origin, model: "m") == digests)
        _ = try folder.file("model/serve.py", Array("print(2)".utf8))
        let error = await #expect(throws: Failure.self) {
            try await other.requireUnchanged(origin, since: digests, model: "m")
        }
        #expect(error?.message.contains("changed while the job ran") == true)
        await #expect(throws: Failure.self) { try await other.digests(of: origin, model: "m") }
    }
}
