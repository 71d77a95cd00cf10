import Glibc
import ImflowExecution
import ImflowJSON
import Synchronization
import Testing

@testable import ImflowContent

@Suite("Result cache")
struct ResultCacheTests {
    private let folder: TemporaryFolder
    private let content: ContentStore
    private let cache: ResultCache

    init() throws {
        folder = try TemporaryFolder()
        content = try ContentStore(folder: folder.path + "/cas")
        cache = try ResultCache(folder: folder.path + "/cache", content: content)
    }

    private func key(_ name: String) -> CacheKey {
        CacheKey(
            fields: ["model": ContentHash(of: []), "input.a": ContentHash(of: Array(name.utf8))],
            digest: ContentHash.init(canonical:))
    }

    private func entry(_ name: String, _ value: JSONValue) throws -> CacheEntry {
        CacheEntry(key: key(name), result: try content.payload(value), from: "job/task", createdAt: 7)
    }

    private func path(of key: CacheKey) -> String {
        cache.folder + "/entries/" + key.hash.hex.prefix(2) + "/" + key.hash.hex.dropFirst(2)
    }

    private func isHit(_ finding: ResultCache.Finding) -> Bool { if case .hit = finding { true } else { false } }
    private func isMissing(_ finding: ResultCache.Finding) -> Bool { if case .missing = finding { true } else { false } }
    private func isDamaged(_ finding: ResultCache.Finding) -> Bool { if case .damaged = finding { true } else { false } }

    /// A value too large to be inline, which names a stored file.
    private func large() throws -> (value: JSONValue, file: ContentHash) {
        let file = try content.put(Array("a file".utf8))
        let text = String(repeating: "x", count: Payload.inlineLimit)
        return (["text": .string(text), "file": .string(ContentReference(hash: file, name: "a.txt").text)], file)
    }

    @Test("what was recorded is found, whole, by its key alone")
    func found() async throws {
        for (name, value) in [("small", ["n": 1]), ("large", try large().value)] as [(String, JSONValue)] {
            let entry = try entry(name, value)
            #expect(isMissing(await cache.find(entry.key)))
            try await cache.record(entry)
            guard case .hit(let found) = await cache.find(entry.key) else { Issue.record("not found"); continue }
            #expect(found == entry)
            #expect(try content.value(of: found.result) == value)
        }
        #expect(isMissing(await cache.find(key("other").hash)))
        #expect(try cache.all().count == 2)
    }

    @Test("a result whose bytes changed is dropped, and found no more", arguments: ["value", "file", "gone"])
    func damaged(what: String) async throws {
        let (value, file) = try large()
        let entry = try entry("a", value)
        try await cache.record(entry)
        let path = content.path(of: what == "file" ? file : entry.result.hash)
        if what == "gone" {
            unlink(path)
        } else {
            chmod(path, 0o644)
            let descriptor = open(path, O_WRONLY)
            pwrite(descriptor, "?", 1, 3)
            close(descriptor)
        }
        #expect(isDamaged(await cache.find(entry.key)))
        #expect(isMissing(await cache.find(entry.key)))
        // Made anew, it is whole again: nothing damaged stands in the way.
        _ = try content.put(Array("a file".utf8))
        try await cache.record(try self.entry("a", value))
        #expect(isHit(await cache.find(entry.key)))
    }

