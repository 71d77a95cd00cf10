import ArgumentParser
import FoundationEssentials
import ImflowContent
import ImflowExecution
import ImflowJSON

struct ContentExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Copy what jobs worked on and made to where other machines can check it.",
        discussion: """
            A job's export has its input and output with the files that they name, its plan, and its receipts; manifest.json \
            says which file has which hash, and sha256sum -c SHA256SUMS checks them all. An archive is the same, byte for byte, \
            for the same state of the same jobs. Files in a folder may share the bytes of the content store, and are read-only \
            therefore: --copy gives them their own.
            """)

    @Argument(help: "Jobs (an id, its beginning, or @latest) and contents (a whole hash).")
    var names: [String]
    @Option(help: "The folder, which must not be there or be empty; or FILE.tar; or - for an archive on standard output.")
    var to: String
    @Flag(help: "Also what each task of the jobs made.")
    var all = false
    @Flag(help: "Give files in a folder bytes of their own.")
    var copy = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var state: StateOptions

    private var isArchive: Bool { to == "-" || to.hasSuffix(".tar") }

    func validate() throws {
        if to.isEmpty { throw ValidationError("--to takes a folder, FILE.tar or -") }
        if isArchive {
            if to != "-", let obstacle = ResultWriter.obstacle(absolutePath(to)) { throw ValidationError("--to \(to): \(obstacle)") }
        } else if let entries = try? FileManager.default.contentsOfDirectory(atPath: to), !entries.isEmpty {
            throw ValidationError("--to \(to): the folder is not empty; name a new one")
        } else if let obstacle = ResultWriter.obstacle(absolutePath(to) + ".tar") {
            throw ValidationError("--to \(to): \(obstacle)")
        }
    }

    func run() async throws {
        let content = try state.openContent()
        var tree = ExportTree(content: content)
        var seen: Set<String> = []
        for name in names {
            if let hash = ContentName.hash(name) {
                guard seen.insert(hash.hex).inserted else { continue }
                try tree.add(try ContentName.find(name, in: content))
            } else {
                let state = try self.state.open()
                let row = try await state.job(name)
                if seen.insert(row.id).inserted { try await tree.add(row, in: state, withResults: all) }
            }
        }
        let files = tree.sealed()
        let writer = ExportWriter(content: content, copies: copy)
        if isArchive {
            try writer.write(files, toArchive: to == "-" ? nil : absolutePath(to))
        } else {
            try writer.write(files, toFolder: absolutePath(to))
        }
        show(files)
    }

    private func show(_ files: [ExportTree.File]) {
        let bytes = files.reduce(0) { $0 + $1.size }
        let sentence = "exported \(files.count) files (\(bytes) bytes) to \(to)"
        if to == "-" { return Console.note(sentence) }
        switch output.output {
        case .json:
            Console.print([
                "schema": "imflow.cas-export/v1", "to": .string(absolutePath(to)), "files": .int(Int64(files.count)),
                "bytes": .int(bytes),
            ])
        case .text: Console.print(sentence)
        }
    }
}
