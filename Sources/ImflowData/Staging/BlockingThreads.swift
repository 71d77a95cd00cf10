import Dispatch

/// Threads for work that waits for the disk or computes for long, so that the threads all other tasks share stay free.
final class BlockingThreads: TaskExecutor {
    static let shared = BlockingThreads()

    private let queue = DispatchQueue(label: "imflow.data", attributes: .concurrent)

    private init() {}

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        queue.async { job.runSynchronously(on: executor) }
    }
}
