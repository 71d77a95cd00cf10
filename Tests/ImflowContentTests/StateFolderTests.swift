import Glibc
import ImflowContent
import Testing

@Suite struct StateFolderTests {
    @Test func pathsLieBelowTheRoot() {
        let state = StateFolder(root: "/var/lib/imflow/")
        #expect(state.database == "/var/lib/imflow/imflow.db")
        #expect(state.content == "/var/lib/imflow/cas")
        #expect(state.nodeKey == "/var/lib/imflow/node.key")
        #expect(state.work(job: "bd92-e3f1") == "/var/lib/imflow/work/bd92-e3f1")
        #expect(
            state.attemptFolder(job: "bd92-e3f1", task: "words-07", attempt: 2)
                == "/var/lib/imflow/work/bd92-e3f1/words-07.2")
        #expect(
            state.log(job: "bd92-e3f1", task: "outer.inner", attempt: 1)
                == "/var/lib/imflow/logs/bd92-e3f1/outer.inner.1.log")
    }

    @Test(arguments: ["..", ".", "", "a/b", "../../etc", ".hidden", "a\0b", "ö"])
    func hostileNamesStayBelowTheRoot(name: String) {
        let state = StateFolder(root: "/s")
        for path in [state.work(job: name), state.logs(job: name)] {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            #expect(parts.count == 4)
            #expect(!parts[3].isEmpty && !parts[3].hasPrefix(".") && !parts[3].utf8.contains(0))
        }
        #expect(state.attemptFolder(job: "j", task: name, attempt: 1).split(separator: "/").count == 4)
    }

    @Test func theFolderIsMadeForItsOwnerOnly() throws {
        let folder = try TemporaryFolder()
        let state = StateFolder(root: folder.path + "/a/b/c")
        try state.create()
        try state.create()
        #expect(try #require(status(state.root)).st_mode & 0o7777 & ~S_IFMT == 0o700)
    }

    @Test func aFileInItsPlaceIsSaid() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("state", [])
        let error = #expect(throws: ContentError.self) { try StateFolder(root: path).create() }
        #expect(error?.sentence.contains("not a folder") == true)
        #expect(throws: ContentError.self) { try StateFolder(root: path + "/below").create() }
    }
}
