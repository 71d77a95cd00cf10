import FoundationEssentials
import Glibc
import ImflowContent
import ImflowExecution
import ImflowPlan
import Testing

@testable import ImflowData

/// One decode for all who cut, in this process and in others.
@Suite struct TileSourcesTests {
    private let workshop: ImageWorkshop
    private var sources: TileSources { workshop.sources }

    init() throws { workshop = try ImageWorkshop() }

    /// Several bands of a decode; row `y` is `y` throughout.
    private static func tall() -> PixelBlock {
        let shape = PixelShape(2000, 2400, bands: 3)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(shape.size)
        for y in 0..<shape.height {
            bytes.append(contentsOf: [UInt8](repeating: UInt8(truncatingIfNeeded: y), count: shape.rowSize))
        }
        return PixelBlock(shape: shape, bytes: bytes)
    }

    private func temporaryFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: workshop.content.folder + "/tmp")
    }

    /// The right to decode `source`, as another process has it.
    private func takeOver(_ source: ContentReference) throws -> CacheFlight {
        try #require(
            try workshop.content.derivation(
                from: source.hash, by: SourceDecode.recipe, progress: DecodeProgress(rows: 0, file: "").text))
    }

    private func wait(until condition: () -> Bool) async { while !condition() { await Task.yield() } }

    @Test func rowsBeforeDamageAreCutAndTheRestNamesTheFile() async throws {
        let block = Self.tall()
        let whole = try workshop.content.read(try workshop.put(block).hash, limit: 1 << 24)
        let source = try workshop.put(Array(whole.prefix(whole.count * 3 / 5)), as: "cut.png")
        let units = try workshop.split(source, .tiles(300))
        let first = try #require(units.first)
        let last = try #require(units.last)
        // Before the decode meets the damage, after it, and once more.
        for _ in 0..<2 {
            let tile = try await workshop.cutDecoded(first)
            #expect(tile.bytes == block.cropped(try TileGeometry(first).rect).bytes)
            let failure = try await imageFailure { _ = try await workshop.cutDecoded(last) }
            #expect(failure.cause == .app && failure.message.contains("cut.png"), "\(failure.message)")
        }
        #expect(sources.decodeCount == 0)
        #expect(try temporaryFiles().isEmpty)
    }

    @Test func manyCutFromOneDecode() async throws {
        let block = PixelBlock.noise(PixelShape(64, 64), seed: 3)
        let source = try workshop.put(block)
        let units = try workshop.split(source, .tiles(8))
        let other = try takeOver(source)
        let images = try await withThrowingTaskGroup(of: (Int, PixelBlock).self) { group in
            for unit in units {
                let rect = try TileGeometry(unit).rect
                group.addTask { [sources] in
                    (unit.index, try await sources.image(source, rows: rect.maxY).block(rect))
                }
            }
            await wait { sources.waiterCount(of: source) == units.count }
            #expect(sources.decodeCount == 1)
            // The other process dies: those who wait decode for themselves, once.
            other.end()
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for unit in units {
            #expect(images[unit.index]?.bytes == block.cropped(try TileGeometry(unit).rect).bytes)
        }
    }

    @Test func tilesAreCutWhileAnotherProcessDecodes() async throws {
        let block = PixelBlock.noise(PixelShape(40, 30), seed: 5)
        let source = try workshop.put(block)
        let other = try takeOver(source)
        let path = workshop.content.temporaryFile()
        let writer = try TIFFWriter(path: path, shape: block.shape)
        let name = String(path.dropFirst(workshop.content.folder.count + "/tmp/".count))
        func write(_ rows: Range<Int>) throws {
            let rect = PixelRect(x: 0, y: rows.lowerBound, width: 40, height: rows.count)
            try writer.write(block.cropped(rect), x: 0, y: rows.lowerBound)
            other.tell(DecodeProgress(rows: rows.upperBound, file: name).text)
        }
        let top = PixelRect(x: 3, y: 2, width: 9, height: 8)
        let bottom = PixelRect(x: 3, y: 20, width: 9, height: 10)
        try write(0..<10)
        #expect(try await sources.image(source, rows: 10).block(top).bytes == block.cropped(top).bytes)
        let sources = workshop.sources
        async let late = sources.image(source, rows: 30).block(bottom)
        await wait { sources.waiterCount(of: source) == 1 }
        try write(10..<30)
        #expect(try await late.bytes == block.cropped(bottom).bytes)
        let made = try workshop.content.put(fileAt: path, moving: true).hash
        try workshop.content.note(made, derivedFrom: source.hash, by: SourceDecode.recipe)
        other.end()
        #expect(try await sources.file(source) == ContentReference(hash: made, name: "block.tif"))
    }

    @Test func tornProgressIsNoProgress() {
        let name = String(repeating: "a", count: 32)
        #expect(DecodeProgress(DecodeProgress(rows: 7, file: name).text) == DecodeProgress(rows: 7, file: name))
        for text in ["", "0000000007", "0000000007 0000000008 \(name)", "x x \(name)", "1 1 short", "-1 -1 \(name)"] {
            #expect(DecodeProgress(text) == nil)
        }
        // A file outside of the temporary folder is never opened.
        #expect(workshop.content.temporaryFile(named: "../../../../../../../../etc/passwd") == nil)
    }

    @Test func aDecodeEndsWhenNobodyWaitsAndNoJobIsHeld() async throws {
        let source = try workshop.put(.noise(PixelShape(8, 8), seed: 1))
        let other = try takeOver(source)
        defer { other.end() }
        sources.hold("j")
        for isHeld in [true, false] {
            let waiting = Task { [sources] in try await sources.image(source, rows: 8) }
            await wait { sources.waiterCount(of: source) == 1 }
            waiting.cancel()
            let failure = try await imageFailure { _ = try await waiting.value }
            #expect(failure.cause == .cancelled)
            #expect(sources.decodeCount == 1 || !isHeld)
            if isHeld { sources.release("j") }
            await wait { sources.decodeCount == 0 }
        }
        try sources.begin(source)
        #expect(sources.decodeCount == 0)
        sources.hold("j")
        try sources.begin(source)
        #expect(sources.decodeCount == 1)
        await sources.shutdown()
        #expect(sources.decodeCount == 0)
    }

    @Test func whoComesCancelledDoesNotWait() async throws {
        let source = try workshop.put(.noise(PixelShape(8, 8), seed: 1))
        let other = try takeOver(source)
        defer { other.end() }
        let failure = try await imageFailure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.cancelAll()
                group.addTask { [sources] in _ = try await sources.image(source, rows: 8) }
                try await group.waitForAll()
            }
        }
        #expect(failure.cause == .cancelled && sources.waiterCount(of: source) == 0)
    }

    @Test func whatWasMadeIsFoundAgainAndMadeAgain() async throws {
        let block = PixelBlock.noise(PixelShape(33, 21), seed: 8)
        let source = try workshop.put(block)
        let made = try await sources.file(source)
        #expect(made.hash != source.hash && made.name == "block.tif")
        #expect(workshop.content.derived(from: source.hash, by: SourceDecode.recipe) == made.hash)
        // Taken by a collection of garbage: those who have it open go on, others make it anew.
        try workshop.content.remove(made.hash)
        try workshop.content.removeStaleNotes()
        #expect(workshop.content.derived(from: source.hash, by: SourceDecode.recipe) == nil)
        let rect = PixelRect(x: 2, y: 3, width: 4, height: 5)
        #expect(try await sources.image(source, rows: 8).block(rect).bytes == block.cropped(rect).bytes)
        #expect(try await sources.file(source) == made)
        #expect(try await TileSources(content: workshop.content).file(source) == made)
        // And so is what was damaged.
        let path = workshop.content.path(of: made.hash)
        chmod(path, 0o600)
        try Data([1, 2, 3]).write(to: URL(filePath: path))
        #expect(try await TileSources(content: workshop.content).file(source) == made)
        #expect(try workshop.content.verify(made.hash))
    }

    @Test func aFailureIsForgotten() async throws {
        let bytes = try workshop.content.read(
            try workshop.put(.noise(PixelShape(60, 60), seed: 2)).hash, limit: 1 << 20)
        let source = try workshop.put(bytes, as: "page.png")
        let path = workshop.content.path(of: source.hash)
        chmod(path, 0o600)
        try Data(bytes.prefix(bytes.count / 2)).write(to: URL(filePath: path))
        let remembering = TileSources(content: workshop.content, failureMemory: .seconds(86_400))
        for sources in [sources, remembering] {
            let failure = try await imageFailure { _ = try await sources.image(source, rows: 60) }
            #expect(failure.cause == .app && failure.message.hasPrefix("page.png"))
        }
        try Data(bytes).write(to: URL(filePath: path))
        #expect(try await sources.image(source, rows: 60).shape.height == 60)
        // For a while it is not tried again, nor is what was decoded since looked for.
        let failure = try await imageFailure { _ = try await remembering.image(source, rows: 60) }
        #expect(failure.cause == .app)
        remembering.hold("j")
        remembering.release("j")
        #expect(try await remembering.image(source, rows: 60).shape.height == 60)
    }

    @Test func aSourceThatIsGoneIsNamed() async throws {
        let source = try workshop.put(.noise(PixelShape(8, 8), seed: 1))
        try workshop.content.remove(source.hash)
        let failure = try await imageFailure { _ = try await sources.image(source, rows: 8) }
        #expect(failure.cause == .infra && failure.message.contains("block.png"))
    }

    /// Unit lists of earlier versions name the converted image.
    @Test func unitsMayNameWhatWasMade() async throws {
        let block = PixelBlock.noise(PixelShape(20, 20), seed: 6)
        let source = try workshop.put(block)
        let made = try await sources.file(source)
        var unit = try #require(try workshop.split(source, .tiles(8)).last)
        unit.tile?.source = made.text
        #expect(try await workshop.cutDecoded(unit).bytes == block.cropped(try TileGeometry(unit).rect).bytes)
    }
}
