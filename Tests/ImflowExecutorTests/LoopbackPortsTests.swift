import Testing

@testable import ImflowProcess

/// Ports that are given to programs which do not listen yet.
struct LoopbackPortsTests {
    @Test func aPortIsKeptFromOtherEnginesUntilItIsGivenBack() throws {
        let (one, other) = (LoopbackPorts(), LoopbackPorts())
        let port = try one.take(preferring: 0)
        #expect(port > 0)
        let second = try other.take(preferring: port)
        #expect(second != port)
        one.giveBack(port)
        #expect(try other.take(preferring: port) == port)
        #expect(try one.take(preferring: second) != second)
    }

    @Test func anEngineThatIsGoneKeepsNothing() throws {
        let port: Int
        do { port = try LoopbackPorts().take(preferring: 0) }
        let later = LoopbackPorts()
        #expect(try later.take(preferring: port) == port)
        #expect(try later.take(preferring: 70_000) < 65_536)
        #expect(try later.take(preferring: -1) > 0)
    }
}
