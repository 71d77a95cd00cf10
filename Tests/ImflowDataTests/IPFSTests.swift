import Foundation
import ImflowContent
import ImflowExecution
import ImflowHTTP
import ImflowPlan
import Testing

@testable import ImflowData

/// Files read from a gateway that answers well or badly. The blocks are made here, so that they may be hostile.
@Suite(.timeLimit(.minutes(10)))
struct IPFSTests {
    private static let shared = Result { try BlockServer() }
    private let server: BlockServer

    init() throws { server = try Self.shared.get() }

    private func bench(_ mode: String, limits: FetchLimits = FetchLimits(), shared: String? = nil) throws -> FetchBench {
        try FetchBench(
            limits: limits, allowed: PrivateAddresses(), environment: ["IMFLOW_IPFS_GATEWAY": server.url(mode)], shared: shared)
    }

    private func failure(_ cid: CID, path: String = "", mode: String = "good", limits: FetchLimits = FetchLimits()) async throws
        -> Failure
    {
        try await #require(bench(mode, limits: limits).failure("ipfs://\(cid.text)\(path)"))
    }

    private static let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

    /// Whole answers in any order, answers that break off, and gateways that know no CAR all give the file.
    @Test(arguments: ["good", "nocar", "reversed", "dup", "junk", "cut", "emptycar"])
    func theFileIsWhole(mode: String) async throws {
        for tree in [server.balanced(Self.bytes, chunk: 1000, width: 10), server.trickle(Self.bytes, chunk: 1500)] {
            let bench = try bench(mode)
            let reference = try await bench.fetcher.fetch("ipfs://\(tree.text)?filename=page.png")
            #expect(try bench.content.read(reference.hash, limit: 1 << 20) == Self.bytes)
            #expect(reference.name == "page.png")
            #expect(try bench.leftovers() == [])
        }
    }

    @Test func anArchiveOfBlocksHasNoNameInTheStore() async throws {
        let tree = server.balanced(Self.bytes, chunk: 1000, width: 10)
        let bench = try bench("good")
        let fetcher = bench.fetcher
        let url = try #require(FetchURL("ipfs://\(tree.text)"))
        let blocks = IPFSBlocks(
            servers: try IPFSServers(fetcher.access.environment, for: url).servers, client: fetcher.services,
            limits: fetcher.limits, access: fetcher.access, reporter: fetcher.reporter, shown: url.shown)
        let car = try await blocks.car(of: tree, size: Int64(Self.bytes.count), in: bench.content)
        #expect(car?.block(tree).map { tree.names($0) } == true)
        #expect(try bench.leftovers() == [])
    }

    @Test(arguments: ["flip", "other", "html", "flipcar"])
    func bytesThatAreOthersAreNotTaken(mode: String) async throws {
        let failure = try await failure(server.balanced(Self.bytes, chunk: 1000, width: 10), mode: mode)
        #expect(failure.cause == .infra)
        #expect(failure.message.contains("they were not taken"), "\(failure.message)")
    }

    @Test func errorsOfTheGatewayAreNamed() async throws {
        let tree = server.balanced(Self.bytes, chunk: 1000, width: 10)
        let missing = try await failure(tree, mode: "missing")
        #expect(missing.cause == .app)
        #expect(missing.message.contains("status 404 for the block \(tree.text)"))
        let large = try await failure(tree, mode: "endless")
        #expect(large.message.contains("more than 4 MiB for the block"), "\(large.message)")
        let busy = try await failure(tree, mode: "busy")
        #expect(busy.message.contains("status 503") && busy.message.contains("(tried 4 times)"))
    }

    @Test func pathsLeadThroughFolders() async throws {
        let page = server.add(raw: Array("page".utf8))
        let inner = server.folder(["a page.txt": page])
        let root = server.folder(["inner": inner, "empty": server.folder([:])])
        let bench = try bench("nocar")
        let reference = try await bench.fetcher.fetch("ipfs://\(root.text)/inner/a%20page.txt")
        #expect(reference.name == "a_page.txt")
        #expect(try bench.content.read(reference.hash, limit: 10) == Array("page".utf8))
        for (path, text) in [
            ("", "is a folder; add the name of a file in it: "), ("/inner/none", "the folder has no `none`; it has a page.txt"),
            ("/inner/a%20page.txt/x", "a part of the path before its end is no folder"), ("/empty", "is an empty folder"),
            ("/in%zz", "write '%' as %25"),
        ] {
            let message = try await failure(root, path: path, mode: "nocar").message
            #expect(message.contains(text), "\(message)")
        }
    }

