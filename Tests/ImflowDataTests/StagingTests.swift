import FoundationEssentials
import Glibc
import ImflowContent
import ImflowExecution
import ImflowJSON
import ImflowPlan
import Testing

@testable import ImflowData

@Suite struct StagingTests {
    private let room: DataRoom

    init() throws { room = try DataRoom() }

    private func work(_ input: CallWork.Input, schema: JSONValue? = nil) -> CallWork {
        CallWork(model: ModelPlan(name: "m", folder: "/", inputSchema: schema), input: input)
    }

    private func context(_ input: JSONValue, when: Condition? = nil) throws -> InputContext {
        InputContext(
            sources: [], jobInput: try room.content.payload(input), key: nil, soleValueFallback: false, literal: [:],
            when: when)
    }

    private func stage(_ input: JSONObject, in name: String = "work", guest: String = "/imflow/work") async throws
        -> JSONValue
    {
        try await room.staging.stage(
            StagedUnit(input: input, unit: Unit(geometry: [:], set: [:])), into: try room.folder(name),
            guestFolder: guest)
    }

    private func read(_ path: String) -> String? {
        (try? Data(contentsOf: URL(filePath: room.path + "/" + path))).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func urlsBecomeContentReferencesAtAnyDepth() async throws {
        let url = "file://" + (try room.write("pixels", to: "page.png"))
        let input: JSONValue = [
            "page_url": .string(url), "pages": [["scan_uri": .string(url), "note": .string(url)]],
            "mask_url": ["data:text/plain,abc", 3], "link": .string(url), "odd_url": "page.png", "n": 1,
        ]
        let schema: JSONValue = ["properties": ["link": ["type": "string", "format": "uri"]]]
        let call = try #require(try await room.staging.resolve(work(.whole(context(input)), schema: schema)))
        #expect(call.units.count == 1)
        let bound = JSONValue.object(call.units[0].input)
        #expect(try room.text(of: bound["page_url"]) == "pixels")
        #expect(bound["page_url"]?.stringValue?.hasSuffix("/page.png") == true)
        #expect(bound["pages"]?.arrayValue?.first?["scan_uri"] == bound["page_url"])
        #expect(bound["pages"]?.arrayValue?.first?["note"] == .string(url))
        #expect(try room.text(of: bound["mask_url"]?.arrayValue?.first) == "abc")
        #expect(bound["link"] == bound["page_url"])
        #expect(bound["odd_url"] == "page.png")
        #expect(call.inputHash == ContentHash(canonical: bound))
    }

    @Test(arguments: [
        ("file:///a", true), ("FILE:///a", true), ("https://x", true), ("http://x", true), ("ipfs://Qm", true),
        ("s3://b/k", true), ("data:,x", true), ("ftp://x", false), ("file:a", false), ("http:x", false), ("", false),
        ("page.png", false), ("cas://sha256/x", false), ("://", false), ("note: file:///a", false),
    ])
    func schemes(text: String, isFetchable: Bool) {
        #expect(FileMembers.isFetchable(text) == isFetchable)
    }

    @Test func aFileThatCannotBeFetchedFailsTheCall() async throws {
        let input: JSONValue = ["page_url": "file:///nonexistent/page.png", "x_url": "data:,x"]
        let error = await failure { _ = try await room.staging.resolve(work(.whole(try context(input)))) }
        #expect(error?.cause == .app)
        #expect(error?.message.contains("/nonexistent/page.png") == true)
    }

    @Test func aFalseConditionIsNoCall() async throws {
        let context = try context(["a": 0], when: .truthy(path: ["a"]))
        #expect(try await room.staging.resolve(work(.whole(context))) == nil)
    }

    @Test func aShardsUnitsAreLaidOverTheSharedInput() async throws {
        let units: [Unit] = [
            Unit(geometry: ["index": 4], set: ["a_url": "data:,four"]), Unit(geometry: ["index": 5], set: ["n": 2]),
        ]
        let shared = try room.content.payload(["n": 1, "a_url": "data:,all"])
        let payload = try room.content.payload(.array(units.map(\.json)))
        let call = try #require(try await room.staging.resolve(work(.shard(shared: shared, units: payload))))
        #expect(call.units.map(\.unit) == units)
        #expect(try call.units.map { try room.text(of: $0.input["a_url"]) } == ["four", "all"])
        #expect(call.units.map { $0.input["n"] } == [1, 2])
    }

    @Test func aReductionGetsThePartialsAndTheirGeometry() async throws {
        let units = (0..<5).map { Unit(geometry: ["index": .int($0), "x": 7], set: ["big": "input"]) }
        let parts = try room.parts([[units[0], units[1]], [units[2]], [units[3], units[4]]]) { unit in
            unit.index == 2 ? nil : ["n": .int(Int64(unit.index))]
        }
        let call = try #require(try await room.staging.resolve(work(.reduce(parts: parts.reversed()))))
        #expect(
            call.units.map(\.input) == [
                [
                    "partials": [["n": 0], ["n": 1], ["n": 3], ["n": 4]],
                    "units": [
                        ["index": 0, "x": 7], ["index": 1, "x": 7], ["index": 3, "x": 7], ["index": 4, "x": 7],
                    ],
                ]
            ])
    }

