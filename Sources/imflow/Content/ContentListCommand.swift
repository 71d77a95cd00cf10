import ArgumentParser
import Glibc
import ImflowContent
import ImflowExecution
import ImflowJSON

struct ContentListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List what is stored: hash, bytes, and when it was stored or wanted last.")

    @Argument(help: "Only what this job refers to: its id, the beginning of it, or @latest.")
    var job: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    func run() async throws {
        let content = try state.openContent()
        var items = try content.all()
        if let job {
            let state = try state.open()
            let wanted = try await state.references(of: state.job(job))
            items = items.filter { wanted.contains($0.hash) }
        }
        switch output.output {
        case .json:
            Console.print([
                "schema": "imflow.cas/v1", "state": .string(state.folder.root),
                "bytes": .int(items.reduce(0) { $0 + $1.size }),
                "contents": .array(
                    items.map {
                        [
                            "hash": .string($0.hash.description), "size": .int($0.size),
                            "modified": .string(WallClock.text($0.modified)), "path": .string(content.path(of: $0.hash)),
                        ]
                    }),
            ])
        case .text:
            let lines = items.map { "\($0.hash) \(String($0.size).padding(to: 12)) \(WallClock.text($0.modified))\n" }
            Console.write(lines.joined(), to: STDOUT_FILENO)
        }
    }
}

struct ContentShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Write a stored content to standard output, byte for byte.",
        discussion: "Its bytes are hashed first: damaged content is not written.")

    @Argument(help: "The content's hash.")
    var hash: String
    @OptionGroup var state: StateOptions

    func run() async throws {
        let content = try state.openContent()
        try ResultWriter(content: content).printBytes(of: ContentName.find(hash, in: content))
    }
}
