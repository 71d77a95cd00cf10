import Foundation
import ImflowContent
import ImflowExecution
import ImflowPlan
import Testing

@testable import ImflowData

@Suite(.timeLimit(.minutes(10)))
struct FetchSchemeTests {
    private let bench: FetchBench

    init() throws { bench = try FetchBench() }

    @Test(arguments: [
        ("data:,hello", "hello", "data.txt"), ("data:,", "", "data.txt"), ("DATA:,a%20b%2Cc,d", "a b,c,d", "data.txt"),
        ("data:text/csv;charset=utf-8,a;b", "a;b", "data.csv"), ("data:;charset=utf-8,x", "x", "data.txt"),
        ("data:image/png;base64,aGVsbG8=", "hello", "data.png"), ("data:;BASE64,aGVsbG8", "hello", "data.txt"),
        ("data:application/json;base64,eyJh\nIjox fQ%3D%3D", "{\"a\":1}", "data.json"),
        ("data:application/octet-stream;base64,Pz8+/w==", "??>\u{FFFD}", "data"),
    ])
    func dataURLs(url: String, text: String, name: String) async throws {
        let reference = try await bench.fetcher.fetch(url)
        #expect(reference.name == name)
        #expect(String(decoding: try bench.content.read(reference.hash, limit: 100), as: UTF8.self) == text)
    }

    @Test(arguments: [
        ("data:text/plain", "has no comma"), ("data:,%4", "percent sign"), ("data:;base64,a", "not valid base64"),
        ("data:;base64,a*bc", "not valid base64"), ("data:;base64,YQ=", "not valid base64"),
        ("data:;base64,YQ==YQ==", "not valid base64"),
    ])
    func brokenDataURLs(url: String, text: String) async {
        let failure = await bench.failure(url)
        #expect(failure?.cause == .app)
        #expect(failure?.message.contains(text) == true)
    }

    @Test func largeDataURLs() async throws {
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
        let url = "data:audio/x-wav;base64," + Data(bytes).base64EncodedString()
        #expect(try await bench.fetcher.fetch(url) == ContentReference(hash: ContentHash(of: bytes), name: "data.wav"))
        let tight = try FetchBench(limits: FetchLimits(maximumSize: ByteCount(bytes: 1000)))
        let failure = await tight.failure(url)
        #expect(failure?.message.contains("larger than 1000 bytes") == true)
        #expect((failure?.message.count ?? 0) < 200)
    }

    @Test func storedContentIsThereOrNot() async throws {
        let hash = try bench.content.put(Array("kept".utf8))
        let reference = ContentReference(hash: hash, name: "a.txt")
        #expect(try await bench.fetcher.fetch(reference.text) == reference)
        let lost = ContentReference(hash: ContentHash(of: Array("lost".utf8)), name: "a.txt")
        let failure = await bench.failure(lost.text)
        #expect(failure?.cause == .app)
        #expect(failure?.message.contains("is not in the content store \(bench.folder)/cas") == true)
        #expect(await bench.failure("cas://sha256/12/x")?.message.contains("no content reference") == true)
    }

    @Test(arguments: [
        ("ipfs://Qm123", "'Qm123' is no CID; give ipfs://CID"), ("ipfs:x", "names no file"),
        ("ipfs://QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH", "no IPFS server is set; set IMFLOW_IPFS_API"),
        ("s3://bucket", "names no object; give s3://BUCKET/KEY"), ("s3://b@host/key", "names no object"),
        ("ftp://x/y", "'ftp' is not supported;"), ("gopher:x", "'gopher' is not supported;"),
        ("/data/page.png", "is not a URL"), ("", "is not a URL"), (":x", "is not a URL"), ("1x:y", "is not a URL"),
        ("http:", "could not be fetched"), ("http://", "could not be fetched"), ("https://[", "could not be fetched"),
    ])
    func whatCannotBeFetched(url: String, text: String) async {
        let failure = await bench.failure(url)
        #expect(failure?.cause == .app)
        #expect(failure?.message.contains(text) == true, "\(failure?.message ?? "no failure")")
    }

    @Test(
        arguments: [
            ("page.png", nil, "page.png"), ("page", "image/png", "page.png"),
            ("page.tar.gz", "image/png", "page.tar.gz"),
            ("v1.41", "text/plain", "v1.41.txt"), ("", "image/jpeg", "file.jpg"), ("", nil, "file"),
            ("..", nil, "file"),
            ("../../etc/passwd", nil, "_.._etc_passwd"), ("-rf", nil, "rf"), ("a\0b\nc", nil, "a_b_c"),
            (".png", nil, "png"), ("x.", "text/csv", "x..csv"), ("日本.jpg", nil, "__.jpg"),
            ("a.averyveryverylongending", nil, "a.averyveryverylongending"),
        ] as [(String, String?, String)])
    func namesAreSafe(component: String, type: String?, name: String) {
        #expect(FetchedName.make(component, mediaType: type) == name)
    }

    @Test func namesHaveAnEnd() throws {
        let name = FetchedName.make(String(repeating: "x", count: 10_000) + ".png", mediaType: "image/tiff")
        #expect(name.utf8.count <= 100)
        let other = FetchedName.make(String(repeating: "x", count: 300) + ".png", mediaType: nil)
        #expect(other.hasSuffix("x.png"))
        let reference = ContentReference(hash: ContentHash(of: []), name: name)
        #expect(ContentReference(reference.text) == reference)
    }

    @Test func oneWhoLeavesDoesNotHoldUpTheOthersAndTheLastOneEndsTheWork() async throws {
        let flights = SingleFlight<Int>()
        let never = AsyncStream<Void>.makeStream()
        let ended = AsyncStream<Void>.makeStream()
        let tasks = (0..<3).map { _ in
            Task {
                try await flights.value(of: "key") { () throws(Failure) in
                    // Nothing ever comes: only a cancellation ends this.
                    for await _ in never.stream {}
                    ended.continuation.yield()
                    throw Failure(.cancelled, "ended")
                }
            }
        }
        while flights.waiterCount(of: "key") < 3 { await Task.yield() }
        for task in tasks {
            task.cancel()
            await #expect(throws: Failure(.cancelled, "it was cancelled")) { _ = try await task.value }
        }
        for await _ in ended.stream { break }
        never.continuation.finish()
        #expect(flights.waiterCount(of: "key") == 0)
        #expect(try await flights.value(of: "key") { () throws(Failure) in 2 } == 2)
    }
}