    @Test func whatIsNoFileIsRefused() async throws {
        let sharded = server.add(UnixFSEntry(kind: .shardedFolder, fileSize: 0), links: [])
        #expect(try await failure(sharded).message.contains("HAMT"))
        #expect(try await failure(sharded, path: "/x").message.contains("HAMT"))
        let link = server.add(UnixFSEntry(kind: .symbolicLink, data: Array("/etc/passwd".utf8)[...], fileSize: 11), links: [])
        #expect(try await failure(link).message.contains("symbolic link"))
        let folder = server.folder([:])
        let odd = server.add(UnixFSEntry(kind: .file, fileSize: 0), links: [(folder, 0)])
        #expect(try await failure(odd).message.contains("a part of the file is a folder"))
        let garbage = server.add(block: [0xFF, 0xFF, 0xFF], codec: .dagPB)
        #expect(try await failure(garbage).message.contains("the block \(garbage.text) is cut off"))
        let cbor = CID("bafyreigdmqpykrgxyaxtlafqpqhzrb7qy2rh75nldvfd4tucqmqqme5yje")
        #expect(try await failure(try #require(cbor)).message.contains("dag-cbor"))
    }

    @Test func hostileTreesEnd() async throws {
        var deep = server.add(raw: [1])
        for _ in 0..<40 { deep = server.add(UnixFSEntry(kind: .file, fileSize: 1), links: [(deep, 1)]) }
        #expect(try await failure(deep).message.contains("deeper than 32 levels"))
        // Nothing, a million times.
        var wide = server.add(UnixFSEntry(kind: .file, fileSize: 0), links: [])
        for _ in 0..<3 {
            wide = server.add(UnixFSEntry(kind: .file, fileSize: 0), links: Array(repeating: (wide, 0), count: 100))
        }
        let few = try await failure(wide, limits: FetchLimits(blocks: 5000))
        #expect(few.message.contains("more than 5000 blocks"), "\(few.message)")
        // A little, linked so often that it is large.
        var large = server.add(raw: [UInt8](repeating: 0, count: 1000))
        for _ in 0..<3 {
            large = server.add(UnixFSEntry(kind: .file, fileSize: nil), links: Array(repeating: (large, 1), count: 100))
        }
        let small = FetchLimits(maximumSize: ByteCount(bytes: 1 << 20))
        #expect(try await failure(large, limits: small).message.contains("larger than 1 MiB"))
    }

    @Test func sizesMustBeWhatTheyAreSaidToBe() async throws {
        let leaf = server.add(raw: [1, 2, 3])
        let lies = [
            server.add(UnixFSEntry(kind: .file, fileSize: 10, blockSizes: [3]), links: [(leaf, 3)]),
            server.add(UnixFSEntry(kind: .file, fileSize: 3, blockSizes: [4]), links: [(leaf, 4)]),
            server.add(UnixFSEntry(kind: .file, fileSize: UInt64.max / 2, blockSizes: []), links: [(leaf, 3)]),
        ]
        #expect(try await failure(lies[0]).message.contains("other sizes than it says"))
        #expect(try await failure(lies[1]).message.contains("other sizes than it says"))
        #expect(try await failure(lies[2]).message.contains("larger than"))
        let few = server.add(UnixFSEntry(kind: .file, fileSize: 3, blockSizes: [1, 2]), links: [(leaf, 3)])
        #expect(try await failure(few).message.contains("1 links and 2 sizes"))
    }

    @Test func otherHashes() async throws {
        let bytes = Array("by another hash".utf8)
        let text = "bafkrgq" // sha2-512 of version 1 in base 32 starts so.
        let cid = CID(hash: .sha512, digest: SHA512.bytes(of: bytes))
        #expect(cid.text.hasPrefix(text))
        server.add(bytes, as: cid)
        let bench = try bench("good")
        let reference = try await bench.fetcher.fetch("ipfs://\(cid.text)")
        #expect(try bench.content.read(reference.hash, limit: 100) == bytes)
        let identity = CID(hash: .identity, digest: bytes)
        #expect(try await bench.fetcher.fetch("ipfs://\(identity.text)").hash == reference.hash)
    }

    /// What was fetched once needs no server; what the content store lost is fetched again.
    @Test func aFileIsFetchedOnceForEver() async throws {
        let tree = server.balanced(Self.bytes, chunk: 1000, width: 10)
        let shared = NSTemporaryDirectory() + "imflow-fetch-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: shared) }
        let first = try bench("good", shared: shared)
        let reference = try await first.fetcher.fetch("ipfs://\(tree.text)")
        let away = FetchAccess(environment: ["IMFLOW_IPFS_GATEWAY": server.url("missing")])
        let again = Fetcher(
            content: first.content, client: .init(), access: away, folder: try FetchFolder(shared))
        #expect(try await again.fetch("ipfs://\(tree.text)?filename=x.bin").hash == reference.hash)
        try first.content.remove(reference.hash)
        await #expect(throws: Failure.self) { _ = try await again.fetch("ipfs://\(tree.text)") }
        #expect(try await first.fetcher.fetch("ipfs://\(tree.text)") == reference)
    }
}

