import Foundation
import ImflowContent
import ImflowExecution
import ImflowPlan
import Testing

@testable import ImflowData

@Suite(.timeLimit(.minutes(10)))
struct FetchFileTests {
    private let bench: FetchBench

    init() throws { bench = try FetchBench() }

    @Test(arguments: ["file://", "file://localhost", "file:", "FILE://"])
    func storesACopy(prefix: String) async throws {
        let path = try bench.write("some text", "a.v2.txt")
        let reference = try await bench.fetcher.fetch(prefix + path)
        #expect(reference == ContentReference(hash: ContentHash(of: Array("some text".utf8)), name: "a.v2.txt"))
        // The owner's later writing does not reach what is stored.
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.write(contentsOf: Data("OTHER".utf8))
        try handle.close()
        #expect(try bench.content.read(reference.hash, limit: 100) == Array("some text".utf8))
        #expect(try bench.content.verify(reference.hash))
        #expect(try bench.leftovers() == [])
    }

    @Test(arguments: [
        ("a b.txt", "a%20b.txt", "a_b.txt"), ("a b.txt", "a b.txt", "a_b.txt"), ("100%", "100%25", "100_"),
        ("a#b?c.png", "a#b?c.png", "a_b_c.png"), ("grün.wav", "gr%C3%BCn.wav", "gr_n.wav"),
        (".hidden", ".hidden", "hidden"),
    ])
    func namesAreDecodedAndMadeSafe(file: String, url: String, name: String) async throws {
        _ = try bench.write("x", file)
        #expect(try await bench.fetcher.fetch("file://\(bench.folder)/\(url)").name == name)
    }

    @Test func emptyAndLargeFiles() async throws {
        let empty = try bench.write("", "empty.json")
        #expect(try await bench.fetcher.fetch("file://" + empty).hash == ContentHash(of: []))
        let text = String(repeating: "0123456789abcdef", count: 200_001)
        let large = try bench.write(text, "large")
        #expect(try await bench.fetcher.fetch("file://" + large).hash == ContentHash(of: Array(text.utf8)))
    }

    @Test func whatTheKernelMakesUpIsReadWhole() async throws {
        let reference = try await bench.fetcher.fetch("file:///proc/version")
        #expect(try bench.content.read(reference.hash, limit: 10_000).starts(with: "Linux".utf8))
    }

    @Test func aLinkIsFollowed() async throws {
        let path = try bench.write("linked", "real.txt")
        symlink(path, bench.folder + "/link.txt")
        let reference = try await bench.fetcher.fetch("file://\(bench.folder)/link.txt")
        #expect(reference == ContentReference(hash: ContentHash(of: Array("linked".utf8)), name: "link.txt"))
    }

    @Test func whatIsNoFileIsRefused() async throws {
        let folder = bench.folder
        mkfifo(folder + "/pipe", 0o600)
        symlink(folder + "/circle", folder + "/circle")
        let file = try bench.write("x", "file")
        let cases = [
            ("file://\(folder)/none", "does not exist"), ("file://\(file)/x", "is not a folder"),
            ("file://\(folder)", "is a folder"), ("file://\(folder)/pipe", "is a named pipe"),
            ("file:///dev/null", "is a device"), ("file://\(folder)/circle", "in a circle"),
            ("file://\(folder)/\(String(repeating: "x", count: 5000))", "longer than a path may be"),
            ("file://elsewhere/x", "names the machine 'elsewhere'"), ("file://./x", "names the machine '.'"),
            ("file:x", "no absolute path"), ("file://", "no absolute path"),
            ("file:///x%2", "write '%' as %25"), ("file:///x%FF", "write '%' as %25"), ("file:///x%00y", "zero byte"),
        ]
        for (url, text) in cases {
            let failure = await bench.failure(url)
            #expect(failure?.cause == .app, "\(url)")
            #expect(failure?.message.contains(text) == true, "\(url): \(failure?.message ?? "no failure")")
        }
        #expect(try bench.leftovers() == [])
    }

    @Test(.enabled(if: geteuid() != 0, "the superuser may read anything"))
    func whatMayNotBeReadIsRefused() async throws {
        let path = try bench.write("x", "secret")
        chmod(path, 0)
        let failure = await bench.failure("file://" + path)
        #expect(failure?.cause == .app)
        #expect(failure?.message.contains("give it read permission") == true)
    }

    @Test func tooLargeFilesAreRefusedUnread() async throws {
        let path = try bench.write("", "huge")
        truncate(path, 65 << 30)
        let failure = await bench.failure("file://" + path)
        #expect(failure == Failure(.app, "file://\(path) is larger than 64 GiB, the most that is fetched"))
    }

    @Test func cancellingEndsACopy() async throws {
        let path = try bench.write("", "huge")
        truncate(path, 2 << 30)
        let task = Task { [bench] in try await bench.fetcher.fetch("file://" + path) }
        while try bench.leftovers().isEmpty { await Task.yield() }
        task.cancel()
        await #expect(throws: Failure(.cancelled, "it was cancelled")) { _ = try await task.value }
        while try !bench.leftovers().isEmpty { await Task.yield() }
        #expect(try bench.content.all().isEmpty)
    }

    @Test func aFullDiskNamesTheFolder() throws {
        let file = try TemporaryFile(in: bench.content)
        file.fail(ENOSPC)
        #expect(file.failure?.cause == .infra)
        #expect(file.failure?.message.contains("the disk of \(bench.folder)/cas is full") == true)
    }

    /// The system refuses to write beyond a limit, as it does on a full disk.
    @Test func aFileThatCannotBeWrittenIsTheMachinesFault() async {
        await #expect(processExitsWith: .success) {
            let bench = try FetchBench()
            let path = try bench.write(String(repeating: "x", count: 3_000_000), "big")
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let failure = await bench.failure("file://" + path)
            #expect(failure?.cause == .infra)
            #expect(failure?.message.contains("cannot write in \(bench.folder)/cas: file too large") == true)
            #expect(try bench.leftovers() == [])
        }
    }
}
