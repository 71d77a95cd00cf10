import CSpawnShim
import Glibc
import ImflowExecution
import Synchronization

/// A pipe that a program writes to and we read from.
final class OutputPipe: Sendable {
    let reading: Int32
    /// Open until ``releaseProgramEnd()``.
    let programEnd: Int32
    private let isReleased = Mutex(false)

    init() throws(Failure) { (reading, programEnd) = try Self.ends() }

    deinit {
        releaseProgramEnd()
        close(reading)
    }

    /// Once the program runs, or will not: the end is its own, so that its closing is seen.
    func releaseProgramEnd() {
        isReleased.withLock { isReleased in
            if !isReleased { close(programEnd) }
            isReleased = true
        }
    }

    /// A fresh pipe, of which started programs get nothing by themselves.
    static func ends() throws(Failure) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        let code = imflow_pipe(&ends)
        guard code == 0 else {
            let reason = String(cString: strerror(code)).lowercased()
            throw Failure(.infra, "no pipe can be made: \(reason); raise the limit of open files (ulimit -n)")
        }
        return (ends[0], ends[1])
    }
}
