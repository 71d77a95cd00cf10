import FoundationEssentials
import Glibc
import ImflowStore

enum Descriptors {
    /// Every running process costs a few file descriptors; the soft limit is often 1024 where the hard one is far higher.
    static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

extension Launched {
    static func read(_ row: JobRow) throws -> Launched {
        do {
            return try JSONDecoder().decode(Launched.self, from: Data(row.launch.utf8))
        } catch {
            throw CommandFailure(.infrastructure, "how job \(row.id) was launched cannot be read: \(error)")
        }
    }
}
