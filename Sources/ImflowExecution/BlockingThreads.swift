import Dispatch
import Glibc
import Synchronization

/// Threads for work that waits for the disk or for a program, or computes for long, so that the threads all other tasks
/// share stay free. Tasks that prefer them may block: another thread is started when none is idle, up to a limit; what
/// comes then waits its turn.
package final class BlockingThreads: TaskExecutor {
    package static let shared = BlockingThreads(limit: 1024)

    private struct State {
        var waiting = JobQueue()
        var threads = 0
        /// Threads that wait for a job, or are about to take one that waits.
        var idle = 0
    }

    private let limit: Int
    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    /// - Parameter limit: most threads.
    package init(limit: Int) { self.limit = limit }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let grows = state.withLock { state in
            state.waiting.append(job)
            guard state.idle < state.waiting.count, state.threads < limit else { return false }
            state.threads += 1
            state.idle += 1
            return true
        }
        if grows { startThread() }
        signal.signal()
    }

    private func startThread() {
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<BlockingThreads>.fromOpaque(context).takeUnretainedValue().serve()
            }, Unmanaged.passRetained(self).toOpaque())
        if code == 0 {
            pthread_detach(thread)
            return
        }
        let left = state.withLock { state in
            state.threads -= 1
            state.idle -= 1
            return state.threads
        }
        precondition(left > 0, "no thread can be started: \(String(cString: strerror(code))); raise ulimit -u")
    }

    private func serve() -> Never {
        let executor = asUnownedTaskExecutor()
        while true {
            signal.wait()
            let job = state.withLock { state in
                state.idle -= 1
                return state.waiting.removeFirst()
            }
            job?.runSynchronously(on: executor)
            state.withLock { $0.idle += 1 }
        }
    }
}

/// First in, first out.
private struct JobQueue {
    private var jobs: [UnownedJob] = []
    private var head = 0

    var count: Int { jobs.count - head }

    mutating func append(_ job: UnownedJob) { jobs.append(job) }

    mutating func removeFirst() -> UnownedJob? {
        guard head < jobs.count else { return nil }
        let job = jobs[head]
        head += 1
        if head * 2 >= jobs.count {
            jobs.removeSubrange(..<head)
            head = 0
        }
        return job
    }
}
