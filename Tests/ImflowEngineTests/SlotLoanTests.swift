import ImflowExecution
import ImflowPlan
import Testing

@testable import ImflowEngine

@Suite("Slots that are lent")
struct SlotLoanTests {
    /// A job whose stages do not wait for one another.
    private func loop(stages: Int, slots: Int) -> JobLoop {
        let plan = plan((0..<stages).map { stage("s\($0)") }, outputs: Array(0..<stages))
        var machine = JobMachine(job: "j", plan: plan)
        machine.apply(.submitted(at: 0, input: payload("{}")))
        return JobLoop(machine: machine, slots: slots)
    }

    @Test("another attempt runs on a lent slot, and the lender goes on only when there is one again")
    func reclaimed() {
        var loop = loop(stages: 2, slots: 1)
        _ = loop.open([.resumed(at: 0)], now: 0)
        #expect(loop.turn([], now: 0) { "one" }.effects.orders.map(\.token) == ["one"])
        let second = loop.turn([.command(.lendSlot(token: "one"))], now: 0) { "two" }.effects.orders
        #expect(second.map(\.token) == ["two"])
        #expect(loop.turn([.command(.reclaimSlot(token: "one"))], now: 0) { "-" }.effects.reclaimed.isEmpty)
        let report = AttemptReport(
            order: second[0], outcome: obedient()(second[0]), inputHash: nil, startedAt: 0, finishedAt: 0,
            latencyMilliseconds: 0, node: "n")
        #expect(loop.turn([.report(report)], now: 0) { "-" }.effects.reclaimed == ["one"])
    }

    @Test("when too many attempts have lent their slots nothing new starts, and nothing is wanted for it")
    func most() {
        var loop = loop(stages: JobLoop.mostLent + 8, slots: 2)
        _ = loop.open([.resumed(at: 0)], now: 0)
        var (number, started, wanted) = (0, 0, 0)
        var news: [JobLoop.News] = []
        for _ in 0..<JobLoop.mostLent + 8 {
            let effects = loop.turn(news, now: 0) { using, wanting in
                wanted = wanting - using
                return wanting
            } token: {
                number += 1
                return "t\(number)"
            }.effects
            started += effects.orders.count
            news = effects.orders.map { .command(.lendSlot(token: $0.token)) }
        }
        #expect(started == JobLoop.mostLent + 2)
        #expect(wanted == 0)
        #expect(loop.turn([.command(.reclaimSlot(token: "t1"))], now: 0) { "-" }.effects.reclaimed == ["t1"])
    }
}
