import Foundation
import ImflowEngine
import ImflowStore
import Testing

/// An engine as the others see it: with an open file of its own, whose locks are as apart from ours as another process's.
private final class Engine: Sendable {
    let slots: MachineSlots
    let claim: any SlotClaim
    private let woken: AsyncStream<Void>

    init(_ path: String, job: String = "j", limit: Int? = nil, priority: Int = 0) throws {
        slots = try MachineSlots(folder: EngineFolder(path: path), limit: limit)
        let (stream, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        woken = stream
        claim = slots.join(job: job, priority: priority) { wake.yield() }
    }

    /// Asks until the answer is `count`, each time it is woken.
    func waits(for count: Int, using: Int = 0, wanting: Int) async {
        if claim.adjust(using: using, wanting: wanting) == count { return }
        for await _ in woken where claim.adjust(using: using, wanting: wanting) == count { return }
    }
}

@Suite("Machine slots")
struct MachineSlotsTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/engines" }

    init() throws { folder = try TemporaryFolder() }

    private func file(slots: Int) throws -> SlotFile {
        let file = try SlotFile(folder: EngineFolder(path: path))
        file.setSlots(slots)
        return file
    }

    @Test("a lone engine has them all, and what it does not want is free")
    func alone() throws {
        let file = try file(slots: 4)
        let engine = try Engine(path)
        #expect(engine.claim.adjust(using: 0, wanting: 9) == 4)
        #expect(engine.claim.adjust(using: 4, wanting: 200) == 4)
        #expect(file.engines().map(\.record.held) == [4])
        #expect(engine.claim.adjust(using: 1, wanting: 1) == 1)
        #expect(file.engines().map(\.record.wanted) == [1])
        engine.claim.leave()
        #expect(file.engines().isEmpty)
    }

    @Test("a second engine has its share as soon as attempts of the first have ended, and is woken then")
    func sharing() async throws {
        _ = try file(slots: 4)
        let first = try Engine(path)
        let second = try Engine(path)
        #expect(first.claim.adjust(using: 0, wanting: 9) == 4)
        // Nothing that runs is taken away.
        #expect(first.claim.adjust(using: 4, wanting: 9) == 4)
        #expect(second.claim.adjust(using: 0, wanting: 9) == 0)
        #expect(first.claim.adjust(using: 4, wanting: 9) <= 4)
        #expect(second.claim.adjust(using: 0, wanting: 9) == 0)
        #expect(first.claim.adjust(using: 2, wanting: 9) == 2)
        await second.waits(for: 2, wanting: 9)
        #expect(first.claim.adjust(using: 2, wanting: 9) == 2)
        second.claim.leave()
        await first.waits(for: 4, using: 2, wanting: 9)
    }

    @Test("an engine that is gone without a word frees its slots, and who waits is woken")
    func death() async throws {
        let file = try file(slots: 2)
        var first: Engine? = try Engine(path)
        #expect(first?.claim.adjust(using: 0, wanting: 2) == 2)
        let second = try Engine(path)
        #expect(second.claim.adjust(using: 0, wanting: 2) == 0)
        // Its descriptor is closed, as the kernel closes that of a killed process; its line stays.
        first = nil
        await second.waits(for: 2, wanting: 2)
        #expect(file.engines().count == 1)
    }

    @Test("the larger priority has what it wants; the rest is for the others")
    func priority() async throws {
        _ = try file(slots: 4)
        let low = try Engine(path)
        let high = try Engine(path, priority: 5)
        #expect(low.claim.adjust(using: 0, wanting: 4) == 4)
        #expect(high.claim.adjust(using: 0, wanting: 3) == 0)
        #expect(low.claim.adjust(using: 0, wanting: 4) == 1)
        await high.waits(for: 3, wanting: 3)
        #expect(low.claim.adjust(using: 1, wanting: 4) == 1)
    }

