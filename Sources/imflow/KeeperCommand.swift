import ArgumentParser
import ImflowProcess

/// The parent of an engine's processes; each engine that runs models as processes starts one.
struct KeeperCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keeper", abstract: "Keep the model processes of an engine; started by it alone.",
        shouldDisplay: false)

    @Option(help: "The state folder.")
    var state: String

    func run() async throws {
        guard await Keeper.serve(stateRoot: state) else {
            throw CommandFailure(.usage, "imflow starts its keepers by itself: there is nothing to do by hand")
        }
    }
}