    @Test func referencesBecomeReadOnlyFiles() async throws {
        let first = try room.stored("1", as: "page.png")
        let second = try room.stored("2", as: "page.png")
        let odd = try room.stored("3", as: "50% of ünit #1?.txt")
        let input = try await stage(
            ["a": .string(first), "list": [.string(second), .string(first)], "o": ["odd": .string(odd)], "n": 1])
        #expect(input["a"] == "file:///imflow/work/page.png")
        #expect(input["list"] == ["file:///imflow/work/page-2.png", "file:///imflow/work/page.png"])
        #expect(input["o"]?["odd"] == "file:///imflow/work/50%25%20of%20%C3%BCnit%20%231%3F.txt")
        #expect(read("work/page.png") == "1")
        #expect(read("work/page-2.png") == "2")
        #expect(read("work/50% of ünit #1?.txt") == "3")
        var status = stat()
        #expect(stat(room.path + "/work/page.png", &status) == 0)
        #expect(status.st_mode & 0o222 == 0)
    }

    private func overwrite(_ path: String) throws {
        #expect(chmod(path, 0o600) == 0)
        let descriptor = open(path, O_WRONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        #expect(write(descriptor, "spoiled!", 8) == 8)
    }

    @Test func aModelThatOverwritesItsInputIsFoundOutAndTheStoreIsNotSpoiled() async throws {
        let reference = try room.stored("precious", as: "page.png")
        let other = try room.stored("untouched", as: "other.png")
        _ = try await stage(["a": .string(reference), "b": .string(other)], in: "unit/input")
        try overwrite(room.path + "/unit/input/page.png")
        let hash = try #require(ContentReference(reference)).hash
        if room.content.contains(hash), try room.content.verify(hash) {
            // The file system lets files share blocks: nothing has come to harm.
            try await room.staging.release(room.path + "/unit")
        } else {
            let failure = await failure { try await room.staging.release(room.path + "/unit") }
            #expect(failure?.cause == .app)
            for word in ["`page.png`", "--copy-inputs", room.content.quarantine] {
                #expect(failure?.message.contains(word) == true, "\(word)")
            }
            #expect(!room.content.contains(hash))
        }
        // What was asked once is forgotten.
        try await room.staging.release(room.path + "/unit")
        #expect(try room.text(of: .string(other)) == "untouched")
    }

    @Test func whoAsksForCopiesMayWriteToThem() async throws {
        let reference = try room.stored("precious", as: "page.png")
        let staging = DataStaging(content: room.content, fetcher: room.fetcher, copies: true)
        let unit = StagedUnit(input: ["a": .string(reference)], unit: Unit(geometry: [:], set: [:]))
        _ = try await staging.stage(unit, into: try room.folder("work"), guestFolder: "/g")
        try overwrite(room.path + "/work/page.png")
        try await staging.release(room.path + "/work")
        #expect(read("work/page.png") == "spoiled!")
        #expect(try room.text(of: .string(reference)) == "precious")
    }

    @Test func aModelThatLeavesItsInputAloneIsNotComplainedOf() async throws {
        let reference = try room.stored("precious", as: "page.png")
        _ = try await stage(["a": .string(reference)], in: "unit/input")
        #expect(read("unit/input/page.png") == "precious")
        #expect(unlink(room.path + "/unit/input/page.png") == 0)
        // The same content is stored anew meanwhile: its time changes, its bytes do not.
        #expect(try room.stored("precious", as: "page.png") == reference)
        try await room.staging.release(room.path + "/unit")
        #expect(try room.text(of: .string(reference)) == "precious")
    }

    @Test func aLinkThatLeadsOutIsCalledOne() async throws {
        _ = try room.folder("w")
        let secret = try room.write("secret", to: "secret.txt")
        symlink(secret, room.path + "/w/link.txt")
        let error = await failure {
            _ = try await room.staging.collect("file:///g/w/link.txt", from: room.path + "/w", guestFolder: "/g/w", ended: false)
        }
        #expect(error?.message.contains("is a link that leads out of the work folder `/g/w`") == true)
        let dots = await failure {
            _ = try await room.staging.collect("file:///g/w/../secret.txt", from: room.path + "/w", guestFolder: "/g/w", ended: false)
        }
        #expect(dots?.message.contains("is not below the work folder `/g/w`") == true)
    }

    @Test func namesStayDistinctAndShort() throws {
        var names = StagedNames(reserved: ["tile-0.png"])
        func name(_ text: String, _ byte: UInt8) -> String {
            names.name(of: ContentReference(hash: ContentHash(of: [byte]), name: text)).name
        }
        #expect(name("tile-0.png", 1) == "tile-0-2.png")
        #expect(name(".hidden", 1) == ".hidden")
        #expect(name(".hidden", 2) == ".hidden-2")
        #expect(name("a.tar.gz", 1) == "a.tar.gz")
        #expect(name("a.tar.gz", 2) == "a.tar-2.gz")
        let long = String(repeating: "ü", count: 300) + ".png"
        for byte in UInt8(1)...3 {
            let name = name(long, byte)
            #expect(name.utf8.count <= 255 && name.hasSuffix(".png"))
        }
        #expect(name("a.tar.gz", 2) == "a.tar-2.gz")
    }

    @Test func aMissingInputFileIsInfrastructure() async throws {
        let reference = ContentReference(hash: ContentHash(of: [1]), name: "a.png").text
        let error = await failure { _ = try await stage(["a": .string(reference)]) }
        #expect(error?.cause == .infra)
        #expect(error?.message.contains("a.png") == true)
    }

    @Test func filesOfAResultAreStored() async throws {
        let folder = try room.folder("work/out dir")
        try room.write("made", to: "work/out dir/näme.txt")
        try room.write("plain", to: "work/50%.txt")
        symlink("out dir/näme.txt", room.path + "/work/latest.txt")
        let result: JSONValue = [
            "a": "file:///g/w/out%20dir/n%C3%A4me.txt",
            "b": ["file:///g/w/50%.txt", "file://localhost/g/w/latest.txt"],
            "again": "file:///g/w/out dir/../out dir/näme.txt", "text": "see file:///etc/passwd", "n": 1,
        ]
        let work = room.path + "/work"
        let kept = try await room.staging.collect(result, from: work, guestFolder: "/g/w/", ended: false)
        let made = try room.stored("made", as: "näme.txt")
        #expect(kept["a"] == .string(made))
        #expect(kept["again"] == .string(made))
        #expect(
            kept["b"] == [
                .string(try room.stored("plain", as: "50%.txt")), .string(try room.stored("made", as: "latest.txt")),
            ])
        #expect(kept["text"] == "see file:///etc/passwd")
        #expect(
            try await room.staging.collect(result, from: work, guestFolder: "/g/w", ended: false) == kept,
            "\(folder) can be read again")
    }

    @Test func anInputHandedBackIsTheSameContent() async throws {
        let reference = try room.stored("same", as: "page.png")
        let input = try await stage(["page": .string(reference)], guest: "/g")
        let kept = try await room.staging.collect(input, from: room.path + "/work", guestFolder: "/g", ended: false)
        #expect(kept == ["page": .string(reference)])
        #expect(try room.text(of: kept["page"]) == "same")
    }

    @Test(arguments: [
        "file:///etc/passwd", "file:///g/../etc/passwd", "file:///g/w/../../etc/passwd",
        "file:///g/w/%2e%2e/secret.txt",
        "file:///g/w/../secret.txt", "file:///g/w/link.txt", "file:///g/w/folder/passwd", "file:///g/w", "file:///g/w/",
        "file:///g/w/.", "file:///g/w/sub", "file:///g/w/pipe", "file:///g/w/none.txt", "file:///g/w/a%00b", "file://",
        "file://host/g/w/ok.txt", "file://../w/ok.txt", "file:///g/work/ok.txt", "file:///g/w/loop",
    ])
    func nothingOutsideOfTheFolderIsStored(url: String) async throws {
        _ = try room.folder("w/sub")
        try room.write("ok", to: "w/ok.txt")
        let secret = try room.write("secret", to: "secret.txt")
        symlink(secret, room.path + "/w/link.txt")
        symlink("/etc", room.path + "/w/folder")
        symlink("loop", room.path + "/w/loop")
        mkfifo(room.path + "/w/pipe", 0o600)
        let error = await failure {
            _ = try await room.staging.collect(["a": [.string(url)]], from: room.path + "/w", guestFolder: "/g/w", ended: false)
        }
        #expect(error?.cause == .app)
        #expect(error?.message.contains(url) == true)
        #expect(try room.content.all().isEmpty)
    }

    @Test func tilesAreCutIntoTheFolder() async throws {
        let path = room.path + "/page.tif"
        try Data(Self.grayTIFF(width: 30, height: 20)).write(to: URL(filePath: path))
        let plan = SplitPlan(mode: .tile, tileWidth: 16, tileHeight: 16, shardLimit: 2)
        let (shared, shards) = try await room.split(
            ["page_url": .string("file://" + path), "language": "en"], plan)
        #expect(shared == ["language": "en"])
        #expect(shards.map(\.count) == [2, 2])
        let unit = shards[1][1]
        let clash = try room.stored("1", as: "tile-3.png")
        let input = try await room.staging.stage(
            StagedUnit(input: ["language": "en", "other": .string(clash)], unit: unit), into: try room.folder("work"),
            guestFolder: "/g")
        #expect(input == ["language": "en", "other": "file:///g/tile-3-2.png", "page_url": "file:///g/tile-3.png"])
        let header = try Data(contentsOf: URL(filePath: room.path + "/work/tile-3.png")).prefix(24)
        #expect(Array(header.suffix(8)) == [0, 0, 0, 14, 0, 0, 0, 4])
    }

    @Test func tilesThatAreHandedBackMakeTheImageAgain() async throws {
        let path = room.path + "/page.tif"
        try Data(Self.grayTIFF(width: 30, height: 20)).write(to: URL(filePath: path))
        var images: Set<String> = []
        for limit in [1, 3, 32] {
            let plan = SplitPlan(mode: .tile, tileWidth: 8, tileHeight: 8, shardLimit: limit)
            let (_, shards) = try await room.split(["page_url": .string("file://" + path)], plan)
            var results: [Int: JSONValue] = [:]
            for unit in shards.joined() {
                let folder = try room.folder("work-\(limit)-\(unit.index)")
                let input = try await room.staging.stage(
                    StagedUnit(input: [:], unit: unit), into: folder, guestFolder: "/g")
                results[unit.index] = try await room.staging.collect(input, from: folder, guestFolder: "/g", ended: false)
            }
            let parts = try room.parts(shards) { results[$0.index] }
            let stitched = try room.merge(MergePlan(strategy: .tileStitch), parts.reversed(), split: plan)
            images.insert(try #require(stitched.stringValue))
            let boxes = try room.parts(shards) { _ in [] }
            #expect(try room.merge(MergePlan(strategy: .detections), boxes, split: plan) == [])
        }
        #expect(images.count == 1)
        let image = try #require(images.first)
        let (_, whole) = try await room.split(["page": .string(image)], SplitPlan(mode: .tile))
        let tile = try await stageTile(whole[0][0], in: "stitched")
        let (_, original) = try await room.split(["page_url": .string("file://" + path)], SplitPlan(mode: .tile))
        #expect(tile == (try await stageTile(original[0][0], in: "original")))
    }

    /// The bytes of a tile's file: equal pixels are equal bytes.
    private func stageTile(_ unit: Unit, in name: String) async throws -> Data {
        let folder = try room.folder(name)
        _ = try await room.staging.stage(StagedUnit(input: [:], unit: unit), into: folder, guestFolder: "/g")
        return try Data(contentsOf: URL(filePath: folder + "/tile-0.png"))
    }

    /// One strip of 8 bit gray (TIFF 6.0, section 4).
    private static func grayTIFF(width: UInt32, height: UInt32) -> [UInt8] {
        func bytes(_ value: UInt32, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
        let entries: [(tag: UInt32, value: UInt32)] = [
            (256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, height),
            (279, width * height),
        ]
        let pixels = (0..<width * height).map { UInt8($0 % 251) }
        var out: [UInt8] = [0x49, 0x49] + bytes(42, 2) + bytes(8 + width * height, 4) + pixels
        out += bytes(UInt32(entries.count), 2)
        for entry in entries { out += bytes(entry.tag, 2) + bytes(4, 2) + bytes(1, 4) + bytes(entry.value, 4) }
        return out + bytes(0, 4)
    }
}