struct CIDTests {
    @Test(arguments: [
        "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
        "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
    ])
    func textsAreReadAndWritten(text: String) { #expect(CID(text)?.text == text) }

    @Test func otherBasesNameTheSame() throws {
        let cid = try #require(CID("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"))
        #expect(cid.names([]))
        #expect(!cid.names([0]))
        let hex = "f" + cid.bytes.map { String(format: "%02x", $0) }.joined()
        #expect(CID(hex) == cid)
        #expect(CID("z" + Multibase.encodeBase58(cid.bytes)) == cid)
        // From the specification of multibase: "yes mani !".
        #expect(Multibase.decode("k2lcpzo5yikidynfl") == Array("yes mani !".utf8))
        #expect(Multibase.decode("z7paNL19xttacUY") == Array("yes mani !".utf8))
        #expect(Multibase.decode("bpfsxgidnmfxgsibb") == Array("yes mani !".utf8))
        #expect(Multibase.decode("f796573206d616e692021") == Array("yes mani !".utf8))
    }

    @Test(arguments: [
        "", "Q", "Qm", "b", "bafkre", "x123", "zz", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvykuaaaa",
        "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQ0", "zQmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
        String(repeating: "z", count: 5000),
    ])
    func whatIsNone(text: String) { #expect(CID(text) == nil) }

    @Test func whatCannotBeCheckedIsNamed() throws {
        let blake = CID(hash: .sha256, digest: Array(repeating: 1, count: 32), code: 0xB220)
        #expect(blake.obstacle?.contains("blake2b-256") == true)
        #expect(CID(hash: .sha256, digest: [1]).obstacle?.contains("a hash of 1 bytes") == true)
        #expect(CID("k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8")?.obstacle?.contains("IPNS") == true)
    }

    @Test func blocksOfAnyBytesAreReadOrRefused() {
        var random = SplitMix(state: 7)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                // Small numbers are keys and lengths that fit.
                UInt8.random(in: 0...(Bool.random(using: &random) ? 40 : 255), using: &random)
            }
            guard let node = try? DagPBNode(bytes) else { continue }
            _ = try? UnixFSEntry(node.data)
        }
    }
}

/// The same with a real node, by its RPC API and as a gateway.
@Suite(.enabled(if: TestServers.hasKubo, "no Kubo here: run Tools/test-servers"), .timeLimit(.minutes(10)))
struct KuboFetchTests {
    private let node: KuboNode

    init() throws { node = try KuboNode.shared.get() }

    private func benches() throws -> [FetchBench] {
        try ["IMFLOW_IPFS_API": node.api, "IMFLOW_IPFS_GATEWAY": node.gateway].map { name, url in
            try FetchBench(allowed: PrivateAddresses(), environment: [name: url])
        }
    }

    @Test(arguments: [0, 10, 262_145, 3_000_000])
    func whatWasAddedIsFetched(size: Int) async throws {
        let bytes = KuboClientTests.bytes(size)
        let cid = try await KuboClient(environment: ["IMFLOW_IPFS_API": node.api], client: .init()).add(bytes, name: "x")
        for bench in try benches() {
            #expect(try await bench.fetcher.fetch("ipfs://" + cid).hash == ContentHash(of: bytes))
        }
    }

    @Test func foldersAreWalkedThrough() async throws {
        let bench = try FetchBench()
        try FileManager.default.createDirectory(atPath: bench.folder + "/tree/in/side", withIntermediateDirectories: true)
        _ = try bench.write("deep", "tree/in/side/a page.txt")
        let cid = try await add(folder: bench.folder + "/tree")
        for bench in try benches() {
            let reference = try await bench.fetcher.fetch("ipfs://\(cid)/in/side/a%20page.txt")
            #expect(try bench.content.read(reference.hash, limit: 10) == Array("deep".utf8))
            #expect(await bench.failure("ipfs://\(cid)/in")?.message.contains("is a folder; add the name of a file in it: side") == true)
        }
    }

    @Test func shardedFoldersAreRefused() async throws {
        let bench = try FetchBench()
        try FileManager.default.createDirectory(atPath: bench.folder + "/many", withIntermediateDirectories: true)
        let name = String(repeating: "n", count: 180)
        for index in 0..<1500 { _ = try bench.write("", "many/\(name)-\(index)") }
        let cid = try await add(folder: bench.folder + "/many")
        for bench in try benches() {
            #expect(await bench.failure("ipfs://\(cid)/\(name)-7")?.message.contains("HAMT") == true)
        }
    }

    private func add(folder: String) async throws -> String {
        let body = try JSONSerialization.data(withJSONObject: ["path": folder])
        let response = try await HTTPClient().send(.init("POST", node.api + "/api/v0/add-folder", body: Array(body)))
        let answer = try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: String])
        return try #require(answer["Hash"])
    }
}
