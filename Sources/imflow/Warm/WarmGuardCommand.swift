import ArgumentParser
import ImflowContent

/// The imflow in the background that ends models which stay warm; runs start it.
struct WarmGuardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warm-guard", abstract: "End models that nobody wanted in time; runs start it.", shouldDisplay: false)

    @Option(help: "The state folder.")
    var state: String

    func run() async throws { await WarmGuard(folder: StateFolder(root: absolutePath(state))).serve() }
}
