import ImflowInvocation
import Synchronization

/// When an image is got from its registry.
package enum PullPolicy: String, Sendable, Codable, CaseIterable {
    /// When the engine does not have it.
    case missing
    /// Also when the engine has it, once before it is first used.
    case always
    case never
}

/// How engines come by images.
package final class ImageSupply: Sendable {
    package let policy: PullPolicy
    let credentials: RegistryCredentials
    private let listener: Mutex<(@Sendable (String) -> Void)?>

    /// - Parameters:
    ///   - variable: the environment, which says where Docker's configuration is.
    ///   - listener: is told of a pull, a line each time.
    package init(
        _ policy: PullPolicy, variable: @escaping (String) -> String? = ModelEnvironment.ownVariable,
        listener: (@Sendable (String) -> Void)? = nil
    ) {
        self.policy = policy
        credentials = RegistryCredentials(configuration: DockerConfiguration(variable: variable))
        self.listener = Mutex(listener)
    }

    /// Who is told from now on; nil: nobody.
    package func report(to listener: (@Sendable (String) -> Void)?) { self.listener.withLock { $0 = listener } }

    func tell(_ line: String) { listener.withLock { $0 }?(line) }
}