    @Test(
        "an entry that is torn, turned into another's or into something else is dropped",
        arguments: ["", "{", "null", "[1]", #"{"schema":"imflow.cache-entry/v1"}"#, "swap", "flip", "huge"])
    func brokenEntries(text: String) async throws {
        let one = try entry("one", 1)
        try await cache.record(one)
        try await cache.record(try entry("two", 2))
        let path = path(of: key("one"))
        var bytes = Array(text.utf8)
        if text == "swap" { bytes = try #require(contents(self.path(of: key("two")))) }
        if text == "flip" {
            bytes = try #require(contents(path))
            let name = Array(#""input.a":"0x"#.utf8)
            let offset = try #require(bytes.indices.first { bytes[$0...].starts(with: name) }) + name.count
            bytes[offset + 5] = bytes[offset + 5] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
        }
        if text == "huge" { bytes = [UInt8](repeating: 0x20, count: 1 << 21) }
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
        #expect(isDamaged(await cache.find(one.key)))
        #expect(isMissing(await cache.find(one.key)))
        #expect(isHit(await cache.find(key("two").hash)))
    }

    @Test("one makes the call; the next one may when it has ended")
    func flights() throws {
        let key = key("a").hash
        let first = try #require(try cache.flight(of: key, holder: "one/a"))
        #expect(cache.flightHolder(of: key) == "one/a")
        #expect(try cache.flight(of: key, holder: "two/a") == nil)
        #expect(try cache.flight(of: self.key("b").hash, holder: "two/b") != nil)
        first.end()
        let second = try #require(try cache.flight(of: key, holder: "two/a"))
        first.end()
        #expect(try cache.flight(of: key, holder: "three/a") == nil)
        #expect(cache.flightHolder(of: key) == "two/a")
        second.end()
        #expect(try Folder.names(in: cache.folder + "/flights").isEmpty)
    }

    @Test("however many want it at once, one at a time has it")
    func flightsAtOnce() async throws {
        let key = key("a").hash
        let counts = Counts()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { [cache] in
                    var times = 0
                    while times < 25 {
                        guard let flight = try? cache.flight(of: key, holder: "x") else { await Task.yield(); continue }
                        let now = counts.inside.add(1, ordering: .sequentiallyConsistent).newValue
                        counts.most.max(now, ordering: .sequentiallyConsistent)
                        counts.inside.subtract(1, ordering: .sequentiallyConsistent)
                        flight.end()
                        times += 1
                        counts.done.add(1, ordering: .relaxed)
                    }
                }
            }
        }
        #expect(counts.done.load(ordering: .relaxed) == 100)
        #expect(counts.most.load(ordering: .relaxed) == 1)
    }

    @Test("a collection spares what is used meanwhile")
    func collection() async throws {
        let (value, file) = try large()
        let entry = try entry("a", value)
        try await cache.record(entry)
        let old = timespec(tv_sec: 1_000, tv_nsec: 0)
        for hash in [file, entry.result.hash] {
            utimensat(AT_FDCWD, content.path(of: hash), [old, old], 0)
        }
        // Somebody takes the result after the collection has looked, and before it removes.
        #expect(isHit(await cache.find(entry.key)))
        #expect(try !content.remove(file, unlessSince: 2_000_000))
        #expect(try !content.remove(entry.result.hash, unlessSince: 2_000_000))
        #expect(isHit(await cache.find(entry.key)))
        utimensat(AT_FDCWD, content.path(of: file), [old, old], 0)
        #expect(try content.remove(file, unlessSince: 2_000_000))
        #expect(isDamaged(await cache.find(entry.key)))
    }

    @Test("references are found in any bytes, across pieces, too")
    func scanning() throws {
        let hashes = (0..<3).map { ContentHash(of: [UInt8($0)]) }
        let names = hashes.map { JSONValue.string(ContentReference(hash: $0, name: "n").text) }
        let filler = String(repeating: "cas://sha256/ y", count: OpenFile.pieceSize / 15)
        let payload = try content.payload([names[0], .string(filler), names[1], .string(filler), names[2]])
        #expect(Set(content.references(of: payload)) == Set(hashes + [payload.hash]))
        for shift in 0..<100 {
            let text = String(repeating: "z", count: OpenFile.pieceSize - shift)
            let payload = try content.payload([.string(text), names[1]])
            #expect(Set(content.references(of: payload)) == [hashes[1], payload.hash])
            try content.remove(payload.hash)
        }
        #expect(ContentStore.references(in: Array("cas://sha256/short".utf8)).isEmpty)
    }
}

private final class Counts: Sendable {
    let inside = Atomic(0)
    let most = Atomic(0)
    let done = Atomic(0)
}
