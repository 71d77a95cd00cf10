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
    /// What would be pulled is only asked for at its registry.
    let isForeseen: Bool
    let credentials: RegistryCredentials
    private let listener: Mutex<(@Sendable (String) -> Void)?>

    /// - Parameters:
    ///   - isForeseen: nothing is pulled; the listener is told of what would be.
    ///   - variable: the environment, which says where Docker's configuration is.
    ///   - listener: is told of a pull, a line each time.
    package init(
        _ policy: PullPolicy, isForeseen: Bool = false,
        variable: @escaping (String) -> String? = ModelEnvironment.ownVariable,
        listener: (@Sendable (String) -> Void)? = nil
    ) {
        self.policy = policy
        self.isForeseen = isForeseen
        credentials = RegistryCredentials(configuration: DockerConfiguration(variable: variable))
        self.listener = Mutex(listener)
    }

    /// Who is told from now on; nil: nobody.
    package func report(to listener: (@Sendable (String) -> Void)?) { self.listener.withLock { $0 = listener } }

    func tell(_ line: String) { listener.withLock { $0 }?(line) }
}
