@testable import ImflowProcess
import Testing

@Suite struct LoopbackPortsTests {
    /// Two engines that start a model at one moment: to both, the manifest's port looks free.
    @Test func twoEnginesNeverGiveOnePort() throws {
        let declared = Int.random(in: 20000..<30000)
        let (one, other) = (LoopbackPorts(), LoopbackPorts())
        let first = try one.take(preferring: declared)
        let second = try other.take(preferring: declared)
        #expect(first != second)
        one.giveBack(first)
        let third = try other.take(preferring: first)
        #expect(third == first)
        for port in [second, third] { other.giveBack(port) }
    }

    @Test func aPortThatIsGivenBackIsGivenAgain() throws {
        let ports = LoopbackPorts()
        let declared = Int.random(in: 20000..<30000)
        let first = try ports.take(preferring: declared)
        ports.giveBack(first)
        #expect(try ports.take(preferring: declared) == first)
        ports.giveBack(first)
    }
}
