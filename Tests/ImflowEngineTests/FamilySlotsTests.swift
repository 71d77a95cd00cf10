import ImflowEngine
import ImflowStore
import Synchronization
import Testing

@Suite("Family slots")
struct FamilySlotsTests {
    /// A job of the family, and what it was told.
    private final class Seat: Sendable {
        let claim: any SlotClaim
        private let told: Told

        private final class Told: Sendable {
            let wakes = Mutex(0)
            let arrivals = Mutex(0)
        }

        init(_ family: FamilySlots, _ name: String, depth: Int, priority: Int = 0) {
            let told = Told()
            self.told = told
            let pool = family.seat(FamilySlots.Rank(depth: depth, priority: priority)) { told.arrivals.withLock { $0 += 1 } }
            claim = pool.join(job: name, priority: 0) { told.wakes.withLock { $0 += 1 } }
        }

        var wakes: Int { told.wakes.withLock { $0 } }
        var arrivals: Int { told.arrivals.withLock { $0 } }
        func asks(_ using: Int, _ wanting: Int) -> Int { claim.adjust(using: using, wanting: wanting) }
    }

    private let folder: TemporaryFolder
    private let file: SlotFile

    init() throws {
        folder = try TemporaryFolder()
        file = try SlotFile(folder: EngineFolder(path: folder.path + "/engines"))
    }

    private func family(slots: Int, limit: Int = 8) throws -> FamilySlots {
        file.setSlots(slots)
        return FamilySlots(machine: try MachineSlots(folder: EngineFolder(path: folder.path + "/engines")), limit: limit)
    }

    @Test("one that comes back goes first, then the deepest, then by priority, then the first")
    func order() throws {
        let family = try family(slots: 1)
        let root = Seat(family, "root", depth: 0)
        #expect(root.asks(0, 1) == 1)
        let (low, high) = (Seat(family, "low", depth: 1), Seat(family, "high", depth: 1, priority: 5))
        let (deep, last) = (Seat(family, "deep", depth: 2, priority: -9), Seat(family, "last", depth: 1))
        let children = [low, high, deep, last]
        for child in children {
            #expect(child.asks(0, 1) == 0)
            #expect(child.asks(0, 1) == 0)
            #expect(child.arrivals == 1)
        }
        // It lends its only slot.
        #expect(root.asks(0, 0) == 0)
        #expect(children.map(\.wakes) == [0, 0, 1, 0])
        #expect(deep.asks(0, 1) == 1)
        family.comesBack(true, job: "root")
        #expect(root.asks(0, 1) == 0)
        deep.claim.leave()
        #expect(root.wakes == 1)
        #expect(high.asks(0, 1) == 0)
        #expect(root.asks(0, 1) == 1)
        family.comesBack(false, job: "root")
        #expect(root.asks(0, 0) == 0)
        for next in [high, low, last] {
            #expect(next.wakes == 1)
            #expect(next.asks(0, 1) == 1)
            next.claim.leave()
        }
        root.claim.leave()
        #expect(file.engines().isEmpty)
    }

    @Test("a slot that one was told of is not told to another before the first has given it back")
    func promises() throws {
        let family = try family(slots: 2)
        let (one, other) = (Seat(family, "one", depth: 0), Seat(family, "other", depth: 3))
        #expect(one.asks(0, 2) == 2)
        #expect(other.asks(0, 2) == 0)
        #expect(one.asks(1, 1) == 1)
        #expect(other.wakes == 1)
        #expect(other.asks(0, 2) == 1)
        #expect(file.engines().map(\.record.held) == [2])
    }

    @Test("a family runs no more at once than its limit, and to other engines it is one job")
    func limit() throws {
        let family = try family(slots: 4, limit: 2)
        let seats = (0..<3).map { Seat(family, "j\($0)", depth: $0) }
        #expect(seats.map { $0.asks(0, 3) } == [2, 0, 0])
        #expect(file.engines().map(\.record.held) == [2])
        #expect(file.engines().map(\.record.job) == ["j0"])
        seats[0].claim.leave()
        #expect(seats[2].asks(0, 3) == 2)
        for seat in seats.dropFirst() { seat.claim.leave() }
        #expect(file.engines().isEmpty)
    }
}
