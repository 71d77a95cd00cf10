import ImflowEngine
import ImflowExecution
import ImflowPlan
import Testing

@Suite("What a resume needs of lost outputs")
struct LostOutputsTests {
    private func lost(_ machine: JobMachine, _ damaged: [String]) -> [Int] {
        LostOutputs(machine) { !damaged.contains($0.inline ?? "") }.tasks
    }

    @Test("what a failed stage is to read again is looked at")
    func sourceOfFailed() {
        var world = SimulatedWorld(plan([stage("a"), stage("b", needs: [0])]))
        world.run { $0.task == "b" ? .failed(Failure(.app, "no")) : obedient()($0) }
        #expect(lost(world.machine, ["\"a\""]) == [0])
        #expect(lost(world.machine, []) == [])
    }

    @Test("a lost result is made again of inputs that may be lost, too")
    func lostBehindLost() {
        var world = SimulatedWorld(plan([stage("a"), stage("b", needs: [0]), stage("c", needs: [1])]))
        world.run(obedient())
        #expect(lost(world.machine, ["\"a\"", "\"b\""]) == [])
        #expect(lost(world.machine, ["\"c\""]) == [2])
        #expect(lost(world.machine, ["\"b\"", "\"c\""]) == [1, 2])
        #expect(lost(world.machine, ["\"a\"", "\"b\"", "\"c\""]) == [0, 1, 2])
    }

    @Test("a job that is cancelled while nobody drives it keeps no attempt")
    func cancellation() {
        var world = SimulatedWorld(plan([stage("a"), stage("b", needs: [0])]))
        world.step()
        #expect(world.machine.summary.stages[0].running == 1)
        for fact in JobLoop.cancellation(of: world.machine, now: 5) { world.apply(fact) }
        #expect(world.machine.status == .cancelled)
        #expect(world.machine.liveTokens.isEmpty)
        #expect(world.machine.summary.stages[0].running == 0)
    }
}
