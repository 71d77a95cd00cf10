import Glibc
package import ImflowExecution
package import ImflowInvocation
import ImflowPlan

extension DockerHost {
    package func adopt(_ launch: Launch, handle: String) async throws(Failure) -> any ModelInstance {
        let model = launch.model.name
        guard !handle.isEmpty, handle.utf8.allSatisfy({ isxdigit(Int32($0)) != 0 }),
            let found = try await containers.inspect(handle), !found.hasEnded,
            found.labels[ContainerIdentity.Label.state] == identity.state,
            found.labels[ContainerIdentity.Label.job] == launch.job,
            found.labels[ContainerIdentity.Label.token] == launch.token
        else { throw Failure(.lost, "the warm container of model \(model) has ended") }
        let network = identity.networkName(job: launch.job, outbound: launch.model.network == .outbound)
        guard let address = found.addresses[network] else {
            throw Failure(.lost, "the warm container of model \(model) is on no network that can be reached")
        }
        // The socket of its API is a new one.
        if let guestOwner { try give(launch, to: guestOwner) }
        images.note(found.image, of: launch.model)
        hold(found.id)
        let since = Self.lastChange(of: launch.logPath)
        return DockerInstance(
            host: self, container: found.id, launch: launch, baseURL: "http://\(address):\(launch.model.port)",
            log: try log(of: launch, collectsOutput: false), since: since)
    }

    /// In seconds since 1970; nil: there is no such file.
    private static func lastChange(of path: String) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        let digits = String(status.st_mtim.tv_nsec)
        return "\(status.st_mtim.tv_sec)." + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    }
}