    @Test("one slot and three engines: each has it in turn")
    func turns() async throws {
        _ = try file(slots: 1)
        let engines = try (0..<3).map { try Engine(path, job: "j\($0)") }
        let served = await withTaskGroup(of: Void.self) { group in
            for engine in engines {
                group.addTask {
                    for _ in 0..<4 {
                        await engine.waits(for: 1, wanting: 1)
                        _ = engine.claim.adjust(using: 1, wanting: 1)
                        // The attempt ends, and this engine steps back for another turn.
                        _ = engine.claim.adjust(using: 0, wanting: 0)
                    }
                }
            }
            var count = 0
            for await _ in group { count += 1 }
            return count
        }
        #expect(served == 3)
    }

    @Test("unless somebody sets it, there are as many slots as processors, or as an engine was told to run at once")
    func defaults() throws {
        let file = try SlotFile(folder: EngineFolder(path: path))
        #expect(file.slots == nil)
        let processors = file.slotCount([])
        #expect(processors >= 1)
        let wide = try Engine(path, limit: processors + 7)
        #expect(wide.claim.adjust(using: 0, wanting: 1000) == processors + 7)
        file.setSlots(3)
        #expect(file.slots == 3)
        file.setSlots(nil)
        #expect(file.slots == nil)
    }

    @Test("when there are fewer slots than before, an engine gives back as its attempts end")
    func shrinking() throws {
        let file = try file(slots: 4)
        let engine = try Engine(path)
        #expect(engine.claim.adjust(using: 4, wanting: 9) == 4)
        file.setSlots(2)
        let other = try Engine(path)
        #expect(other.claim.adjust(using: 0, wanting: 1) == 0)
        #expect(engine.claim.adjust(using: 3, wanting: 9) == 3)
        #expect(engine.claim.adjust(using: 1, wanting: 9) == 1)
        #expect(other.claim.adjust(using: 0, wanting: 1) == 1)
    }

    @Test("jobs of one engine divide its slots; one that lends its slot leaves it to another, and gets it back after it")
    func family() async throws {
        _ = try file(slots: 2)
        let parent = try Engine(path)
        let (woken, wake) = AsyncStream.makeStream(of: Void.self)
        let child = parent.slots.join(job: "child", priority: 0) { wake.yield() }
        #expect(parent.claim.adjust(using: 0, wanting: 2) == 2)
        #expect(parent.claim.adjust(using: 2, wanting: 2) == 2)
        #expect(child.adjust(using: 0, wanting: 1) == 0)
        // An attempt of the parent waits for the child.
        #expect(parent.claim.adjust(using: 1, wanting: 1) == 1)
        for await _ in woken where child.adjust(using: 0, wanting: 1) == 1 { break }
        #expect(child.adjust(using: 1, wanting: 1) == 1)
        #expect(parent.claim.adjust(using: 1, wanting: 2) == 1)
        child.leave()
        await parent.waits(for: 2, using: 1, wanting: 2)
    }

    @Test("lines that are no engine's, and engines' that are dead, are nobody")
    func garbage() throws {
        let file = try file(slots: 2)
        let lines = ["\u{0}\u{1}\u{2}", "1 99999 1 0 0 0 j", "1 x", "12 2 2 0 0 5 dead", String(repeating: "9", count: 900)]
        let padded = lines.map { $0.padding(toLength: 160, withPad: " ", startingAt: 0) }.joined()
        let text = "imflow-slots/v1 many".padding(toLength: 160, withPad: " ", startingAt: 0) + padded
        try Data(text.utf8).write(to: URL(filePath: path + "/slots"))
        #expect(file.slots == nil)
        #expect(file.engines().isEmpty)
        #expect(try Engine(path, limit: 64).claim.adjust(using: 0, wanting: 64) == 64)
    }

    @Test("who waits for changes hears of each ring, even when nobody else keeps the folder")
    func ring() async {
        let stream = EngineFolder(path: path).changes()
        let other = EngineFolder(path: path)
        var heard = 0
        for await _ in stream {
            heard += 1
            if heard == 3 { break }
            other.ring()
        }
        #expect(heard == 3)
    }
}
