import FoundationEssentials
import ImflowData
import ImflowPlan

extension FetchAccess {
    /// What this process's environment and the command line allow.
    /// - Throws: ``CommandFailure`` for a variable that is none.
    static func ofProcess(allowing more: PrivateAddresses?) throws -> FetchAccess {
        let environment = ProcessInfo.processInfo.environment
        do throws(PrivateAddresses.Mistake) {
            let own = try PrivateAddresses(environment["IMFLOW_ALLOW_PRIVATE"] ?? "")
            return FetchAccess(allowed: own.union(more ?? PrivateAddresses()), environment: environment)
        } catch {
            throw CommandFailure(.usage, "IMFLOW_ALLOW_PRIVATE: \(error.text)")
        }
    }
}
