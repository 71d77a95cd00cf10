import Dispatch
import ImflowExecution
import Synchronization
import Testing

@Suite struct BlockingThreadsTests {
    private final class Shared<Value: Sendable>: Sendable {
        let value: Mutex<Value>

        init(_ value: Value) { self.value = Mutex(value) }
    }

    /// Each blocks its thread until all have come: with fewer threads than tasks none would end.
    @Test func tasksThatBlockEachOtherAllRun() async {
        let threads = BlockingThreads(limit: 16)
        let count = 16
        let arrived = Shared(0)
        let gate = DispatchSemaphore(value: 0)
        let passed = await withTaskGroup(of: Void.self, returning: Int.self) { group in
            for _ in 0..<count {
                group.addTask(executorPreference: threads) {
                    let isLast = arrived.value.withLock { arrived in
                        arrived += 1
                        return arrived == count
                    }
                    if isLast { for _ in 1..<count { gate.signal() } } else { Self.wait(gate) }
                }
            }
            return await group.reduce(into: 0) { passed, _ in passed += 1 }
        }
        #expect(passed == count)
    }

    @Test func beyondTheLimitTasksWaitInTheOrderInWhichTheyCame() async {
        let threads = BlockingThreads(limit: 1)
        let order = Shared<[Int]>([])
        let gate = DispatchSemaphore(value: 0)
        let first = Task(executorPreference: threads) { Self.wait(gate) }
        let others = (0..<200).map { number in
            Task(executorPreference: threads) { order.value.withLock { $0.append(number) } }
        }
        gate.signal()
        await first.value
        for other in others { await other.value }
        #expect(order.value.withLock { $0 } == Array(0..<200))
    }

    /// What may not be called in asynchronous code by itself: this is what these threads are for.
    private static func wait(_ gate: DispatchSemaphore) { gate.wait() }
}
