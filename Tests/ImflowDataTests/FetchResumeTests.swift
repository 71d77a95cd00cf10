import Foundation
import ImflowContent
import ImflowExecution
import ImflowPlan
import Synchronization
import Testing

@testable import ImflowData

/// Downloads that break off, and those that others wait for.
@Suite(.timeLimit(.minutes(10)))
struct FetchResumeTests {
    private static let started = Result { try FetchServer() }

    private let server: FetchServer
    private let bench: FetchBench

    init() throws {
        server = try Self.started.get()
        bench = try FetchBench()
    }

    private static let bytes = (0..<90_000).map { UInt8($0 % 251) }

    @Test(arguments: ["tag", "date"])
    func theRestIsAskedFor(kind: String) async throws {
        let path = "/break/\(kind)/2/90000/f.bin"
        let reference = try await bench.fetcher.fetch(server.url(path))
        #expect(try bench.content.read(reference.hash, limit: 1 << 20) == Self.bytes)
        let validator = kind == "tag" ? "\"v1\"" : "Sat, 21 Nov 2026 10:00:00 GMT"
        #expect(
            try await server.heads(path) == ["- - -", "bytes=30000- \(validator) -", "bytes=50000- \(validator) -"])
        #expect(try bench.leftovers() == [])
    }

    /// A file that changed, one of which nobody says whether it did, and an answer that does not fit: all of it comes anew.
    @Test(arguments: [("changes", 2), ("none", 2), ("weak", 2), ("astray", 3)])
    func nothingIsMixed(kind: String, requests: Int) async throws {
        let path = "/break/\(kind)/1/90000/f.bin"
        let reference = try await bench.fetcher.fetch(server.url(path))
        let expected = kind == "changes" ? Self.bytes.reversed() : Self.bytes
        #expect(try bench.content.read(reference.hash, limit: 1 << 20) == expected)
        let heads = try await server.heads(path)
        #expect(heads.count == requests)
        if kind == "none" || kind == "weak" { #expect(heads[1] == "- - -") }
    }

    @Test func aDownloadThatGetsOnIsNotGivenUp() async throws {
        // The first try brings a third, which is more than 4 MiB: it does not count.
        let bench = try FetchBench(limits: FetchLimits(tries: 1))
        let path = "/break/tag/1/15000000/f.bin"
        let reference = try await bench.fetcher.fetch(server.url(path))
        #expect(bench.content.size(of: reference.hash) == 15_000_000)
        #expect(try await server.hits(path) == 2)
    }

    /// What one process leaves of a download another goes on with.
    @Test func aFetcherThatEndedHandsOver() async throws {
        let shared = bench.folder + "/shared"
        let path = "/break/tag/4/90000/f.bin"
        let first = try FetchBench(limits: FetchLimits(tries: 1), shared: shared)
        let failure = try #require(await first.failure(server.url(path)))
        #expect(failure.cause == .infra)
        let second = try FetchBench(shared: shared)
        let reference = try await second.fetcher.fetch(server.url(path))
        #expect(try second.content.read(reference.hash, limit: 1 << 20) == Self.bytes)
        #expect(try await server.heads(path)[1] == "bytes=30000- \"v1\" -")
        #expect(try FileManager.default.contentsOfDirectory(atPath: shared + "/partial") == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: shared + "/flights") == [])
    }

    /// A file that was whole when its process ended is asked about, not believed.
    @Test func aWholeFileIsConfirmed() async throws {
        let shared = bench.folder + "/shared"
        let path = "/break/tag/0/90000/f.bin"
        let key = ContentHash(of: Array(server.url(path).utf8))
        let folder = try FetchFolder(shared)
        _ = FileManager.default.createFile(atPath: folder.partialPath(key), contents: Data(Self.bytes))
        _ = FileManager.default.createFile(
            atPath: folder.partialPath(key) + ".version", contents: Data("{\"total\":90000,\"validator\":\"\\\"v1\\\"\"}".utf8))
        let bench = try FetchBench(shared: shared)
        let reference = try await bench.fetcher.fetch(server.url(path))
        #expect(try bench.content.read(reference.hash, limit: 1 << 20) == Self.bytes)
        #expect(try await server.heads(path) == ["bytes=89999- \"v1\" -"])
    }

    /// Held as by another process: who waits takes what that one brought, and asks no server.
    @Test func anotherProcesssFetchIsWaitedFor() async throws {
        let shared = bench.folder + "/shared"
        let bench = try FetchBench(shared: shared)
        let folder = try FetchFolder(shared)
        let path = "/bytes/10/waited"
        let key = ContentHash(of: Array(server.url(path).utf8))
        let old = ContentReference(hash: try bench.content.put(Array("old".utf8)), name: "x")
        folder.write(old, for: key)
        let flight = try #require(try folder.flight(key))
        let url = server.url(path)
        let task = try await waiting(shared, key) { try await bench.fetcher.fetch(url) }
        let new = ContentReference(hash: try bench.content.put(Array("new".utf8)), name: "x")
        folder.write(new, for: key)
        flight.end()
        #expect(try await task.value == new)
        #expect(try await server.hits(path) == 0)
        // What was there before anybody asked is no answer.
        #expect(bench.content.size(of: try await bench.fetcher.fetch(url).hash) == 10)
    }

    @Test func aProcessThatEndsWithoutAFileIsReplaced() async throws {
        let shared = bench.folder + "/shared"
        let bench = try FetchBench(shared: shared)
        let folder = try FetchFolder(shared)
        let path = "/bytes/20/replaced"
        let url = server.url(path)
        let key = ContentHash(of: Array(url.utf8))
        folder.write(ContentReference(hash: try bench.content.put([1]), name: "x"), for: key)
        let flight = try #require(try folder.flight(key))
        let task = try await waiting(shared, key) { try await bench.fetcher.fetch(url) }
        flight.end()
        #expect(bench.content.size(of: try await task.value.hash) == 20)
        #expect(try await server.hits(path) == 1)
    }

    /// Starts `work` and returns once it has looked at the note of the key, which counts as a use.
    private func waiting(
        _ shared: String, _ key: ContentHash, _ work: @escaping @Sendable () async throws -> ContentReference
    ) async throws -> Task<ContentReference, any Error> {
        let path = shared + "/notes/" + key.hex
        let long = Date(timeIntervalSince1970: 1_000_000_000)
        try FileManager.default.setAttributes([.modificationDate: long], ofItemAtPath: path)
        let task = Task { try await work() }
        while try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date == long {
            await Task.yield()
        }
        return task
    }

    @Test func longDownloadsAreToldOf() async throws {
        let reporter = FetchReporter(interval: .zero)
        let lines = Mutex<[String]>([])
        reporter.report { report in lines.withLock { $0.append(report.line) } }
        let bench = try FetchBench(reporter: reporter)
        let url = server.url("/bytes/3000000/told.bin")
        _ = try await bench.fetcher.fetch(url + "?secret=1")
        let told = lines.withLock { $0 }
        #expect(told.count > 2)
        #expect(told.first?.hasPrefix("fetching \(url): ") == true)
        #expect(told.dropLast().allSatisfy { $0.contains(" of 2.9 MiB (") })
        #expect(told.last?.hasPrefix("fetched \(url): 2.9 MiB, ") == true, "\(told.last ?? "")")
        // One that is quick is not.
        let quiet = FetchReporter(interval: .seconds(3600))
        quiet.report { _ in Issue.record("it was told of") }
        let other = try FetchBench(reporter: quiet)
        _ = try await other.fetcher.fetch(url)
    }
}
